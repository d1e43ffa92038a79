"""The models, and what computes the encoder here."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from classifier import installed
from classifier.analyzer import Classifier
from classifier.doctor.check import Check
from classifier.encoder import EncoderScorer
from classifier.errors import ModelError, TenderlensError
from classifier.model import DEFAULT, SHIPPED_DEFAULT, Model

# Written for this probe, of usual length.
_PROBE = (
    "已有信息自动带入，无需重复填写。",
    "系统按月统计各科室人员的办件数量并自动排名，排名靠后的由部门负责人约谈。",
    "投标人须提供近三年内完成的同类项目业绩证明材料，并加盖公章。",
    "居民可在手机上查询办理进度，逾期未办结的由系统提醒经办部门。",
    "服务器配置不低于两路处理器、256GB内存，支持冗余电源与热插拔硬盘。",
    "中标人应在合同签订后三十日内完成设备的安装、调试和人员培训。",
)
_TURNS = 3
# Further from each other than this, two engines do not compute the same model.
_ALIKE = 0.05


def checks() -> Iterator[Check]:
    for name in dict.fromkeys((SHIPPED_DEFAULT, "lexical", _in_use())):
        yield _model(name)
    yield _engine()


def _in_use() -> str:
    """Name of the model in use, or what stands for it where that cannot be told."""
    try:
        return installed.active() or SHIPPED_DEFAULT
    except ModelError:
        return DEFAULT


def _model(name: str) -> Check:
    try:
        classifier = Classifier.load(name)
        answer = classifier.predict([_PROBE[0]]).orientations[0]
    except TenderlensError as error:
        return Check(f"模型 model {name}", False, str(error))
    return Check(
        f"模型 model {name}",
        True,
        f"版本 version {classifier.model.version}，校验和相符 checksums agree，"
        f"试句 probe: {answer.zh}",
    )


def _engine() -> Check:
    """Speed of the engine chosen here, and how far it is from the engine as shipped."""
    name = "编码器 encoder"
    try:
        model, shipped = Model.load(SHIPPED_DEFAULT), Model.load(SHIPPED_DEFAULT, engine="int8")
    except TenderlensError as error:
        return Check(name, False, str(error))
    encoder = model.scorers["encoder"]
    assert isinstance(encoder, EncoderScorer)
    apart = np.abs(
        model.predict(_PROBE).probabilities - shipped.predict(_PROBE).probabilities
    ).max()
    # Different endings, so that nothing is answered from memory.
    texts = [f"{text}（{turn}）" for turn in range(_TURNS) for text in _PROBE]
    started = time.perf_counter()
    encoder.logits(texts, [""] * len(texts))
    rate = len(texts) / (time.perf_counter() - started)
    detail = (
        f"{encoder.engine.name}（{encoder.engine.reason}）：{rate:.0f} 句/秒 sentences/s，"
        f"与随附形式概率最多相差 differs from the form shipped by at most {apart:.3f}"
    )
    return Check(name, bool(apart < _ALIKE), detail)
