"""Alarms and safeguards from labelled sentences."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.findings import Kind, find, rules
from classifier.taxonomy import CATEGORIES, LABELS


def certain(*p: float) -> np.ndarray:
    """Every label of a sentence with the same probability."""
    return np.repeat(np.array(p)[:, None], len(LABELS), axis=1)


def found(text: str, *codes: str) -> set[str]:
    result = find([text], [codes], certain(0.9))
    return {f.rule.id for f in (*result.alarms, *result.safeguards) if f.found}


@pytest.mark.parametrize(
    ("text", "codes", "expected"),
    [
        ("上下班采用人脸识别打卡", ("C1", "C2"), {"biometric_attendance"}),
        ("自动抓取上网行为与浏览记录", ("C4",), {"web_capture"}),
        ("自动截屏并记录员工上网行为", ("C4",), {"web_capture", "screen_capture"}),
        ("每日报送工作计划", ("C5",), {"compulsory_daily_reports"}),
        ("每周绩效量化得分并排名", ("C6",), {"quantified_ranking"}),
        ("按季度考核打分", ("C6",), {"performance_scoring"}),
        ("扣发当月奖金", ("C7",), {"sanctions"}),
        ("按月排名，末位扣发奖金", ("C6", "C7"), {"quantified_ranking", "sanctions"}),
        ("识别打瞌睡的驾驶员", ("C4",), {"monitoring"}),
        (
            "项目先行试点，征求用户代表意见后逐步推广",
            ("A6",),
            {"participation", "stepwise", "feedback"},
        ),
        ("试用期间用户可通过留言反馈意见", ("A6",), {"participation", "feedback"}),
        ("已有信息自动带入", ("A1",), {"convenience"}),
        ("本条没有任何类别，尽管写着人脸打卡", (), set()),
    ],
)
def test_rules_by_category_and_cue(text: str, codes: tuple[str, ...], expected: set[str]) -> None:
    assert found(text, *codes) == expected


def test_every_control_category_raises_some_alarm() -> None:
    for code, category in CATEGORIES.items():
        if category.orientation.value == "control":
            assert found("一句没有线索词的话", code), code


def test_strongest_evidence_first_and_missing_safeguards_listed() -> None:
    result = find(["员工每日打卡", "刷脸打卡"], [("C1",), ("C1",)], certain(0.7, 0.9))
    assert [f.rule.id for f in result.alarms] == ["biometric_attendance", "attendance"]
    again = find(["迟到扣款", "早退扣款"], [("C7",), ("C7",)], certain(0.7, 0.9))
    assert again.alarms[0].evidence == (1, 0)
    assert [f.rule.id for f in result.safeguards] == [rule.id for rule in rules(Kind.SAFEGUARD)]
    assert not any(f.found for f in result.safeguards)
