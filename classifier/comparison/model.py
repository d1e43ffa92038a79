"""What a comparison says: every sentence of both drafts in one change, and what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from classifier.findings import FindingState, Proportionality, Rule
from classifier.orientation import OrientationScore
from classifier.report.model import Analysis, LabelledSentence
from classifier.taxonomy import Orientation


class Kind(StrEnum):
    """What became of the wording."""

    SAME = "same"
    RENUMBERED = "renumbered"
    REWORDED = "reworded"
    ADDED = "added"
    REMOVED = "removed"

    @property
    def zh(self) -> str:
        return _KINDS_ZH[self]


_KINDS_ZH = {
    Kind.SAME: "未变",
    Kind.RENUMBERED: "仅编号变化",
    Kind.REWORDED: "改写",
    Kind.ADDED: "新增",
    Kind.REMOVED: "删去",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence of the old draft, one of the new draft, or one of each that belong together.

    Attributes:
        similarity: of the wordings without numbering, 0 to 1; 0 where one side is missing.
        moved: it stands in another order among the sentences that both drafts have.
        weight: by how much the change moves the score, positive towards help. Swapping
            the drafts turns its sign.
    """

    kind: Kind
    old: LabelledSentence | None
    new: LabelledSentence | None
    similarity: float = 0.0
    moved: bool = False
    weight: float = 0.0

    @property
    def sides(self) -> tuple[LabelledSentence, ...]:
        return tuple(side for side in (self.old, self.new) if side is not None)

    @property
    def is_oriented(self) -> bool:
        return any(side.orientation is not Orientation.NEUTRAL for side in self.sides)

    @property
    def relabelled(self) -> bool:
        """Same words, another answer of the model, which reads them with their surroundings."""
        if self.kind not in (Kind.SAME, Kind.RENUMBERED) or not (self.old and self.new):
            return False
        return (self.old.orientation, set(self.old.categories)) != (
            self.new.orientation,
            set(self.new.categories),
        )

    @property
    def is_shown(self) -> bool:
        """Whether a reader wants to see it: neither the same nor merely renumbered."""
        unchanged = self.kind in (Kind.SAME, Kind.RENUMBERED)
        return not unchanged or self.moved or self.relabelled


class Fate(StrEnum):
    """What became of a finding."""

    APPEARED = "appeared"
    VANISHED = "vanished"
    STAYED = "stayed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A rule with its evidence, indices of sentences, and its answer in either draft.

    What appears or vanishes is an alarm, a safeguard, or the presence of a risk; the
    evidence of a risk that is not present counters it.
    """

    rule: Rule
    old: tuple[int, ...]
    new: tuple[int, ...]
    old_state: FindingState
    new_state: FindingState

    @property
    def fate(self) -> Fate:
        return _fate(self.old_state in _RAISED, self.new_state in _RAISED)


_RAISED = (FindingState.FOUND, FindingState.PRESENT)


@dataclass(frozen=True, slots=True)
class MeetingChange:
    """Persons on whom several alarms meet in either draft: ids of rules, evidence, note."""

    persons: str
    old: Proportionality | None
    new: Proportionality | None

    @property
    def fate(self) -> Fate:
        return _fate(self.old is not None, self.new is not None)

    @property
    def more(self) -> tuple[str, ...]:
        """Ids of the rules that meet on these persons in the new draft only."""
        return _without(self.new, self.old)

    @property
    def less(self) -> tuple[str, ...]:
        """Ids of the rules that met on these persons in the old draft only."""
        return _without(self.old, self.new)


def _without(one: Proportionality | None, other: Proportionality | None) -> tuple[str, ...]:
    known = other.alarms if other else ()
    return tuple(id_ for id_ in one.alarms if id_ not in known) if one else ()


def _fate(was: bool, is_: bool) -> Fate:
    if was and is_:
        return Fate.STAYED
    if is_:
        return Fate.APPEARED
    return Fate.VANISHED if was else Fate.ABSENT


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """Both scores, each with its 95 % interval."""

    old: OrientationScore
    new: OrientationScore

    @property
    def difference(self) -> float:
        """New score minus old: positive towards help, between -2 and +2."""
        return self.new.score - self.old.score

    @property
    def separate(self) -> bool:
        """Whether the two intervals have no point in common.

        A cautious sign of a true difference, for both drafts share most of
        their text and the model's errors; touching intervals do not prove
        that there is none.
        """
        old, new = self.old.interval, self.new.interval
        return old.high < new.low or new.high < old.low


@dataclass(frozen=True, slots=True)
class Differences:
    """Two analyses and what changed from one to the other.

    Attributes:
        changes: every sentence of both drafts once, in the order of the new draft; a
            removed one follows what it followed in the old draft.
        categories: counted sentences per category, old and new, in taxonomy order.
        alarms: those found in either draft, strongest first.
        safeguards, risks: all, whatever the answer.
        proportionality: persons on whom several alarms meet in either draft.
    """

    old: Analysis
    new: Analysis
    changes: tuple[Change, ...]
    score: ScoreChange
    categories: dict[str, tuple[int, int]]
    alarms: tuple[FindingChange, ...]
    safeguards: tuple[FindingChange, ...]
    risks: tuple[FindingChange, ...]
    proportionality: tuple[MeetingChange, ...]

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """Changes of these kinds, in order."""
        return tuple(change for change in self.changes if change.kind in kinds)

    @property
    def moved(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.moved)

    def counts(self, changes: Iterable[Change] | None = None) -> Counter[str]:
        """Number of changes by kind, and of those ``moved``, ``relabelled`` and ``oriented``."""
        counts: Counter[str] = Counter()
        for change in self.changes if changes is None else changes:
            counts[change.kind.value] += 1
            counts["moved"] += change.moved
            counts["relabelled"] += change.relabelled
            counts["oriented"] += change.is_shown and change.is_oriented
        return counts

    def ranked(self, towards: Orientation, most: int | None = None) -> list[Change]:
        """Oriented changes that move the score towards help or control, the strongest first.

        Raises:
            ValueError: ``towards`` is neither assistive nor control.
        """
        if towards not in (Orientation.ASSISTIVE, Orientation.CONTROL):
            raise ValueError(f"assistive or control, not {towards}")
        sign = 1 if towards is Orientation.ASSISTIVE else -1
        own = [c for c in self.changes if c.is_oriented and c.is_shown and sign * c.weight > 0]
        return sorted(own, key=lambda change: -abs(change.weight))[:most]
