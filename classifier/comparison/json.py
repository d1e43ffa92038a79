"""The JSON form of a comparison, described by ``data/compare.schema.json``."""

from __future__ import annotations

from typing import Any

from classifier.comparison.model import Change, Differences, FindingChange, MeetingChange
from classifier.comparison.overview import overview
from classifier.report.json import (
    orientation_to_json,
    proportionality_to_json,
    sentence_to_json,
)
from classifier.report.model import Analysis, LabelledSentence

SCHEMA_VERSION = "1.1"


def comparison_to_json(differences: Differences) -> dict[str, Any]:
    score, counts = differences.score, differences.counts()
    return {
        "schema_version": SCHEMA_VERSION,
        "model": {"name": differences.new.model, "version": differences.new.model_version},
        "overview": overview(differences),
        "score": {
            "old": orientation_to_json(score.old),
            "new": orientation_to_json(score.new),
            "difference": round(score.difference, 4),
            "intervals_separate": score.separate,
        },
        "counts": {
            name: counts[name]
            for name in (
                "same",
                "renumbered",
                "reworded",
                "added",
                "removed",
                "moved",
                "relabelled",
                "oriented",
            )
        },
        "categories": {
            code: {"old": old, "new": new} for code, (old, new) in differences.categories.items()
        },
        "alarms": [_finding(change) for change in differences.alarms],
        "safeguards": [_finding(change) for change in differences.safeguards],
        "risks": [_finding(change) for change in differences.risks],
        "proportionality": [_meeting(change) for change in differences.proportionality],
        "changes": [_change(change) for change in differences.changes],
        "old": _draft(differences.old),
        "new": _draft(differences.new),
    }


def _draft(report: Analysis) -> dict[str, Any]:
    document = report.document
    return {
        "name": document.name,
        "member": document.member,
        "format": document.format,
        "sha256": document.sha256,
        "reason": document.reason.value,
        "notes": list(document.notes),
        "pages": len(document.page_sizes) or None,
        "sentences": [sentence_to_json(sentence, document) for sentence in report.sentences],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "old": _index(change.old),
        "new": _index(change.new),
        "similarity": round(change.similarity, 4),
        "moved": change.moved,
        "relabelled": change.relabelled,
        "weight": round(change.weight, 5),
    }


def _index(side: LabelledSentence | None) -> int | None:
    return None if side is None else side.sentence.index


def _finding(change: FindingChange) -> dict[str, Any]:
    rule = change.rule
    return {
        "id": rule.id,
        "zh": rule.zh,
        "en": rule.en,
        "why": rule.why,
        "fate": change.fate.value,
        "old_state": change.old_state.value,
        "new_state": change.new_state.value,
        "old": list(change.old),
        "new": list(change.new),
    }


def _meeting(change: MeetingChange) -> dict[str, Any]:
    return {
        "persons": change.persons,
        "fate": change.fate.value,
        "old": None if change.old is None else proportionality_to_json(change.old),
        "new": None if change.new is None else proportionality_to_json(change.new),
    }
