"""The findings as a list to tick off: every rule once, with its answer and where to look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from classifier.findings import Finding, FindingState, Kind, rules
from classifier.report.model import Analysis
from classifier.report.passages import place_of

PLACES: Final = 4
"""Different places named for one item; all of them stand with the finding."""

_SIGNS: Final = {
    FindingState.FOUND: "✓",
    FindingState.NOT_FOUND: "✕",
    FindingState.PRESENT: "!",
    FindingState.COUNTERED: "✓",
    FindingState.UNKNOWN: "?",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist.

    Attributes:
        anchor: id of the finding on the page.
        places: a sentence and its place in words, the strongest first.
        sentences: how many give evidence, there and elsewhere.
    """

    anchor: str
    name: str
    sign: str
    state: str
    look: str
    places: tuple[tuple[int, str], ...]
    sentences: int


@dataclass(frozen=True, slots=True)
class Part:
    """The items of one kind, and the names of the rules of that kind that found nothing."""

    title: str
    items: tuple[Item, ...]
    unseen: tuple[str, ...] = ()


def anchor(finding: Finding) -> str:
    """The id of a finding on the page."""
    return f"f-{finding.rule.id}"


def sign(finding: Finding) -> str:
    """A mark for the state of a finding; a risk that was not found is nothing bad."""
    if finding.rule.kind is Kind.ALARM:
        return "▼"
    if finding.rule.kind is Kind.RISK and finding.state is FindingState.NOT_FOUND:
        return "○"
    return _SIGNS[finding.state]


def look(finding: Finding) -> str:
    """How a finding is to be seen: ``bad``, ``good``, ``missing`` or ``open``."""
    if finding.rule.kind is Kind.ALARM:
        return "bad"
    return {
        FindingState.FOUND: "good",
        FindingState.COUNTERED: "good",
        FindingState.PRESENT: "bad",
        FindingState.NOT_FOUND: "missing" if finding.rule.kind is Kind.SAFEGUARD else "open",
        FindingState.UNKNOWN: "open",
    }[finding.state]


_ORDER: Final = ("bad", "open", "missing", "good")


def by_concern(findings: Iterable[Finding]) -> list[Finding]:
    """What asks for attention first, else in the given order."""
    return sorted(findings, key=lambda finding: _ORDER.index(look(finding)))


def checklist(report: Analysis) -> list[Part]:
    findings = report.findings
    found = {finding.rule.id for finding in findings.alarms}
    unseen = tuple(rule.zh for rule in rules(Kind.ALARM) if rule.id not in found)
    parts = [
        Part("警示", tuple(_items(report, findings.alarms)), unseen),
        Part("保障", tuple(_items(report, findings.safeguards))),
        Part("失败风险", tuple(_items(report, findings.risks))),
    ]
    meetings = tuple(
        Item(
            f"f-persons-{number}",
            f"{met.persons}：{len(met.alarms)} 类警示叠加",
            "!",
            "须说明相称",
            "bad",
            _named(report, met.evidence)[:PLACES],
            len(met.evidence),
        )
        for number, met in enumerate(findings.proportionality, 1)
    )
    return [*parts, Part("相称性", meetings)] if meetings else parts


def _items(report: Analysis, findings: Iterable[Finding]) -> Iterator[Item]:
    for finding in findings:
        yield Item(
            anchor(finding),
            finding.rule.zh,
            sign(finding),
            finding.state.zh,
            look(finding),
            _named(report, finding.evidence)[:PLACES],
            len(finding.evidence),
        )


def _named(report: Analysis, evidence: Sequence[int]) -> tuple[tuple[int, str], ...]:
    """Every place once, with its strongest sentence."""
    places: dict[str, int] = {}
    for i in evidence:
        places.setdefault(place_of(report.sentences[i]), i)
    return tuple((i, place) for place, i in places.items())
