"""The document score: correction, interval, verdict and abstention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifier import orientation
from classifier.calibration import Calibration, QuestionRows
from classifier.orientation import Interval, Verdict, distinct, influence, score, verdict
from classifier.taxonomy import LABELS


def calibration(share: float = 0.1, groups: int = 20) -> Calibration:
    """Calibrated without error on documents where ``share`` of the sentences are positive."""
    sentences = np.full(groups, 200.0)
    expected = sentences * share
    rows = QuestionRows(sentences, expected, expected, expected)
    count = len(LABELS)
    return Calibration(
        ("encoder",),
        np.ones((1, count)),
        np.zeros(count),
        np.full(count, 0.5),
        ((0.4, 0.6),) * 2,
        (rows, rows),
    )


def document(
    assistive: int, control: int, neutral: int, hit: float = 0.9, alarm: float = 0.02
) -> np.ndarray:
    p = np.full((assistive + control + neutral, len(LABELS)), alarm)
    p[:assistive, 0] = hit
    p[assistive : assistive + control, 1] = hit
    return p


def sections(size: int, of: int = 10) -> list[int]:
    return [i % of for i in range(size)]


def test_counts_adapt_to_the_share_of_the_document() -> None:
    """What is rare in this document is given less credit than where the model was calibrated."""
    p = document(0, 40, 760)
    result = score(p, sections(800), calibration())
    assert result.control == pytest.approx(40, rel=0.2)
    # The plain sum would count 16 assistive sentences where there are none.
    assert p[:, 0].sum() == pytest.approx(16)
    assert result.assistive < 8


def test_interval_grows_with_the_spread_between_calibration_documents() -> None:
    p = document(60, 30, 400)
    steady = calibration()
    positives = np.tile([5.0, 40.0], 10)
    uneven = QuestionRows(np.full(20, 200.0), positives, *[np.full(20, 22.5)] * 2)
    shaky = replace(steady, rows=(uneven, uneven))
    assert uneven.spread > 0.5
    assert (
        score(p, sections(490), shaky).interval.width
        > 1.5 * score(p, sections(490), steady).interval.width
    )


def test_score_points_to_the_side_that_prevails_and_lies_in_its_interval() -> None:
    for a, c, sign in ((60, 15, 1), (15, 60, -1)):
        result = score(document(a, c, 300), sections(375), calibration())
        assert result.score == pytest.approx(sign * 0.6, abs=0.05)
        assert result.interval.low <= result.score <= result.interval.high
        assert np.sign(result.log_ratio) == -sign
        assert result.salience == pytest.approx(75 / 375, abs=0.02)


def test_mixed_sentences_count_one_half_in_each() -> None:
    p = np.full((100, len(LABELS)), 0.0)
    p[:20, :2] = 1.0
    result = score(p, sections(100), calibration())
    assert (result.assistive, result.control) == (
        pytest.approx(10, abs=1),
        pytest.approx(10, abs=1),
    )
    assert result.score == pytest.approx(0)


def test_interval_narrows_with_evidence() -> None:
    small = score(document(12, 6, 60), sections(78), calibration())
    large = score(document(120, 60, 600), sections(780, of=100), calibration())
    assert large.interval.width < small.interval.width


def test_no_sentences_no_verdict() -> None:
    result = score(np.zeros((0, len(LABELS))), [], calibration())
    assert result.verdict is Verdict.UNDECIDED
    assert result.interval == Interval(-1.0, 1.0)


def test_few_oriented_sentences_give_no_verdict() -> None:
    assert score(document(3, 0, 400), sections(403), calibration()).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("balance", "interval", "expected"),
    [
        (0.8, Interval(0.6, 0.9), Verdict.ASSISTIVE),
        (0.3, Interval(0.1, 0.5), Verdict.RATHER_ASSISTIVE),
        (0.05, Interval(-0.2, 0.3), Verdict.BALANCED),
        (-0.3, Interval(-0.5, -0.1), Verdict.RATHER_CONTROL),
        (-0.8, Interval(-0.95, -0.6), Verdict.CONTROL),
        (0.3, Interval(-0.1, 0.6), Verdict.UNDECIDED),
        (0.8, Interval(-0.1, 1.0), Verdict.UNDECIDED),
    ],
)
def test_verdict_respects_the_interval(
    balance: float, interval: Interval, expected: Verdict
) -> None:
    assert verdict(balance, interval, oriented=50) is expected


def test_repeated_boilerplate_counts_once() -> None:
    mask = distinct(["投标人须盖章。", "1. 投标人须盖章", "系统支持打卡", "2.投标人须盖章；"])
    assert mask.tolist() == [True, False, True, False]


def test_influence_has_the_sign_of_the_sentence() -> None:
    p = document(30, 30, 100)
    moved = influence(p, score(p, sections(160), calibration()))
    assert (moved[:30] > 0).all()
    assert (moved[30:60] < 0).all()
    assert abs(moved[60:]).max() < abs(moved[:60]).min()


def test_the_same_text_gets_the_same_interval_twice() -> None:
    p = document(20, 30, 200)
    assert score(p, sections(250), calibration()) == score(p, sections(250), calibration())


def test_a_chapter_is_held_against_its_own_shares() -> None:
    """Long bidders' instructions must not talk down the chapter that states the functions."""
    functions, rest = document(40, 10, 50), document(0, 0, 900)
    for i in range(40):
        functions[i, 0] = 0.4
    parts = ["functions"] * 100 + ["rest"] * 900
    alone = score(functions, sections(100), calibration())
    whole = np.vstack([functions, rest])
    apart = score(whole, sections(1000), calibration(), parts)
    together = score(whole, sections(1000), calibration())
    remainder = score(rest, sections(900), calibration())
    assert apart.assistive == pytest.approx(alone.assistive + remainder.assistive, rel=0.01)
    assert apart.assistive > together.assistive


def test_counts_without_prior_are_those_of_quapy(monkeypatch) -> None:
    """Expectation maximisation agrees with the reference implementation (EMQ of QuaPy)."""
    from quapy.method.aggregative import EMQ

    random = np.random.default_rng(4)
    answers = 1 / (1 + np.exp(-random.normal(-1.5, 1.5, 3000)))
    for share in (0.05, 0.15, 0.4):
        wanted, _ = EMQ.EM(
            np.array([1 - share, share]), np.column_stack([1 - answers, answers]), epsilon=1e-6
        )
        monkeypatch.setattr(orientation, "PRIOR_SENTENCES", 0.0)
        monkeypatch.setattr(orientation, "EM_STEPS", 1000)
        monkeypatch.setattr(orientation, "EM_TOLERANCE", 1e-7)
        histogram = orientation._histograms(answers, np.zeros(len(answers), int), 1)
        found = orientation.adapt(histogram, share)[0][0] / len(answers)
        assert found == pytest.approx(wanted[1], abs=0.01)


def test_what_people_said_counts_as_it_is_without_the_models_error() -> None:
    p = document(60, 15, 300)
    guessed = score(p, sections(375), calibration())
    truth = np.zeros_like(p)
    truth[:60, 0] = truth[60:75, 1] = 1
    known = score(truth, sections(375), calibration(), certain=np.ones(375, bool))
    assert (known.assistive, known.control) == (60, 15)
    assert known.score == pytest.approx(0.6)
    assert known.interval.width < guessed.interval.width
    none = score(p, sections(375), calibration(), certain=np.zeros(375, bool))
    assert none == guessed
