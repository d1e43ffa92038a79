"""The explanation of one sentence: everything that any output format shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from classifier.taxonomy import LABELS, Orientation

NEUTRAL = Orientation.NEUTRAL.value


@dataclass(frozen=True, slots=True)
class WordWeight:
    """What one word, in a long sentence one phrase, does for one label.

    Weights are differences of the label's calibrated log odds; positive ones speak for it.

    Attributes:
        start, end: character offsets in the sentence.
        occlusion: log odds lost when the word is deleted.
        second: what the second method gives it (:mod:`classifier.explain.attribution`).
        without: the label's probability without the word.
    """

    text: str
    start: int
    end: int
    occlusion: float
    second: float
    without: float


@dataclass(frozen=True, slots=True)
class LabelExplanation:
    """What speaks for and against one label.

    Attributes:
        label: ``assistive``, ``control`` or a category code.
        threshold: probability from which the label is given.
        given: whether the sentence has the label.
        words: in text order.
        section, previous: log odds lost without the heading or the sentence before; None
            where there is none.
        agreement: Spearman's rank correlation of the two methods over the words, -1 to 1;
            None where there are fewer than four words or a method tells none apart.
    """

    label: str
    probability: float
    threshold: float
    given: bool
    words: tuple[WordWeight, ...]
    section: float | None
    previous: float | None
    agreement: float | None

    def strongest(self, most: int = 5) -> tuple[WordWeight, ...]:
        """The words that speak for the label, strongest first."""
        speaking = (word for word in self.words if word.occlusion > 0)
        return tuple(sorted(speaking, key=lambda word: -word.occlusion)[:most])


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled sentence of ``data/sentences``.

    Attributes:
        similarity: cosine of the TF-IDF vectors of character 1- and 2-grams, 0 to 1.
        pair: name of the contrast group it stands in, or empty.
    """

    id: str
    text: str
    section: str
    categories: tuple[str, ...]
    orientation: Orientation
    similarity: float
    pair: str


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two written sentences that differ in little and in their orientation.

    ``like`` has the orientation of the explained sentence, ``unlike`` another one.
    """

    like: Example
    unlike: Example


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the numbered rules of the guidelines, with those of its examples that apply."""

    number: int
    title: str
    text: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clarification:
    """A row of the guidelines' tables of settled cases."""

    case: str
    ruling: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the guidelines say on one label of the sentence.

    Attributes:
        code: a category code, or ``neutral``.
        definition: what the category covers.
        near_miss: a sentence that looks like it and is something else; may be empty.
        rule: the rule whose cue the sentence shows, else the category's own; may be None.
        clarification: the settled case whose cue the sentence shows; may be None.
    """

    code: str
    definition: str
    near_miss: str
    rule: Rule | None
    clarification: Clarification | None


class EditKind(StrEnum):
    DELETION = "deletion"
    REPLACEMENT = "replacement"


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of the sentence and what takes its place."""

    start: int
    end: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The smallest change found after which the model gives another orientation.

    Attributes:
        text: the changed sentence.
        edits: in text order.
        rules: numbers of the guidelines' rules that the replacements put to the test.
    """

    kind: EditKind
    text: str
    edits: tuple[Edit, ...]
    orientation: Orientation
    categories: tuple[str, ...]
    probabilities: tuple[float, ...]
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the model answers as it does on one sentence.

    Attributes:
        text: the sentence as it was explained.
        cut: the sentence was longer than :data:`classifier.explain.explanation.MAX_CHARS`;
            its end was not looked at.
        probabilities: one per label of :data:`classifier.taxonomy.LABELS`.
        labels: the two questions, then the categories given.
        examples: nearest sentences with the same orientation, most alike first.
        others: nearest sentences with another orientation.
        counterfactuals: at most one of each kind, the smaller first.
        passes: sentences the model had to read for this.
    """

    text: str
    section: str
    previous: str
    cut: bool
    model: str
    model_version: str
    orientation: Orientation
    categories: tuple[str, ...]
    probabilities: tuple[float, ...]
    review: bool
    labels: tuple[LabelExplanation, ...]
    guidance: tuple[Guidance, ...]
    examples: tuple[Example, ...]
    others: tuple[Example, ...]
    contrast: Contrast | None
    counterfactuals: tuple[Counterfactual, ...]
    passes: int

    def probability(self, label: str) -> float:
        return self.probabilities[LABELS.index(label)]

    def label(self, label: str) -> LabelExplanation:
        """The explanation of one label.

        Raises:
            KeyError: the sentence was not given this label.
        """
        for explained in self.labels:
            if explained.label == label:
                return explained
        raise KeyError(label)

    def to_json(self) -> dict[str, Any]:
        """Plain values; probabilities by label, all figures to four places."""
        return _plain(asdict(self)) | {"probabilities": _by_label(self.probabilities)}


def _by_label(probabilities: tuple[float, ...]) -> dict[str, float]:
    return {label: round(p, 4) for label, p in zip(LABELS, probabilities, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _by_label(item) if key == "probabilities" else _plain(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return round(value, 4) if isinstance(value, float) else value
