"""Why a project may fail: retrieval of evidence over the text, for most of it is neutral to people.

Sentences can show a risk (需求另行确定) or counter it (变更须经书面审批). Silence is an answer
only where the document ought to speak: a tender for a system names a project manager, a list
of functions does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from classifier.findings.model import Finding, FindingState
from classifier.findings.rules import DocumentKind, Pattern, RiskRule, risk_rules, source

# A page of a vendor or a single form says nothing by its silence.
LEAST_SENTENCES: Final = 60
_LEAST_SHARE: Final = 0.03


def find_risks(
    texts: Sequence[str], categories: Sequence[Sequence[str]], alarms: Sequence[Finding]
) -> tuple[Finding, ...]:
    """All risks, answered; evidence in document order."""
    kind = document_kind(texts)
    return tuple(
        _answer(
            risk,
            _matching(risk.shown, texts, categories, risk.least),
            _matching(risk.countered, texts, categories),
            _silence(risk, kind, bool(alarms)),
        )
        for risk in risk_rules()
    )


def _silence(risk: RiskRule, kind: DocumentKind, has_alarms: bool) -> FindingState:
    """What it means that no sentence shows or counters the risk."""
    if not risk.telling or (risk.if_alarms and not has_alarms):
        return FindingState.NOT_FOUND
    return FindingState.PRESENT if kind in risk.telling else FindingState.UNKNOWN


def document_kind(texts: Sequence[str]) -> DocumentKind:
    """A tender or a specification of an information system, by the share of their words."""
    if len(texts) < LEAST_SENTENCES:
        return DocumentKind.OTHER
    words = source()["document_words"]
    shares = {
        name: sum(bool(re.search(cue, text)) for text in texts) / len(texts)
        for name, cue in words.items()
    }
    if shares["system"] < _LEAST_SHARE:
        return DocumentKind.OTHER
    if shares["tender"] >= _LEAST_SHARE:
        return DocumentKind.TENDER
    return DocumentKind.SPECIFICATION


def _answer(
    risk: RiskRule, shown: tuple[int, ...], countered: tuple[int, ...], silence: FindingState
) -> Finding:
    if shown and not (countered and risk.outweighs):
        return Finding(risk.rule, shown, FindingState.PRESENT)
    if countered:
        return Finding(risk.rule, countered, FindingState.COUNTERED)
    return Finding(risk.rule, (), silence)


def _matching(
    pattern: Pattern | None,
    texts: Sequence[str],
    categories: Sequence[Sequence[str]],
    least: int = 1,
) -> tuple[int, ...]:
    """Sentences that match, if they show at least so many different cues."""
    if pattern is None:
        return ()
    found = [i for i, text in enumerate(texts) if pattern.matches(text, categories[i])]
    cues = {match.group() for i in found for match in pattern.cue.finditer(texts[i])}
    return tuple(found) if len(cues) >= least else ()
