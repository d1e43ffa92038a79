"""Alarms and safeguards: what a document plans to do to people, and what protects them.

A rule of ``data/findings.yaml`` names categories and a cue; the sentences the
model gave one of these categories and that show the cue are its evidence. A general
rule takes only what no specific one has explained, so that it does not repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from classifier.resources import folder
from classifier.taxonomy import CATEGORIES


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    zh: str
    en: str
    why: str
    categories: frozenset[str]
    cue: re.Pattern[str]
    general: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule and the indices of the sentences that show it; no evidence means "not found"."""

    rule: Rule
    evidence: tuple[int, ...]

    @property
    def found(self) -> bool:
        return bool(self.evidence)


@dataclass(frozen=True, slots=True)
class Findings:
    """``alarms`` lists only what was found; ``safeguards`` lists all, found or not."""

    alarms: tuple[Finding, ...]
    safeguards: tuple[Finding, ...]


@cache
def rules(kind: str) -> tuple[Rule, ...]:
    """The rules of one kind, ``alarms`` or ``safeguards``, strongest first."""
    source = yaml.safe_load((folder("data") / "findings.yaml").read_text(encoding="utf-8"))
    return tuple(
        Rule(
            **{key: entry[key] for key in ("id", "zh", "en", "why")},
            categories=frozenset(entry["categories"]) & CATEGORIES.keys(),
            cue=re.compile(entry["cue"]),
            general=entry.get("general", False),
        )
        for entry in source[kind]
    )


def find(
    texts: Sequence[str], categories: Sequence[Sequence[str]], strength: Sequence[float]
) -> Findings:
    """Apply all rules.

    Args:
        texts: sentences in document order.
        categories: the codes each was given.
        strength: probability by which evidence is sorted, strongest first.
    """
    alarms = _apply(rules("alarms"), texts, categories, strength)
    safeguards = _apply(rules("safeguards"), texts, categories, strength)
    return Findings(tuple(f for f in alarms if f.found), safeguards)


def _apply(
    kind: Sequence[Rule],
    texts: Sequence[str],
    categories: Sequence[Sequence[str]],
    strength: Sequence[float],
) -> tuple[Finding, ...]:
    evidence: dict[str, list[int]] = {rule.id: [] for rule in kind}
    for i, (text, codes) in enumerate(zip(texts, categories, strict=True)):
        explained: set[str] = set()
        for rule in kind:
            open_ = rule.categories & set(codes)
            if rule.general:
                open_ -= explained
            if open_ and rule.cue.search(text):
                evidence[rule.id].append(i)
                explained |= rule.categories
    return tuple(
        Finding(rule, tuple(sorted(evidence[rule.id], key=lambda i: (-strength[i], i))))
        for rule in kind
    )
