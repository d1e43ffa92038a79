"""How the pages of a document were read, for the head of a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from classifier.document import Page, Place, ReadBy, TextLayer
from classifier.report.passages import ranges

LEAST_CONFIDENCE: Final = 0.8
"""Sentences recognised with less are marked for the reader to check against the original."""

_WAYS: Final = {
    ReadBy.TEXT_LAYER: "文字层",
    ReadBy.OCR: "文字识别（OCR）",
    ReadBy.NOTHING: "未读出",
}
_LAYERS: Final = {
    TextLayer.GOOD: "文字层良好",
    TextLayer.BLANK: "空白页",
    TextLayer.MISSING: "没有文字层",
    TextLayer.GARBLED: "文字层是乱码",
    TextLayer.HIDDEN: "文字层不可见",
    TextLayer.DAMAGED: "页面损坏",
}

_UNREMARKABLE: Final = {
    (ReadBy.TEXT_LAYER, TextLayer.GOOD),
    (ReadBy.TEXT_LAYER, TextLayer.BLANK),
    (ReadBy.NOTHING, TextLayer.BLANK),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """Pages read in the same way; ``confidence`` is their mean in per cent, if recognised."""

    way: str
    layer: str
    pages: str
    confidence: str


def readings(pages: Sequence[Page]) -> list[Reading]:
    """Pages by the way they were read; nothing where all are blank or had a good text layer."""
    numbers: dict[tuple[ReadBy, TextLayer], list[int]] = defaultdict(list)
    for number, page in enumerate(pages, 1):
        numbers[page.read_by, page.text_layer].append(number)
    if not numbers.keys() - _UNREMARKABLE:
        return []
    return [
        Reading(
            _WAYS[way],
            _LAYERS[layer],
            ranges(set(own)),
            _mean([c for n in own if (c := pages[n - 1].confidence) is not None]),
        )
        for (way, layer), own in numbers.items()
    ]


def is_doubtful(place: Place) -> bool:
    """Whether the text at a place may have been misrecognised."""
    return place.confidence is not None and place.confidence < LEAST_CONFIDENCE


def _mean(confidences: list[float]) -> str:
    return f"{100 * sum(confidences) / len(confidences):.1f} %" if confidences else ""
