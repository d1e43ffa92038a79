"""What findings are: a rule, how it was answered, and the sentences that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a rule asks about."""

    ALARM = "alarm"
    SAFEGUARD = "safeguard"
    RISK = "risk"

    @property
    def zh(self) -> str:
        return _KINDS_ZH[self]


_KINDS_ZH = {Kind.ALARM: "警示", Kind.SAFEGUARD: "保障", Kind.RISK: "风险"}


class FindingState(StrEnum):
    """How a rule was answered.

    ``FOUND`` and ``NOT_FOUND`` for alarms and safeguards. A risk is ``PRESENT`` where sentences
    show it, or where what would counter it is missing from a document that ought to have it;
    ``COUNTERED`` by its evidence; ``NOT_FOUND`` where only sentences could show it and none
    does. ``UNKNOWN`` are a safeguard and a risk where there is not enough text to tell: it is
    short, states hardly anything of a system, or is of a type that does not say either way.
    """

    FOUND = "found"
    NOT_FOUND = "not_found"
    PRESENT = "present"
    COUNTERED = "countered"
    UNKNOWN = "unknown"

    @property
    def zh(self) -> str:
        return _STATES_ZH[self]


_STATES_ZH = {
    FindingState.FOUND: "有",
    FindingState.NOT_FOUND: "未找到",
    FindingState.PRESENT: "有风险",
    FindingState.COUNTERED: "有应对",
    FindingState.UNKNOWN: "无从判断",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for; ``categories`` are the codes that its evidence must bear, if any.

    ``group`` sets apart kinds of risks: ``delivery`` for the surface causes of failure,
    ``starting_point`` for signs of a wrong one; it is empty for alarms and safeguards.
    """

    id: str
    kind: Kind
    zh: str
    en: str
    why: str
    categories: frozenset[str]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, its answer, and the indices of the sentences that give it, strongest first.

    The evidence of a risk shows it or counters it, as ``state`` says.
    """

    rule: Rule
    evidence: tuple[int, ...]
    state: FindingState

    @property
    def found(self) -> bool:
        """Whether sentences answer the rule; a risk may be present without any."""
        return bool(self.evidence)


@dataclass(frozen=True, slots=True)
class Proportionality:
    """Several alarms that meet on the same persons.

    Attributes:
        persons: who they are, in Chinese.
        alarms: ids of the rules, strongest first.
        note: what to ask for, in Chinese.
        evidence: for each alarm the strongest sentence about these persons.
    """

    persons: str
    alarms: tuple[str, ...]
    note: str
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """``alarms`` lists only what was found; ``safeguards`` and ``risks`` list all."""

    alarms: tuple[Finding, ...]
    safeguards: tuple[Finding, ...]
    risks: tuple[Finding, ...]
    proportionality: tuple[Proportionality, ...]
