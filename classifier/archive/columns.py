"""The columns of the tables over an archive: one description for all formats."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from classifier.archive import facts
from classifier.archive.rows import Alarm, DocumentRow, Score
from classifier.findings import Kind, rules
from classifier.report.cells import Look
from classifier.taxonomy import CATEGORIES

Scalar = str | int | float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row with what is known of it beside the others.

    Attributes:
        group: number of its group of near-duplicates; 0 if it has none.
        address: of its report as seen from the table, quoted; empty if there is none.
    """

    row: DocumentRow
    group: int
    address: str


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    Attributes:
        name: in CSV, Parquet and JSON lines.
        zh, width, look: in the workbook.
        type: of its values, each of which may be missing.
        value: takes them from an entry.
    """

    name: str
    zh: str
    width: float
    look: Look
    type: type[str] | type[int] | type[float]
    value: Callable[[Entry], Scalar]


class Addresses:
    """Addresses of reports for a page or table in ``folder``.

    They are quoted and never have a scheme or host: such text is the name of a file.

    Args:
        reports: the folder that the rows' reports are relative to.
    """

    def __init__(self, reports: Path, folder: Path) -> None:
        self._way = os.path.relpath(reports.resolve(), folder.resolve())

    def of(self, report: str) -> str:
        """The address of one report; empty if there is none, or none within the folder."""
        path = os.path.normpath(report)
        if not report or "\0" in path or path == "." or path.startswith(("/", "..")):
            return ""
        return quote(os.path.normpath(f"{self._way}/{path}"), safe="/", errors="replace")


def nested(row: DocumentRow) -> dict[str, Any]:
    """What formats that can nest tell beside the columns: all alarms, ids of what is missing."""
    return {"alarms": [asdict(alarm) for alarm in row.alarms], "missing": list(row.missing)}


def _text(
    name: str,
    zh: str,
    width: float,
    value: Callable[[DocumentRow], str],
    look: Look = Look.TEXT,
) -> Field:
    return Field(name, zh, width, look, str, lambda entry: value(entry.row) or None)


def _figure(name: str, zh: str, look: Look, value: Callable[[Score], float]) -> Field:
    """A figure that only a scored document has."""

    def read(entry: Entry) -> Scalar:
        figure = None if entry.row.score is None else value(entry.row.score)
        return figure if figure is not None and math.isfinite(figure) else None

    return Field(name, zh, 9, look, int if look is Look.WHOLE else float, read)


def _category(code: str) -> Field:
    title = f"{code} {CATEGORIES[code].zh}"
    return _figure(code, title, Look.WHOLE, lambda score: score.profile.get(code, 0))


def _of_strongest(value: Callable[[Alarm], Scalar]) -> Callable[[Entry], Scalar]:
    return lambda entry: value(entry.row.alarms[0]) if entry.row.alarms else None


def _verdict(row: DocumentRow) -> str:
    return row.score.verdict.zh if row.score else ""


def _safeguards(row: DocumentRow) -> str:
    names = {rule.id: rule.zh for rule in rules(Kind.SAFEGUARD)}
    return "、".join(names.get(id_, id_) for id_ in row.missing)


def _listed(row: DocumentRow) -> str:
    return "、".join(f"{alarm.zh}（{alarm.count}）" for alarm in row.alarms)


FIELDS: Final = (
    _text("path", "文件", 40, lambda row: row.path),
    _text("member", "包内路径", 24, lambda row: row.member),
    _text("title", "标题", 36, lambda row: row.title),
    Field("report", "报告", 12, Look.LINK, str, lambda entry: entry.address or None),
    _text("verdict", "结论代码", 15, lambda row: row.score.verdict.value if row.score else ""),
    _text("verdict_zh", "结论", 11, _verdict),
    _figure("score", "取向得分", Look.DECIMAL, lambda score: score.balance),
    _figure("score_low", "区间下限", Look.DECIMAL, lambda score: score.low),
    _figure("score_high", "区间上限", Look.DECIMAL, lambda score: score.high),
    _figure("salience", "有倾向的占比", Look.PERCENT, lambda score: score.salience),
    _figure("assistive", "赋能句数（估计）", Look.DECIMAL, lambda score: score.assistive),
    _figure("control", "管控句数（估计）", Look.DECIMAL, lambda score: score.control),
    _figure("counted", "计入句数", Look.WHOLE, lambda score: score.counted),
    Field("alarm_kinds", "警示种数", 9, Look.WHOLE, int, lambda entry: len(entry.row.alarms)),
    _text("alarm_list", "警示（句数），最强在前", 40, _listed, Look.WRAPPED),
    Field(
        "strongest_alarm_text", "最强警示的原句", 50, Look.WRAPPED, str,
        _of_strongest(lambda alarm: alarm.text or None),
    ),
    Field(
        "strongest_alarm_page", "原句页码", 9, Look.WHOLE, int,
        _of_strongest(lambda alarm: alarm.page or None),
    ),
    _text("missing_safeguards", "未见的保障", 30, _safeguards, Look.WRAPPED),
    *(_category(code) for code in CATEGORIES),
    _text("reason", "结果码", 13, lambda row: row.reason.value),
    _text("next_step", "下一步", 40, lambda row: row.reason.next_step),
    _text("detail", "详情", 24, lambda row: row.detail),
    _text("format", "格式", 7, lambda row: row.format),
    Field("pages", "页数", 7, Look.WHOLE, int, lambda entry: entry.row.pages),
    Field("sentences", "句数", 8, Look.WHOLE, int, lambda entry: entry.row.sentences),
    Field("seconds", "用时（秒）", 9, Look.DECIMAL, float, lambda entry: entry.row.seconds),
    Field("group", "近似组", 8, Look.WHOLE, int, lambda entry: entry.group or None),
    _text("folder", "文件夹", 16, facts.folder),
    Field("year", "年份（推断）", 9, Look.WHOLE, int, lambda entry: facts.year(entry.row)),
    _text("buyer", "买方（推断）", 24, facts.buyer),
    _text("content", "SHA-256", 20, lambda row: row.content),
)  # fmt: skip
