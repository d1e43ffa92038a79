"""The reviewed result of a document as JSON: machine and people side by side, and the trail.

Described by ``data/review.schema.json``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from classifier.report.json import orientation_to_json
from classifier.review import trail
from classifier.review.model import Decision, Label, SignOff, Standing, StoredSentence
from classifier.review.store import ReviewStore
from classifier.taxonomy import LABELS

SCHEMA_VERSION = "1.0"


def export(store: ReviewStore, key: str) -> dict[str, Any]:
    """Plain values; what every reviewer said is in it, also what others have not seen yet."""
    document = store.document(key)
    standings, entries = store.standings(key), store.trail(key)
    valid = trail.in_force(entries)
    return {
        "schema_version": SCHEMA_VERSION,
        "document": {
            "name": document.name,
            "member": document.member,
            "format": document.format,
            "sha256": document.sha256,
        },
        "model": {"name": document.model, "version": document.model_version},
        "orientation": orientation_to_json(document.score),
        "sign_offs": [_sign_off(signed, entries) for signed in store.sign_offs(key)],
        "agreement": [
            {
                "reviewers": list(found.reviewers),
                "question": found.question.value,
                "sentences": found.sentences,
                "kappa": found.kappa,
                "f1": found.f1,
            }
            for found in store.agreement(key)
        ],
        "sentences": [
            _sentence(sentence, standings.get(sentence.index)) for sentence in store.sentences(key)
        ],
        "trail": [_entry(entry, entry.number in valid) for entry in entries],
    }


def _sentence(sentence: StoredSentence, standing: Standing | None) -> dict[str, Any]:
    opinions = standing.opinions if standing else {}
    return {
        "index": sentence.index,
        "text": sentence.text,
        "section": list(sentence.section),
        "page": sentence.page,
        "counted": sentence.counted,
        "machine": {
            **_label(sentence.machine),
            "doubtful": sentence.doubtful,
            "probabilities": dict(
                zip(LABELS, (round(p, 4) for p in sentence.probabilities), strict=True)
            ),
        },
        "human": _label(standing.human) if standing and standing.human else None,
        "is_disputed": bool(standing and standing.is_disputed),
        "opinions": {
            name: _label(decision.label) for name, decision in opinions.items() if decision.label
        },
        "adjudicated_by": standing.adjudication.reviewer
        if standing and standing.adjudication
        else None,
    }


def _entry(entry: Decision, in_force: bool) -> dict[str, Any]:
    return {
        "number": entry.number,
        "sentence": entry.sentence,
        "reviewer": entry.reviewer,
        "act": entry.act.value,
        "label": _label(entry.label) if entry.label else None,
        "undone": entry.undone or None,
        "bulk": entry.bulk or None,
        "at": _time(entry.at),
        "in_force": in_force,
    }


def _sign_off(signed: SignOff, entries: tuple[Decision, ...]) -> dict[str, Any]:
    return {
        "reviewer": signed.reviewer,
        "at": _time(signed.at),
        "reviewed": signed.reviewed,
        "machine": orientation_to_json(signed.machine),
        "human": orientation_to_json(signed.human),
        "model_version": signed.model_version,
        "is_current": not entries or entries[-1].number == signed.last,
    }


def _label(label: Label) -> dict[str, Any]:
    return {"orientation": label.orientation.value, "categories": list(label.categories)}


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
