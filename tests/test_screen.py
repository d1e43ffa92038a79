"""The screen in front of the encoder: it spares work, loses next to nothing, and is named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from classifier import Classifier, ModelError
from classifier.model import Scorer

PLAIN = [
    "机柜采用厚度不低于1.5mm的冷轧钢板。",
    "投标文件正本一份，副本四份。",
    "交货地点由采购人指定。",
    "第三章 合同条款",
]
ORIENTED = [
    "保安员每日须在手机上人脸识别打卡三次，漏打一次扣款五十元。",
    "系统自动带入已有信息，申请人无需重复填写。",
]


class Counting:
    """Passes everything on and counts the sentences."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self.sentences = 0

    def logits(self, texts: Sequence[str], contexts: Sequence[str]) -> np.ndarray:
        self.sentences += len(texts)
        return self.scorer.logits(texts, contexts)


@pytest.fixture(scope="module")
def screened() -> Classifier:
    return Classifier.load(screened=True)


def test_plain_sentences_skip_the_encoder(screened: Classifier) -> None:
    counting = Counting(screened.model.scorers["encoder"])
    screened.model.scorers = {**screened.model.scorers, "encoder": counting}
    answers = screened.predict([*PLAIN, *ORIENTED])
    assert len(ORIENTED) <= counting.sentences < len(PLAIN) + len(ORIENTED)
    assert [o.value for o in answers.orientations] == ["neutral"] * 4 + ["control", "assistive"]


def test_sentences_that_pass_get_the_full_answer(screened: Classifier) -> None:
    full = Classifier.load().predict(ORIENTED).probabilities
    assert np.abs(screened.predict(ORIENTED).probabilities - full).max() < 1e-6


def test_nothing_passing_is_no_error(screened: Classifier) -> None:
    assert len(screened.predict([])) == 0
    assert [o.value for o in screened.predict(PLAIN[:1]).orientations] == ["neutral"]


def test_the_screen_shows_in_the_version(screened: Classifier) -> None:
    assert screened.model.version == f"{Classifier.load().model.version}+screen"


def test_a_model_without_encoder_has_no_screen() -> None:
    with pytest.raises(ModelError, match="no screen"):
        Classifier.load("lexical", screened=True)
