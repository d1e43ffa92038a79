"""Learn from what reviewers corrected: adapt a copy of a model, measure it, install it if better.

Learning always starts from the same base with all reviews: nothing is learnt twice. Reviews
are held back in turn, whole documents together, so that every one is judged by a correction
that did not learn from it; sentences written for the project, and those of a file of the
user's, guard against forgetting.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from classifier import installed
from classifier.context import context_text
from classifier.errors import ModelError
from classifier.installed import Origin
from classifier.lexical import LexicalScorer
from classifier.model import (
    CALIBRATION_FILE,
    LEXICAL_FILE,
    SHIPPED_DEFAULT,
    Model,
    find,
    shipped,
)
from classifier.review.model import Label, Reviewed
from classifier.review.store import ReviewStore
from classifier.taxonomy import CATEGORIES, LABELS, QUESTIONS, Orientation
from training import check_set
from training.check_set import CheckSet
from training.correction import Correction, Evidence, Strength, learn
from training.held_back import Change, Gain, Place, blocks, compare, folds
from training.seal import seal
from training.targets import question_columns, targets

MIN_REVIEWS = 50
# Of one question or the other.
MIN_ORIENTED = 10
# F1 of either question on sentences not reviewed may fall by so much.
MAX_LOSS = 0.01


class TooFewReviewsError(ValueError):
    """There is not enough to learn from, or to tell whether anything was learnt."""


@dataclass(frozen=True)
class Lesson:
    """Reviewed sentences as a model reads them, with what people said.

    Attributes:
        labels: 0/1 of shape (sentences, labels); ``weight`` 0 where people left a label open.
    """

    texts: list[str]
    contexts: list[str]
    labels: np.ndarray
    weight: np.ndarray
    places: list[Place]

    @property
    def documents(self) -> int:
        return len({place.document for place in self.places})


@dataclass(frozen=True)
class Outcome:
    """What came of learning.

    Attributes:
        base: the model learnt from, ``name`` and ``version``.
        held_back: on reviews held back in turn.
        checks: F1 on sentences nobody reviewed, by the name of the set.
        installed: name of the new model, now in use; empty where it was not better.
        removed: name of an old own model that made room.
    """

    base: tuple[str, str]
    reviews: int
    documents: int
    corrected: int
    held_back: Gain
    checks: dict[str, tuple[Change, ...]]
    installed: str = ""
    removed: str = ""

    @property
    def forgets(self) -> bool:
        return any(c.gain < -MAX_LOSS for changes in self.checks.values() for c in changes)

    @property
    def is_better(self) -> bool:
        return self.held_back.is_real and not self.forgets


def run(
    store: Path,
    base: str = SHIPPED_DEFAULT,
    dev: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Learn from a review store; a better model is installed and put in use.

    Args:
        base: name of the model to start from.
        dev: further labelled sentences to check against forgetting.
        say: takes a line on what is being done.

    Raises:
        TooFewReviewsError: there is not enough to learn from.
        ReviewError: the store cannot be read.
        ModelError: the base is missing or damaged.
        ValueError: ``dev`` is no file of labelled sentences.
    """
    with ReviewStore.open(store) as opened:
        reviewed = [(_section(opened, one), one) for one in opened.reviewed()]
    lesson = lesson_of(reviewed)
    corrected = sum(one.human.orientation != one.machine.orientation for _, one in reviewed)
    sets = [check_set.written(), *([check_set.read(dev)] if dev else [])]
    model = Model.load(base)
    say(f"{len(reviewed)} 条校正 reviews，{lesson.documents} 份文件 documents；留出评测 measuring")
    evidence = evidence_of(model, lesson.texts, lesson.contexts)
    gain = held_back(model, evidence, lesson)
    say("写出并检查是否遗忘 writing a copy, checking what it forgets")
    with tempfile.TemporaryDirectory(prefix="tenderlens-") as scratch:
        draft = Path(scratch) / "model"
        write(find(base), draft, learn(evidence, lesson.labels, lesson.weight, Strength()))
        adapted = Model.load(draft)
        outcome = Outcome(
            base=(model.name, model.version),
            reviews=len(reviewed),
            documents=lesson.documents,
            corrected=corrected,
            held_back=gain,
            checks={one.name: check(model, adapted, one) for one in sets},
        )
        return _install(draft, outcome) if outcome.is_better else outcome


def _section(store: ReviewStore, one: Reviewed) -> str:
    """The innermost heading, as the model read it; a review itself has the joined path."""
    path = store.sentences(one.document)[one.sentence].section
    return path[-1] if path else ""


def lesson_of(reviewed: Sequence[tuple[str, Reviewed]]) -> Lesson:
    """Reviews, each with the heading above it.

    Raises:
        TooFewReviewsError: fewer than :data:`MIN_REVIEWS`, or hardly any with an orientation.
    """
    labels = np.stack([_target(one.human) for _, one in reviewed] or [np.zeros(len(LABELS))])
    oriented = int(labels[:, question_columns()].max(1).sum())
    if len(reviewed) < MIN_REVIEWS or oriented < MIN_ORIENTED:
        raise TooFewReviewsError(
            f"校正太少：{len(reviewed)} 条，其中有倾向 {oriented} 条；至少需要 {MIN_REVIEWS} 条和 "
            f"{MIN_ORIENTED} 条。 Too few reviews: {len(reviewed)}, {oriented} of them with an "
            f"orientation; {MIN_REVIEWS} and {MIN_ORIENTED} are needed"
        )
    return Lesson(
        [one.text for _, one in reviewed],
        [context_text(section, one.previous) for section, one in reviewed],
        labels,
        np.stack([_known(one.human) for _, one in reviewed]),
        [Place(one.document, one.section, one.sentence) for _, one in reviewed],
    )


