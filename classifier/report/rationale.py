"""Why a sentence was labelled as it is, in offsets only: whatever masks its text masks this."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from classifier.taxonomy import Orientation


class Method(StrEnum):
    """How the weights of words were found.

    ``LEXICAL`` takes a lexical model apart, exactly (:mod:`classifier.explain.contributions`);
    ``LEXICAL_PART`` does so with the lexical scorer of a model that has others: what its encoder
    adds is not in it.
    ``OCCLUSION`` has the whole model read the sentence without each word
    (:mod:`classifier.explain.attribution`).
    """

    LEXICAL = "lexical"
    OCCLUSION = "occlusion"
    LEXICAL_PART = "lexical_part"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A word and what it does for a label, in log odds; positive speaks for it."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Carried:
    """A label (``assistive``, ``control`` or a category code) and its words in text order."""

    label: str
    words: tuple[Carrier, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """The stretch of the sentence that gives way to ``new``; ``new`` is a wording of ours."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Flip:
    """Changes, in text order, after which the model gives another orientation."""

    changes: tuple[Change, ...]
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class Rationale:
    """The words that carry the labels of one sentence.

    Attributes:
        agreement: rank correlation of occlusion with a second method for the question that was
            answered with yes; None where only one method was used or too few words stand there.
        flips: counter-examples the model has been seen to answer otherwise; looked for by
            occlusion only.
    """

    method: Method
    carried: tuple[Carried, ...]
    agreement: float | None = None
    flips: tuple[Flip, ...] = ()
