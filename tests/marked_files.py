"""Sentences with known labels, and a report on any file that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sample_report import make_report

from classifier.extract import router
from classifier.limits import Limits
from classifier.report.report import Report
from classifier.segment import segment

CONTROL = (
    "工作人员每日上下班须通过人脸识别打卡，由系统自动判定迟到早退，并计入当月绩效，逾期不得补签。"
)
HELP = "系统自动带入本人已有的信息，无需重复填写。"
BOTH = "群众可以在线查询办理进度，同时系统记录查询人的位置。"
PLAIN = "本项目的预算为三百二十万元。"
LABELS = {CONTROL: "C1 C2", HELP: "A1", BOTH: "A3 C3"}


def report_on(
    data: bytes, name: str = "原件.pdf", labels: Mapping[str, str] = LABELS, **changes
) -> Report:
    """A report whose sentences bear the given labels, on what the reader makes of ``data``."""
    document = replace(router.read(data, name, Limits()), **changes)
    given = [
        next((codes for text, codes in labels.items() if text in s.text), "")
        for s in segment(document)
    ]
    return replace(make_report(list(document.blocks), given), document=document)