def _target(label: Label) -> np.ndarray:
    row = targets([label.categories])[0]
    for column, question in zip(question_columns(), QUESTIONS, strict=True):
        row[column] = float(label.orientation in (question, Orientation.MIXED))
    return row


def _known(label: Label) -> np.ndarray:
    """1 for each label that people answered: without categories of a side they left those open."""
    known = np.ones(len(LABELS))
    named = {CATEGORIES[code].orientation for code in label.categories}
    for question in QUESTIONS:
        if label.orientation in (question, Orientation.MIXED) and question not in named:
            codes = [c.code for c in CATEGORIES.values() if c.orientation is question]
            known[[LABELS.index(code) for code in codes]] = 0
    return known


def evidence_of(model: Model, texts: Sequence[str], contexts: Sequence[str]) -> Evidence:
    """What the model's scorers see of sentences.

    Raises:
        ModelError: it has no lexical scorer.
    """
    logits = [scorer.logits(texts, contexts) for scorer in model.scorers.values()]
    lexical = model.scorers.get("lexical")
    if not isinstance(lexical, LexicalScorer):
        raise ModelError(f"model {model.name}: has no lexical voice, which is what learns")
    return Evidence(model.calibration.log_odds(logits), lexical.vectors(texts, contexts))


def held_back(model: Model, evidence: Evidence, lesson: Lesson) -> Gain:
    """Each part of the reviews judged by what was learnt from the others."""
    try:
        parts = folds(lesson.places)
    except ValueError as error:
        raise TooFewReviewsError(
            f"校正都在同一小节，无法留出评测。 Nothing can be held back: {error}"
        ) from error
    # Only the questions are judged; the categories need not be learnt for that.
    columns = question_columns()
    asked = Evidence(evidence.logits[:, columns], evidence.features)
    labels, weight = lesson.labels[:, columns], lesson.weight[:, columns]
    after = asked.logits.copy()
    for part in np.unique(parts):
        own, others = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
        correction = learn(asked.take(others), labels[others], weight[others], Strength())
        after[own] = correction.corrected(asked.take(own))
    cut = np.log(model.calibration.thresholds / (1 - model.calibration.thresholds))[columns]
    return compare(labels, asked.logits >= cut, after >= cut, blocks(lesson.places))


def check(before: Model, after: Model, sentences: CheckSet) -> tuple[Change, ...]:
    """F1 of both questions on sentences that nobody reviewed."""
    columns = question_columns()
    old, new = (
        model.predict_prepared(sentences.texts, sentences.contexts).probabilities[:, columns]
        >= model.calibration.thresholds[columns]
        for model in (before, after)
    )
    alone = np.arange(len(sentences.texts))
    return compare(sentences.labels[:, columns], old, new, alone).changes


def write(base: Path, folder: Path, correction: Correction) -> None:
    """A copy of the model folder ``base`` with a correction written into its weights."""
    shutil.copytree(base, folder)
    lexical = LexicalScorer.load(folder / LEXICAL_FILE)
    model = Model.load(base)
    share = model.calibration.weights[model.calibration.scorers.index("lexical")]
    # Where the stacking leaves the lexical voice out, only the bias can be corrected.
    lexical.weights = lexical.weights + np.where(
        share > 0, correction.weights / np.where(share > 0, share, 1), 0
    ).astype(np.float32)
    lexical.save(folder / LEXICAL_FILE)
    calibration = model.calibration
    replace(calibration, bias=calibration.bias + correction.bias).save(folder / CALIBRATION_FILE)
    seal(folder)


def _install(draft: Path, outcome: Outcome) -> Outcome:
    """Take the draft in and put it in use."""

    def build(folder: Path) -> Origin:
        shutil.copytree(draft, folder, dirs_exist_ok=True)
        origin = Origin(
            *outcome.base, time.time(), outcome.reviews, outcome.documents, figures(outcome)
        )
        (folder / "README.md").write_text(_card(origin), encoding="utf-8")
        return origin

    own, removed = installed.install(build, "reviewed", [*shipped()])
    installed.use(own.name)
    return replace(outcome, installed=own.name, removed=removed)


def figures(outcome: Outcome) -> dict[str, object]:
    """The outcome's figures for the record of a model."""
    named = lambda changes: {c.question: asdict(c) for c in changes}  # noqa: E731
    gain = outcome.held_back
    return {
        "held_back": named(gain.changes),
        "mean_gain": {"mean": gain.mean, "low": gain.low, "high": gain.high},
        "checks": {name: named(changes) for name, changes in outcome.checks.items()},
    }


def _card(origin: Origin) -> str:
    day = time.strftime("%Y-%m-%d", time.gmtime(origin.made))
    return (
        f"# Adapted from {origin.base} {origin.base_version}\n\n"
        f"By `tenderlens train --with-reviews` on {day}, from {origin.sentences} reviewed "
        f"sentences of {origin.documents} documents. Figures: `origin.json`. Words of the "
        "reviewed sentences weigh differently in `lexical.npz`; all else, and the error rates "
        "behind the interval of document scores, are those of the base.\n"
    )
