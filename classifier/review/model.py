"""What a person said of a sentence, kept apart from what the model said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from classifier.taxonomy import Orientation


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
