"""One row per document of an archive: what tables, overview and review queue are made of."""

from __future__ import annotations

from dataclasses import dataclass

from classifier.errors import Reason
from classifier.orientation import Verdict


@dataclass(frozen=True, slots=True)
class Alarm:
    """A finding of a document at its strongest place.

    Attributes:
        rule: id of the rule in ``data/findings.yaml``.
        zh: its Chinese name.
        count: sentences that show it.
        text: the strongest of them.
        page: its page from 1; 0 where the format has none.
        sentence: its index in the document.
    """

    rule: str
    zh: str
    count: int
    text: str
    page: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of a document that was scored; see :mod:`classifier.orientation`.

    Attributes:
        balance: from -1 (all control) to +1 (all assistive).
        low, high: its 95 % interval.
        salience: share of counted sentences with any orientation, 0 to 1.
        assistive, control: estimated numbers of sentences.
        counted: sentences counted, repeated boilerplate once.
        profile: counted sentences per category code, all nineteen.
    """

    balance: float
    low: float
    high: float
    salience: float
    verdict: Verdict
    assistive: float
    control: float
    counted: int
    profile: dict[str, int]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What became of one file, or of one member of a container.

    Attributes:
        path: as found, relative to the root of the run where it lies under it.
        member: path inside the container; empty for a file that is none.
        content: SHA-256 of the document's bytes, hexadecimal; empty if they were never had.
        format: as recognised by content, for example ``pdf``; empty if it was not.
        detail: what was found where it could not be read.
        title: the document's own title or first heading; may be empty.
        pages, sentences: numbers read; 0 where the format has no pages.
        seconds: spent on reading and scoring.
        score: None where the document could not be scored.
        alarms: strongest first.
        missing: ids of the safeguards that were not found.
        report: path of its HTML report relative to the store; empty if none was written.
        signature: MinHash of the text for near-duplicates; empty if it was not scored.
    """

    path: str
    member: str
    content: str
    format: str
    reason: Reason
    detail: str
    title: str
    pages: int
    sentences: int
    seconds: float
    score: Score | None
    alarms: tuple[Alarm, ...]
    missing: tuple[str, ...]
    report: str
    signature: tuple[int, ...]

    @property
    def label(self) -> str:
        """Path and member as shown to a user."""
        return f"{self.path}/{self.member}" if self.member else self.path
