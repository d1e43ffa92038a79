"""Findings: what a document plans to do to people, what protects them, and why it may fail."""

from classifier.findings.find import find
from classifier.findings.model import (
    Finding,
    Findings,
    FindingState,
    Kind,
    Proportionality,
    Rule,
)
from classifier.findings.rules import rules

__all__ = [
    "Finding",
    "FindingState",
    "Findings",
    "Kind",
    "Proportionality",
    "Rule",
    "find",
    "rules",
]
