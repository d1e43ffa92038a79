"""Apply the rules: alarms and safeguards by label and cue, risks and proportionality behind them.

A rule of ``data/findings.yaml`` names categories and a cue; the sentences the
model gave one of these categories and that show the cue are its evidence. A general
rule takes only what no specific one has explained, so that it does not repeat it.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np

from classifier.findings.context import about_bidding, document_kind
from classifier.findings.model import Finding, Findings, FindingState, Kind
from classifier.findings.proportionality import meetings
from classifier.findings.risks import find_risks
from classifier.findings.rules import DocumentKind, LabelRule, label_rules
from classifier.taxonomy import LABELS


def find(
    texts: Sequence[str],
    categories: Sequence[Sequence[str]],
    probabilities: np.ndarray,
    sections: Sequence[Sequence[str]] | None = None,
) -> Findings:
    """Apply all rules.

    Args:
        texts: sentences in document order.
        categories: the codes each was given.
        probabilities: (sentences, labels); evidence is sorted by the probability of
            the rule's own categories, strongest first.
        sections: headings above each sentence, outermost first.
    """
    if sections is None:
        sections = [()] * len(texts)
    kind, bidding = document_kind(texts, sections), about_bidding(sections)
    all_alarms = _apply(Kind.ALARM, texts, categories, probabilities)
    alarms = tuple(finding for finding in all_alarms if finding.found)
    safeguards = _apply(Kind.SAFEGUARD, texts, categories, probabilities, bidding)
    if kind is DocumentKind.OTHER:
        safeguards = tuple(map(_unless_silent, safeguards))
    return Findings(
        alarms=alarms,
        safeguards=safeguards,
        risks=find_risks(texts, categories, alarms, bidding, kind),
        proportionality=meetings(texts, sections, alarms),
    )


def _unless_silent(finding: Finding) -> Finding:
    """A document with too little to tell does not lack a safeguard by not naming it."""
    return finding if finding.found else replace(finding, state=FindingState.UNKNOWN)


def _apply(
    kind: Kind,
    texts: Sequence[str],
    categories: Sequence[Sequence[str]],
    probabilities: np.ndarray,
    left_out: Container[int] = (),
) -> tuple[Finding, ...]:
    applied = label_rules(kind)
    evidence: dict[str, list[int]] = {labelled.rule.id: [] for labelled in applied}
    for i, (text, codes) in enumerate(zip(texts, categories, strict=True)):
        if i in left_out:
            continue
        explained: set[str] = set()
        for labelled in applied:
            open_ = [code for code in codes if not (labelled.general and code in explained)]
            if labelled.pattern.matches(text, open_):
                explained |= labelled.rule.categories
                if _strength(labelled, probabilities[i]) >= labelled.least:
                    evidence[labelled.rule.id].append(i)
    repeated = _repeated(texts)
    return tuple(
        _finding(labelled, evidence[labelled.rule.id], probabilities, repeated)
        for labelled in applied
    )


def _repeated(texts: Sequence[str]) -> set[int]:
    """Sentences whose very words stand earlier already."""
    first: dict[str, int] = {}
    return {i for i, text in enumerate(texts) if first.setdefault(text, i) != i}


def _finding(
    labelled: LabelRule, evidence: list[int], probabilities: np.ndarray, repeated: set[int]
) -> Finding:
    """Repetitions come last, so that the first pieces of evidence tell the most."""
    ranked = sorted(
        evidence, key=lambda i: (i in repeated, -_strength(labelled, probabilities[i]), i)
    )
    state = FindingState.FOUND if ranked else FindingState.NOT_FOUND
    return Finding(labelled.rule, tuple(ranked), state)


def _strength(labelled: LabelRule, probabilities: np.ndarray) -> float:
    return max(probabilities[LABELS.index(code)] for code in labelled.rule.categories)
