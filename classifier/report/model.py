"""The analysis of one document: everything that any output format shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from classifier.document import Document, Sentence
from classifier.findings import Findings
from classifier.orientation import OrientationScore
from classifier.report.rationale import Rationale
from classifier.taxonomy import CATEGORIES, LABELS, Orientation


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence with the model's answers.

    Attributes:
        probabilities: one per label of :data:`classifier.taxonomy.LABELS`.
        review: the model is not sure; a person should look.
        counted: False for repeated boilerplate that stands earlier already.
        influence: by how much the sentence moves the document's score.
        rationale: the words that carry its labels; None for most neutral sentences.
    """

    sentence: Sentence
    orientation: Orientation
    categories: tuple[str, ...]
    probabilities: tuple[float, ...]
    review: bool
    counted: bool
    influence: float
    rationale: Rationale | None = None

    @property
    def text(self) -> str:
        return self.sentence.text

    def probability(self, label: str) -> float:
        return self.probabilities[LABELS.index(label)]


@dataclass(frozen=True, slots=True)
class Section:
    """An outermost section: its title, first sentence, number of sentences, and score."""

    title: str
    first: int
    length: int
    orientation: OrientationScore


@dataclass(frozen=True, slots=True)
class Analysis:
    """A document, its labelled sentences, and what follows from them.

    ``is_redacted`` says that personal data is masked in all its texts.
    """

    document: Document
    model: str
    model_version: str
    orientation: OrientationScore
    sentences: tuple[LabelledSentence, ...]
    sections: tuple[Section, ...]
    findings: Findings
    is_redacted: bool = False

    def profile(self) -> dict[str, int]:
        """Number of counted sentences per category, all nineteen, in taxonomy order."""
        counts = Counter(code for s in self.sentences if s.counted for code in s.categories)
        return {code: counts[code] for code in CATEGORIES}

    def movers(self, most: int = 10) -> list[LabelledSentence]:
        """The sentences that move the score most, in either direction."""
        return sorted(self.sentences, key=lambda s: -abs(s.influence))[:most]
