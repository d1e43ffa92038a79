"""Roll sentence probabilities up to a document score with an honest interval.

Counting predicted labels is biased: with a true share of 5 %, a recall of .85
and a false alarm rate of .05 it reports 9 %. The counts here are *probabilistic
adjusted counts* (PACC; Bella et al. 2010): the mean probability of the
document, corrected by what the calibration set shows for positives and
negatives. The interval is a percentile bootstrap over sections (sentences of a
section go together) that also resamples the documents of the calibration set.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from classifier.calibration import Calibration, QuestionRows
from classifier.taxonomy import LABELS, QUESTIONS

LEVEL = 0.95
REPLICATES = 2000
SEED = 20240601

# Under this many oriented sentences a share says more about chance than about the document.
MIN_ORIENTED = 8.0
MAX_WIDTH = 0.9
STRONG, SLIGHT = 0.5, 0.15


class Verdict(StrEnum):
    ASSISTIVE = "assistive"
    RATHER_ASSISTIVE = "rather_assistive"
    BALANCED = "balanced"
    RATHER_CONTROL = "rather_control"
    CONTROL = "control"
    UNDECIDED = "undecided"

    @property
    def zh(self) -> str:
        return _VERDICTS_ZH[self]


_VERDICTS_ZH = {
    Verdict.ASSISTIVE: "赋能",
    Verdict.RATHER_ASSISTIVE: "偏赋能",
    Verdict.BALANCED: "平衡",
    Verdict.RATHER_CONTROL: "偏管控",
    Verdict.CONTROL: "管控",
    Verdict.UNDECIDED: "不足以判断",
}


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class OrientationScore:
    """Where a text stands between control (-1) and help (+1).

    Attributes:
        score: balance ``(a - c) / (a + c)``, 0 where nothing is oriented.
        interval: its 95 % interval.
        log_ratio: ``ln((c + ½) / (a + ½))`` (Lowe et al. 2011).
        log_ratio_interval: its 95 % interval.
        salience: ``(a + c) / sentences``, the share that bears any orientation.
        salience_interval: its 95 % interval.
        assistive, control: corrected numbers of sentences; a mixed one counts half in each.
        sentences: distinct sentences counted.
        verdict: what the figures allow to say.
    """

    score: float
    interval: Interval
    log_ratio: float
    log_ratio_interval: Interval
    salience: float
    salience_interval: Interval
    assistive: float
    control: float
    sentences: int
    verdict: Verdict


def score(
    probabilities: np.ndarray,
    clusters: Sequence[Hashable],
    calibration: Calibration,
    replicates: int = REPLICATES,
) -> OrientationScore:
    """Score distinct sentences.

    Args:
        probabilities: (sentences, labels).
        clusters: per sentence what it is resampled with, usually its section.
    """
    if not len(probabilities):
        nothing = Interval(-1.0, 1.0)
        return OrientationScore(
            0.0,
            nothing,
            0.0,
            Interval(-math.inf, math.inf),
            0.0,
            Interval(0.0, 1.0),
            0,
            0,
            0,
            Verdict.UNDECIDED,
        )
    sums = _cluster_sums(probabilities[:, : len(QUESTIONS)], clusters)
    random = np.random.default_rng(SEED)
    weights = np.vstack([np.ones(len(sums)), _resample(random, len(sums), replicates)])
    totals = weights @ sums
    rates = [_rates(rows, random, replicates) for rows in calibration.rows]
    assistive, control = _adjusted_counts(totals, rates)
    size = np.maximum(totals[:, 0], 1e-9)
    balance = (assistive - control) / np.maximum(assistive + control, 1e-9)
    log_ratio = np.log((control + 0.5) / (assistive + 0.5))
    salience = (assistive + control) / size
    a, c = float(assistive[0]), float(control[0])
    interval = _interval(balance)
    return OrientationScore(
        score=float(balance[0]),
        interval=interval,
        log_ratio=float(log_ratio[0]),
        log_ratio_interval=_interval(log_ratio),
        salience=float(salience[0]),
        salience_interval=_interval(salience),
        assistive=a,
        control=c,
        sentences=len(probabilities),
        verdict=verdict(float(balance[0]), interval, a + c),
    )


def verdict(balance: float, interval: Interval, oriented: float) -> Verdict:
    """What may be said: nothing where the interval is wide, or crosses 0 without being near it."""
    if oriented < MIN_ORIENTED or interval.width > MAX_WIDTH:
        return Verdict.UNDECIDED
    if abs(balance) < SLIGHT:
        return Verdict.BALANCED
    if interval.low <= 0 <= interval.high:
        return Verdict.UNDECIDED
    if balance > 0:
        return Verdict.ASSISTIVE if balance >= STRONG else Verdict.RATHER_ASSISTIVE
    return Verdict.CONTROL if balance <= -STRONG else Verdict.RATHER_CONTROL


def influence(probabilities: np.ndarray, result: OrientationScore) -> np.ndarray:
    """By how much each sentence moves the score, to first order: positive towards help."""
    a, c = _half_counts(probabilities)
    oriented = max(result.assistive + result.control, 1.0)
    return (a - c - result.score * (a + c)) / oriented


def distinct(texts: Sequence[str]) -> np.ndarray:
    """Mask of the sentences to count: repeated boilerplate counts where it stands first."""
    seen: set[str] = set()
    mask = np.zeros(len(texts), bool)
    for i, text in enumerate(texts):
        key = _NOT_WORDS.sub("", text)
        if key not in seen:
            seen.add(key)
            mask[i] = True
    return mask


_NOT_WORDS = re.compile(r"[\W\d_]+")


def _half_counts(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Assistive and control share of each sentence, a mixed one half in each."""
    p, q = (probabilities[:, LABELS.index(question.value)] for question in QUESTIONS)
    return p - p * q / 2, q - p * q / 2


