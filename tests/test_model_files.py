"""Model folders: verified before use, clear errors, and open to transformers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, ModelError
from classifier.model import find


@pytest.fixture
def lexical_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find("lexical"), tmp_path / "lexical"))


def test_unknown_model_names_the_shipped_ones() -> None:
    with pytest.raises(ModelError, match=r"lexical.*standard"):
        Classifier.load("no-such-model")


def test_changed_file_is_refused(lexical_copy: Path) -> None:
    weights = lexical_copy / "lexical.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match=r"lexical\.npz.*checksum"):
        Classifier.load(lexical_copy)


def test_missing_file_is_named(lexical_copy: Path) -> None:
    (lexical_copy / "lexical.npz").unlink()
    with pytest.raises(ModelError, match=r"lexical\.npz"):
        Classifier.load(lexical_copy)


def test_copy_elsewhere_answers_the_same(lexical_copy: Path) -> None:
    texts = ["员工须每日打卡。", "自动生成报表，减少重复录入。"]
    one, two = Classifier.load("lexical"), Classifier.load(lexical_copy)
    assert np.array_equal(one.predict(texts).probabilities, two.predict(texts).probabilities)
    assert one.model.version == two.model.version


def test_exported_checkpoint_opens_in_transformers_and_agrees_with_int8(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the train extra")
    torch = pytest.importorskip("torch", reason="needs the train extra")
    from training.checkpoint import to_transformers

    to_transformers(find("standard"), tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        tmp_path, dtype=torch.float32
    ).eval()
    texts = [
        "闸机抓拍人脸并与重点人员库比对。",
        "读者可在手机上续借图书。",
        "设备功率不低于5千瓦。",
    ]
    contexts = ["安防要求 | 上一句。", "读者服务 | ", "技术参数 | "]
    inputs = tokenizer(texts, contexts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        full = torch.sigmoid(model(**inputs).logits).numpy()
    encoder = Classifier.load().model.scorers["encoder"]
    small = 1 / (1 + np.exp(-encoder.logits(texts, contexts)))
    assert np.abs(full - small).max() < 0.05


def test_model_without_encoder_is_not_exported(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    from training.checkpoint import to_transformers

    with pytest.raises(ModelError, match="no encoder"):
        to_transformers(find("lexical"), tmp_path)
