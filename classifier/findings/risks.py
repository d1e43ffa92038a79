"""Why a project may fail: retrieval of evidence over the text, for most of it is neutral to people.

Sentences can show a risk (需求另行确定) or counter it (变更须经书面审批). Silence is an answer
only where the document ought to speak: a tender for a system names a project manager, a list
of functions does not.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from classifier.findings.model import Finding, FindingState
from classifier.findings.rules import DocumentKind, Pattern, RiskRule, risk_rules


def find_risks(
    texts: Sequence[str],
    categories: Sequence[Sequence[str]],
    alarms: Sequence[Finding],
    about_bidding: Container[int] = (),
    kind: DocumentKind = DocumentKind.OTHER,
) -> tuple[Finding, ...]:
    """All risks, answered; evidence in document order.

    Args:
        about_bidding: indices of sentences on how to bid, which say nothing of the project.
        kind: what the document is, hence what its silence tells.
    """
    return tuple(
        _answer(
            risk,
            _matching(risk.shown, texts, categories, about_bidding, risk.least),
            _matching(risk.countered, texts, categories, about_bidding),
            _silence(risk, kind, bool(alarms)),
        )
        for risk in risk_rules()
    )


def _silence(risk: RiskRule, kind: DocumentKind, has_alarms: bool) -> FindingState:
    """What it means that no sentence shows or counters the risk."""
    if not risk.telling or (risk.if_alarms and not has_alarms):
        return FindingState.NOT_FOUND
    return FindingState.PRESENT if kind in risk.telling else FindingState.UNKNOWN


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
    about_bidding: Container[int],
    least: int = 1,
) -> tuple[int, ...]:
    """Sentences that match, if they show at least so many different cues."""
    if pattern is None:
        return ()
    found = [
        i
        for i, text in enumerate(texts)
        if pattern.matches(text, categories[i]) and i not in about_bidding
    ]
    cues = {match.group() for i in found for match in pattern.cue.finditer(texts[i])}
    return tuple(found) if len(cues) >= least else ()
