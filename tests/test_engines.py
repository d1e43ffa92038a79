"""Engines: the same answers from the same file, whichever computes, and a safe way back."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from classifier import ModelError, engines
from classifier.encoder import batches
from classifier.model import Model

# Written for this test: short and long, with and without what stands before.
SENTENCES = (
    ("员工须每日打卡，迟到三次以上的通报批评。", ("考勤管理", "")),
    ("读者可在手机上续借图书。", ("读者服务", "")),
    ("设备功率不低于5千瓦。", None),
    (
        "办事群众提交一次材料后，各部门从共享库中自取，不再要求重复提供，窗口人员也不必反复录入。",
        ("减负功能", "平台与部门系统对接。"),
    ),
    ("系统自动截取屏幕并按周汇总，供管理人员查看和排名。", ("终端管理", "上一句。")),
    ("完成。", None),
)
TEXTS = [text for text, _ in SENTENCES]
CONTEXTS = [context for _, context in SENTENCES]


@pytest.fixture(scope="module")
def as_shipped() -> np.ndarray:
    return Model.load("standard", 1, engine="int8").predict(TEXTS, CONTEXTS).probabilities


@pytest.mark.parametrize("name", ["int8", "float", "openvino"])
def test_engine_answers_alike_and_without_regard_to_batch_mates(name, as_shipped) -> None:
    if name == "openvino":
        pytest.importorskip("openvino", reason="needs the fast extra")
    model = Model.load("standard", 2, engine=name)
    together = model.predict(TEXTS, CONTEXTS)
    assert np.abs(together.probabilities - as_shipped).max() < 0.03
    for i, text in enumerate(TEXTS):
        alone = model.predict([text], [CONTEXTS[i]]).probabilities[0]
        assert np.abs(alone - together.probabilities[i]).max() < 1e-3


def test_repeated_sentences_get_the_same_answer_at_every_place() -> None:
    model = Model.load("standard", 1)
    order = [0, 1, 0, 0, 2, 1]
    found = model.predict([TEXTS[i] for i in order], [CONTEXTS[i] for i in order])
    once = model.predict(TEXTS[:3], CONTEXTS[:3])
    assert np.allclose(found.probabilities, once.probabilities[order], atol=1e-3)
    assert found.orientations == tuple(once.orientations[i] for i in order)


def test_same_sentence_in_another_place_is_computed_for_itself() -> None:
    model = Model.load("standard", 1)
    two = model.predict(["按月公布结果。"] * 2, [("员工考核排名", ""), ("水质监测", "")])
    assert not np.allclose(two.probabilities[0], two.probabilities[1], atol=1e-3)


def test_engine_can_be_named_in_the_environment(monkeypatch) -> None:
    monkeypatch.setenv(engines.OVERRIDE, "float")
    encoder = Model.load("standard", 1).scorers["encoder"]
    assert encoder.engine.name == "float"  # pyright: ignore[reportAttributeAccessIssue]


def test_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"'abacus'.*int8, float, openvino, cuda"):
        Model.load("standard", engine="abacus")


def test_engine_asked_for_that_does_not_work_is_an_error() -> None:
    if "CUDAExecutionProvider" in engines.ort.get_available_providers():
        pytest.skip("has CUDA")
    with pytest.raises(ModelError, match="CUDA"):
        Model.load("standard", engine="cuda")


def test_engine_that_fails_gives_way_to_the_next(monkeypatch, caplog) -> None:
    """A GPU that is there by name only: nothing but a line in the log tells of it."""
    monkeypatch.setattr(engines, "candidates", lambda: [("cuda", "made up"), ("int8", "the rest")])
    if "CUDAExecutionProvider" in engines.ort.get_available_providers():
        pytest.skip("has CUDA")
    with caplog.at_level(logging.WARNING):
        encoder = Model.load("standard", 1).scorers["encoder"]
    assert encoder.engine.name == "int8"  # pyright: ignore[reportAttributeAccessIssue]
    assert "cuda" in caplog.text


@pytest.mark.parametrize(
    ("flags", "openvino", "expected"),
    [
        ("avx avx2", False, ["float", "int8"]),
        ("avx avx2", True, ["openvino", "float", "int8"]),
        ("avx avx2 avx512f avx512_vnni amx_bf16", True, ["openvino", "int8"]),
        ("avx avx2 avx512f avx512_vnni amx_bf16", False, ["int8"]),
        ("avx avx2 avx512f avx512_vnni", True, ["int8"]),
        ("avx avx2 avx_vnni", True, ["int8"]),
        ("", True, ["int8"]),
    ],
)
def test_choice_follows_what_the_processor_can(monkeypatch, flags, openvino, expected) -> None:
    monkeypatch.setattr(engines, "cpu_flags", lambda: frozenset(flags.split()))
    monkeypatch.setattr(engines, "find_spec", lambda _: object() if openvino else None)
    monkeypatch.setattr(engines.ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert [name for name, _ in engines.candidates()] == expected


def test_batches_hold_each_sentence_once_within_the_limit_and_with_little_padding() -> None:
    lengths = np.random.default_rng(5).integers(3, 180, 700)
    found = list(batches(lengths, 1024))
    assert sorted(np.concatenate(found).tolist()) == list(range(700))
    padded = [len(batch) * lengths[batch].max() for batch in found]
    assert max(padded) <= 1024
    assert sum(padded) < 1.02 * lengths.sum()
    longest = [lengths[batch].max() for batch in found]
    assert longest == sorted(longest, reverse=True)


def test_batches_of_nothing_and_of_what_is_longer_than_a_batch() -> None:
    assert list(batches(np.array([], np.int64), 1024)) == []
    assert [batch.tolist() for batch in batches(np.array([2000, 2000]), 1024)] in (
        [[0], [1]],
        [[1], [0]],
    )
