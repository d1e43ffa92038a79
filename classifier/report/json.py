"""The JSON form of a report, described by ``data/report.schema.json``."""

from __future__ import annotations

import math
from typing import Any

from classifier.document import Box, Document, Page
from classifier.findings import Finding, Proportionality
from classifier.orientation import Interval, OrientationScore
from classifier.report.model import Analysis, LabelledSentence
from classifier.taxonomy import CATEGORIES, LABELS

SCHEMA_VERSION = "1.2"


def report_to_json(report: Analysis) -> dict[str, Any]:
    document = report.document
    return {
        "schema_version": SCHEMA_VERSION,
        "document": {
            "name": document.name,
            "member": document.member,
            "format": document.format,
            "sha256": document.sha256,
            "reason": document.reason.value,
            "notes": list(document.notes),
            "pages": len(document.page_sizes) or None,
            "page_sizes": [list(size) for size in document.page_sizes],
            "pages_read": [page_to_json(page) for page in document.pages],
            "set_aside": [
                {"kind": a.kind.value, "page": a.page, "text": a.text} for a in document.asides
            ],
        },
        "model": {"name": report.model, "version": report.model_version},
        "orientation": orientation_to_json(report.orientation),
        "profile": report.profile(),
        "sections": [
            {
                "title": section.title,
                "first_sentence": section.first,
                "sentences": section.length,
                "orientation": orientation_to_json(section.orientation),
            }
            for section in report.sections
        ],
        "alarms": [finding_to_json(finding) for finding in report.findings.alarms],
        "safeguards": [finding_to_json(finding) for finding in report.findings.safeguards],
        "risks": [finding_to_json(finding) for finding in report.findings.risks],
        "proportionality": [
            proportionality_to_json(one) for one in report.findings.proportionality
        ],
        "sentences": [sentence_to_json(sentence, document) for sentence in report.sentences],
    }


def page_to_json(page: Page) -> dict[str, Any]:
    return {
        "text_layer": page.text_layer.value,
        "read_by": page.read_by.value,
        "confidence": _rounded(page.confidence),
    }


def orientation_to_json(result: OrientationScore) -> dict[str, Any]:
    return {
        "score": round(result.score, 4),
        "interval": _pair(result.interval),
        "log_ratio": round(result.log_ratio, 4),
        "log_ratio_interval": _pair(result.log_ratio_interval),
        "salience": round(result.salience, 4),
        "salience_interval": _pair(result.salience_interval),
        "assistive": round(result.assistive, 2),
        "control": round(result.control, 2),
        "sentences": result.sentences,
        "verdict": result.verdict.value,
        "verdict_zh": result.verdict.zh,
    }


def sentence_to_json(labelled: LabelledSentence, document: Document) -> dict[str, Any]:
    sentence, place = labelled.sentence, labelled.sentence.place
    return {
        "index": sentence.index,
        "text": sentence.text,
        "start": sentence.start,
        "end": sentence.end,
        "section": list(sentence.section),
        "page": place.page,
        "boxes": [[page, *_box(box)] for page, box in place.boxes],
        "confidence": _rounded(place.confidence),
        "block": place.block,
        "kind": document.blocks[place.block].kind.value,
        "cell": None
        if place.cell is None
        else {
            "table": place.cell.table,
            "row": place.cell.row,
            "column": place.cell.column,
            "header": place.cell.header,
        },
        "orientation": labelled.orientation.value,
        "categories": list(labelled.categories),
        "probabilities": {
            label: round(p, 4) for label, p in zip(LABELS, labelled.probabilities, strict=True)
        },
        "review": labelled.review,
        "counted": labelled.counted,
        "influence": round(labelled.influence, 5),
    }


def finding_to_json(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    return {
        "id": rule.id,
        "kind": rule.kind.value,
        "zh": rule.zh,
        "en": rule.en,
        "why": rule.why,
        "categories": [code for code in CATEGORIES if code in rule.categories],
        "group": rule.group,
        "state": finding.state.value,
        "state_zh": finding.state.zh,
        "found": finding.found,
        "evidence": list(finding.evidence),
    }


def proportionality_to_json(one: Proportionality) -> dict[str, Any]:
    return {
        "persons": one.persons,
        "alarms": list(one.alarms),
        "note": one.note,
        "evidence": list(one.evidence),
    }


def _pair(interval: Interval) -> list[float | None]:
    """Infinite ends, where nothing is known, become null: JSON has no infinity."""
    return [round(x, 4) if math.isfinite(x) else None for x in (interval.low, interval.high)]


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 3)


def _box(box: Box) -> list[float]:
    return [round(x, 2) for x in (box.x0, box.top, box.x1, box.bottom)]