def _cluster_sums(answers: np.ndarray, clusters: Sequence[Hashable]) -> np.ndarray:
    """Per cluster: sentences, assistive mass, control mass, mass of both."""
    number: dict[Hashable, int] = {}
    index = np.array([number.setdefault(cluster, len(number)) for cluster in clusters])
    each = np.column_stack([np.ones(len(answers)), answers, answers.prod(1)])
    sums = np.zeros((len(number), each.shape[1]))
    np.add.at(sums, index, each)
    return sums


def _resample(random: np.random.Generator, size: int, replicates: int) -> np.ndarray:
    """How often each of ``size`` clusters is drawn, (replicates, size)."""
    return random.multinomial(size, np.full(size, 1 / size), replicates)


def _rates(rows: QuestionRows, random: np.random.Generator, replicates: int) -> np.ndarray:
    """Mean probability of positives and negatives, (1 + replicates, 2), the first unresampled."""
    weights = np.vstack(
        [np.ones(len(rows.positives)), _resample(random, len(rows.positives), replicates)]
    )
    hits = (weights @ rows.positive_mass) / np.maximum(weights @ rows.positives, 1e-9)
    alarms = (weights @ rows.negative_mass) / np.maximum(weights @ rows.negatives, 1e-9)
    # A draw without positives says nothing about them: it takes the whole set's rate.
    hits = np.where(weights @ rows.positives > 0, hits, hits[0])
    return np.column_stack([hits, alarms])


def _adjusted_counts(
    totals: np.ndarray, rates: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Corrected assistive and control counts per replicate, mixed ones halved."""
    size = np.maximum(totals[:, 0], 1e-9)
    counts = []
    for column, rate in enumerate(rates, start=1):
        hit, alarm = rate[:, 0], rate[:, 1]
        share = (totals[:, column] / size - alarm) / np.maximum(hit - alarm, 0.05)
        counts.append(np.clip(share, 0, 1) * size)
    both = np.minimum(totals[:, 3], np.minimum(*counts)) / 2
    return counts[0] - both, counts[1] - both


def _interval(values: np.ndarray) -> Interval:
    low, high = np.quantile(values[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(min(low, values[0])), float(max(high, values[0])))
