"""What a marked copy says of a sentence and how it shows it, the same in every format."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from classifier.document import Box
from classifier.findings import Finding
from classifier.report.model import Analysis, LabelledSentence
from classifier.report.reading import is_doubtful
from classifier.taxonomy import CATEGORIES, QUESTIONS, Orientation

AUTHOR: Final = "tenderlens"
INITIALS: Final = "TL"

SYMBOLS: Final = {
    Orientation.ASSISTIVE: "▲",
    Orientation.CONTROL: "▼",
    Orientation.MIXED: "◆",
}
"""As in the HTML report, so that nothing hangs on colour alone."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence to be marked, ``[start, end)`` of the document's text, and what to say of it.

    ``boxes`` are in points of the page as displayed, as in :class:`classifier.document.Place`.
    """

    orientation: Orientation
    text: str
    note: str
    start: int
    end: int
    block: int
    boxes: tuple[tuple[int, Box], ...] = ()


def marks(report: Analysis) -> tuple[Mark, ...]:
    """A mark for every sentence that bears an orientation, in document order."""
    findings: dict[int, list[Finding]] = defaultdict(list)
    for finding in (*report.findings.alarms, *report.findings.safeguards):
        for index in finding.evidence:
            findings[index].append(finding)
    return tuple(
        Mark(
            orientation=labelled.orientation,
            text=labelled.text,
            note=note(labelled, findings[index]),
            start=labelled.sentence.start,
            end=labelled.sentence.end,
            block=labelled.sentence.place.block,
            boxes=labelled.sentence.place.boxes,
        )
        for index, labelled in enumerate(report.sentences)
        if labelled.orientation is not Orientation.NEUTRAL
    )


def note(labelled: LabelledSentence, findings: Sequence[Finding] = ()) -> str:
    """Label, categories, reason and doubts in a few lines of Chinese."""
    lines = [f"{title(labelled.orientation)}（{_questions(labelled)}）"]
    if labelled.categories:
        listed = (
            f"{code} {CATEGORIES[code].zh} {percent(labelled.probability(code))}"
            for code in labelled.categories
        )
        lines.append("类别：" + "；".join(listed))
    lines += [f"发现：{finding.rule.zh}。{finding.rule.why}" for finding in findings]
    if not findings:
        lines += [f"{code} 涵盖：{CATEGORIES[code].covers}" for code in labelled.categories]
    if labelled.review:
        lines.append("待复核：模型没有把握。")
    if not labelled.counted:
        lines.append("与前文重复，不计入得分。")
    if is_doubtful(labelled.sentence.place):
        lines.append("文字由识别（OCR）得来，可能有误，请与原文核对。")
    return "\n".join(lines)


def title(orientation: Orientation) -> str:
    return f"{SYMBOLS[orientation]} {orientation.zh}"


def percent(probability: float) -> str:
    """Whole per cent; nought and a hundred are never claimed."""
    rounded = round(100 * probability)
    return "<1 %" if rounded <= 0 else ">99 %" if rounded >= 100 else f"{rounded} %"


def _questions(labelled: LabelledSentence) -> str:
    """The probabilities of the sides that were given."""
    mixed = labelled.orientation is Orientation.MIXED
    given = [q for q in QUESTIONS if mixed or q is labelled.orientation]
    named = (f"{q.zh if mixed else ''}概率 {percent(labelled.probability(q.value))}" for q in given)
    return "，".join(named)
