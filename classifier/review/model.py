"""What a person said of a sentence, kept apart from what the model said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from classifier.document import Box, Cell
from classifier.orientation import OrientationScore
from classifier.taxonomy import LABELS, QUESTIONS, Orientation


class Act(StrEnum):
    """What a reviewer did with a sentence."""

    ACCEPT = "accept"
    CORRECT = "correct"
    ADJUDICATE = "adjudicate"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Label:
    """An orientation with the categories that agree with it, most important first."""

    orientation: Orientation
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One entry of the audit trail; entries are added and never changed.

    Attributes:
        number: counts up from 1 in the order of the trail.
        document: SHA-256 of the document's bytes, hexadecimal.
        sentence: index of the sentence in the document.
        reviewer: name the person gave.
        label: what the person said; None for :attr:`Act.UNDO`.
        undone: for :attr:`Act.UNDO`, the number of the entry taken back; else 0.
        bulk: entries of one bulk decision carry the number of its first; else 0.
        at: seconds since 1970 UTC.
    """

    number: int
    document: str
    sentence: int
    reviewer: str
    act: Act
    label: Label | None
    undone: int
    bulk: int
    at: float


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A sentence on which the people agree or which was adjudicated: what can be learnt from.

    Attributes:
        text, section, previous: as the model read them; ``section`` is the joined path.
        document: SHA-256 of the document's bytes; :attr:`name` is its file name.
        sentence: index of the sentence in the document.
        machine: the model's label at the time, with its version in :attr:`model_version`.
        human: what the people decided.
        reviewers: who said so.
    """

    text: str
    section: str
    previous: str
    document: str
    name: str
    sentence: int
    machine: Label
    model_version: str
    human: Label
    reviewers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of the store with the machine's score.

    Attributes:
        sha256: of the document's bytes, hexadecimal; the document's key.
        member: path inside the archive or mail :attr:`original`; empty for a plain file.
        original: where the file was found; None where only its text is to be had.
        page_sizes: (width, height) in PDF points.
        sentences: how many it has.
        alarms: Chinese names of the alarms found, strongest first, by the rule's id.
        added: seconds since 1970 UTC.
    """

    sha256: str
    name: str
    member: str
    format: str
    original: Path | None
    page_sizes: tuple[tuple[float, float], ...]
    model: str
    model_version: str
    score: OrientationScore
    sentences: int
    alarms: dict[str, str]
    added: float


@dataclass(frozen=True, slots=True)
class StoredSentence:
    """A sentence of the store with the machine's answers.

    Attributes:
        document: SHA-256 of the document's bytes; ``index`` is the sentence's place in it.
        section: titles of the headings above it, outermost first.
        previous: the sentence before, as the model read it.
        kind: of its block, see :class:`classifier.document.BlockKind`.
        block: number of its block; sentences of one block are one paragraph.
        boxes: per printed line its page and rectangle in PDF points.
        machine: the model's label; :attr:`probabilities` has one number per label of
            :data:`classifier.taxonomy.LABELS`.
        doubtful: the model is not sure; a person should look.
        counted: False for repeated boilerplate.
        influence: by how much the sentence moves the document's score.
        alarms: ids of the rules of ``data/findings.yaml`` it is evidence for.
    """

    document: str
    index: int
    text: str
    section: tuple[str, ...]
    previous: str
    kind: str
    block: int
    page: int | None
    boxes: tuple[tuple[int, Box], ...]
    cell: Cell | None
    machine: Label
    probabilities: tuple[float, ...]
    doubtful: bool
    counted: bool
    influence: float
    alarms: tuple[str, ...]

    @property
    def uncertainty(self) -> float:
        """How near the less certain of the two questions is to one half: 0 sure, 1 open."""
        return max(1 - abs(2 * p - 1) for p in self.probabilities[: len(QUESTIONS)])

    def probability(self, label: str) -> float:
        return self.probabilities[LABELS.index(label)]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the people's entries in force say of one sentence.

    Attributes:
        opinions: the latest entry in force of each reviewer, by name, in the order given.
        adjudication: the latest adjudication in force; it goes before all opinions.
    """

    opinions: dict[str, Decision]
    adjudication: Decision | None = None

    @property
    def is_disputed(self) -> bool:
        """Reviewers differ and nobody has adjudicated."""
        return self.adjudication is None and not self._agree

    @property
    def human(self) -> Label | None:
        """What the people decided: adjudicated, or said by all who spoke."""
        if self.adjudication is not None:
            return self.adjudication.label
        first = next(iter(self.opinions.values()), None)
        return first.label if first is not None and self._agree else None

    @property
    def reviewers(self) -> tuple[str, ...]:
        if self.adjudication is not None:
            return (*self.opinions, self.adjudication.reviewer)
        return tuple(self.opinions)

    @property
    def _agree(self) -> bool:
        labels = [decision.label for decision in self.opinions.values() if decision.label]
        return all(same(label, labels[0]) for label in labels)


def same(one: Label, other: Label) -> bool:
    """Whether two labels say the same; the order of the categories is a nicety."""
    return one.orientation == other.orientation and set(one.categories) == set(other.categories)


@dataclass(frozen=True, slots=True)
class SignOff:
    """A reviewer's signature under a document; a later one goes before an earlier one.

    Attributes:
        last: number of the last entry of the document's trail at that time.
        reviewed: sentences with a human label at that time.
        machine, human: the score by the model alone, and with the human labels.
    """

    number: int
    document: str
    reviewer: str
    at: float
    last: int
    reviewed: int
    machine: OrientationScore
    human: OrientationScore
    model_version: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers agree on the sentences that both labelled.

    Attributes:
        question: ``assistive`` or ``control``.
        sentences: that both labelled.
        kappa: Cohen's κ; None where chance alone would explain everything.
        f1: of one reviewer's yes against the other's; None where neither says yes.
    """

    reviewers: tuple[str, str]
    question: Orientation
    sentences: int
    kappa: float | None
    f1: float | None
