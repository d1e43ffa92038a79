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

import numpy as np
import yaml

from classifier.resources import folder
from classifier.taxonomy import CATEGORIES, LABELS


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
    texts: Sequence[str], categories: Sequence[Sequence[str]], probabilities: np.ndarray
) -> Findings:
    """Apply all rules.

    Args:
        texts: sentences in document order.
        categories: the codes each was given.
        probabilities: (sentences, labels); evidence is sorted by the probability of
            the rule's own categories, strongest first.
    """
    alarms = _apply(rules("alarms"), texts, categories, probabilities)
    safeguards = _apply(rules("safeguards"), texts, categories, probabilities)
    return Findings(tuple(f for f in alarms if f.found), safeguards)


def _apply(
    kind: Sequence[Rule],
    texts: Sequence[str],
    categories: Sequence[Sequence[str]],
    probabilities: np.ndarray,
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
        Finding(rule, _strongest_first(rule, evidence[rule.id], probabilities)) for rule in kind
    )


def _strongest_first(rule: Rule, evidence: list[int], probabilities: np.ndarray) -> tuple[int, ...]:
    columns = [LABELS.index(code) for code in rule.categories]
    return tuple(sorted(evidence, key=lambda i: (-probabilities[i, columns].max(), i)))
