"""The rules of ``data/findings.yaml``, compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import yaml

from classifier.findings.model import Kind, Rule
from classifier.resources import folder
from classifier.taxonomy import CATEGORIES


class DocumentKind(StrEnum):
    """What a text is, as far as it says what may be expected in it."""

    TENDER = "tender"
    SPECIFICATION = "specification"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which sentences count.

    Attributes:
        cue: what the text must show; an empty one matches all.
        unless: what it must not show, if anything.
        categories: codes of which it must bear one, if any are named.
    """

    cue: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    categories: frozenset[str] = frozenset()

    def matches(self, text: str, codes: Sequence[str]) -> bool:
        if self.categories and self.categories.isdisjoint(codes):
            return False
        return bool(self.cue.search(text)) and not (self.unless and self.unless.search(text))


@dataclass(frozen=True, slots=True)
class LabelRule:
    """An alarm or a safeguard: sentences that the model gave one of its categories.

    Attributes:
        general: takes only sentences that no rule above it has explained.
        least: probability that one of its categories must reach.
    """

    rule: Rule
    pattern: Pattern
    general: bool
    least: float


@dataclass(frozen=True, slots=True)
class RiskRule:
    """A risk: sentences that show it, and sentences that counter it.

    Attributes:
        least: how many different cues of ``shown`` must stand in the document.
        outweighs: whether it is countered although sentences show it.
        telling: kinds of documents that ought to counter it, so that silence shows it.
        if_alarms: silence shows it only where the document has alarms.
    """

    rule: Rule
    shown: Pattern | None
    countered: Pattern | None
    least: int
    outweighs: bool
    telling: frozenset[DocumentKind]
    if_alarms: bool


def rules(kind: Kind) -> tuple[Rule, ...]:
    """The rules of one kind, strongest first."""
    if kind is Kind.RISK:
        return tuple(risk.rule for risk in risk_rules())
    return tuple(labelled.rule for labelled in label_rules(kind))


@cache
def label_rules(kind: Kind) -> tuple[LabelRule, ...]:
    never = source().get(f"{kind.value}s_unless", [])
    return tuple(
        LabelRule(
            rule := _rule(kind, entry),
            _pattern({**entry, "categories": rule.categories}, never),
            entry.get("general", False),
            entry.get("least", 0.0),
        )
        for entry in source()[f"{kind.value}s"]
    )


@cache
def risk_rules() -> tuple[RiskRule, ...]:
    never = source()["risks_unless"]
    return tuple(
        RiskRule(
            _rule(Kind.RISK, entry),
            _pattern(entry["shown"], never) if "shown" in entry else None,
            _pattern(entry["countered"], never) if "countered" in entry else None,
            entry.get("least", 1),
            entry.get("outweighs", False),
            frozenset(map(DocumentKind, entry.get("telling", ()))),
            entry.get("if_alarms", False),
        )
        for entry in source()["risks"]
    )


@cache
def source() -> dict[str, Any]:
    return yaml.safe_load((folder("data") / "findings.yaml").read_text(encoding="utf-8"))


def _rule(kind: Kind, entry: Mapping[str, Any]) -> Rule:
    return Rule(
        kind=kind,
        **{key: entry[key] for key in ("id", "zh", "en", "why")},
        categories=frozenset(entry.get("categories", ())) & CATEGORIES.keys(),
        group=entry.get("group", ""),
    )


def _pattern(entry: Mapping[str, Any], never: Sequence[str] = ()) -> Pattern:
    """``cue`` and ``unless`` may be lists of alternatives; ``never`` adds to the latter."""
    unless = _joined([_joined(part) for part in (entry.get("unless"), never) if part])
    return Pattern(
        re.compile(_joined(entry.get("cue", ""))),
        re.compile(unless) if unless else None,
        frozenset(entry.get("categories", ())) & CATEGORIES.keys(),
    )


def _joined(alternatives: str | Sequence[str]) -> str:
    return alternatives if isinstance(alternatives, str) else "|".join(alternatives)
