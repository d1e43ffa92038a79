"""Pages read by recognition: laid out like others, with notes on how sure they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.document import ReadBy
from classifier.extract.layout.lines import PLAIN, Style
from classifier.extract.layout.pages import LaidPage, lay_out, page_list
from classifier.extract.layout.recognition import Recognition, Refusal
from classifier.limits import Limits

DOUBTFUL: Final = 0.8
"""Mean confidence of a page below which its text must be compared with the original."""

_REFUSED: Final = {
    Refusal.OFF: "{pages}未做文字识别：已用 --ocr off 关闭。",
    Refusal.NOT_INSTALLED: "{pages}需要文字识别（OCR），请安装：pip install 'tenderlens[ocr]'。",
    Refusal.PAGES: "{pages}未识别：每份文件最多识别 {limits.ocr_pages} 页，"
    "可用 --max-ocr-pages 放宽。",
    Refusal.SECONDS: "{pages}未识别：识别已用满 {limits.ocr_seconds:g} 秒，"
    "可用 --ocr-timeout 放宽。",
    Refusal.FAILED: "{pages}文字识别出错，内容未纳入评估。",
}
_DOUBTFUL_NOTE: Final = "{pages}文字识别的置信度低（{confidences}），请对照原件核对。"
_READ_NOTE: Final = "{pages}由文字识别（OCR）读取，平均置信度 {mean}。"
_WORDLESS_NOTE: Final = "{pages}经文字识别未发现文字。"


def lay_out_recognized(found: Recognition | Refusal, page: LaidPage) -> LaidPage:
    """The page with what recognition gave for it, or with the reason why it gave nothing."""
    if isinstance(found, Refusal):
        return replace(page, refusal=found)
    page = replace(
        page,
        read_by=ReadBy.OCR,
        size=found.size,
        placement=found.placement,
        displayed=page.size,
    )
    confidence = found.glyphs.confidence
    if not len(found.glyphs):
        return page
    if confidence is not None:
        page = replace(page, confidence=round(float(confidence.mean()), 3))
    return lay_out(found.glyphs, found.rulings, _plain, page)


def _plain(at: NDArray[np.intp]) -> list[Style]:
    return [PLAIN] * len(at)


def ocr_doubts(pages: Sequence[LaidPage], limits: Limits) -> Iterator[str]:
    """What was not recognised and why, and what is doubtful: such a document is partial."""
    for refusal, note in _REFUSED.items():
        left = [page.number for page in pages if page.refusal is refusal]
        if left:
            yield note.format(pages=page_list(left), limits=limits)
    doubtful = [page for page in pages if page.confidence and page.confidence < DOUBTFUL]
    if doubtful:
        yield _DOUBTFUL_NOTE.format(
            pages=page_list([page.number for page in doubtful]),
            confidences="、".join(_shown(page.confidence or 0.0) for page in doubtful[:10]),
        )


def ocr_remarks(pages: Sequence[LaidPage]) -> Iterator[str]:
    """Which pages were recognised: for the user to know, nothing is missing for it."""
    read = [page for page in pages if page.confidence is not None]
    if read:
        weights = [page.chars for page in read]
        mean = float(np.average([page.confidence or 0.0 for page in read], weights=weights))
        yield _READ_NOTE.format(pages=page_list([page.number for page in read]), mean=_shown(mean))
    wordless = [p.number for p in pages if p.read_by is ReadBy.OCR and not p.chars]
    if wordless:
        yield _WORDLESS_NOTE.format(pages=page_list(wordless))


def _shown(confidence: float) -> str:
    """Two digits, cut: 1.00 would promise too much."""
    return f"{math.floor(confidence * 100) / 100:.2f}"
