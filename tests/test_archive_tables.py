"""Tables over an archive: they say what the rows say, in every format, and calculate nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import openpyxl
import pandas
import pytest
from archive_rows import FORMULAS, HOSTILE, failed, many, row, score
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.archive import facts, tables
from classifier.archive.groups import Group, Groups
from classifier.archive.rows import Alarm, DocumentRow, Score
from classifier.archive.tables import Format, write_tables
from classifier.errors import Reason
from classifier.orientation import Verdict
from classifier.report import cells
from classifier.taxonomy import CATEGORIES

ALONE = Groups((), {})


def written(
    rows: Iterable[DocumentRow], folder: Path, *formats: Format, groups: Groups = ALONE
) -> dict[Format, Path]:
    targets = {kind: folder / f"表.{kind}" for kind in formats or Format}
    write_tables(rows, groups, targets, folder)
    return targets


def csv_records(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def json_records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def unguarded(text: str) -> str:
    """What stands in a CSV cell without the apostrophes that keep it from being calculated."""
    sign = r"[=+\-@|%＝＋－＠]"
    first = rf"'*[\s\u200b\ufeff]*(?:[\t\r\n]|{sign})"
    later = rf"'*(?:[^\S\r\n\t]|[\u200b\ufeff])*{sign}"
    return re.sub(rf"^'(?={first})|(?<=[\r\n\t;])'(?={later})", "", text)


def test_every_format_says_the_same(tmp_path: Path) -> None:
    rows = many(60)
    groups = Groups((Group((0, 3), 0.9),), {0: 1, 3: 1})
    targets = written(rows, tmp_path, groups=groups)
    lines = json_records(targets[Format.JSONL])
    frame = pandas.read_csv(targets[Format.CSV])
    database = duckdb.connect()
    parquet = database.sql(f"select * from '{targets[Format.PARQUET]}'").df()
    read = database.sql(f"select path, score, C1, verdict from read_csv('{targets[Format.CSV]}')")
    assert len(lines) == len(frame) == len(parquet) == len(read.fetchall()) == len(rows)
    for made, line, flat, stored in zip(
        rows, lines, frame.to_dict("records"), parquet.to_dict("records"), strict=True
    ):
        assert line["path"] == flat["path"] == stored["path"] == made.path
        assert line["reason"] == flat["reason"] == stored["reason"] == made.reason.value
        assert [alarm["rule"] for alarm in line["alarms"]] == [a.rule for a in made.alarms]
        assert [alarm["count"] for alarm in stored["alarms"]] == [a.count for a in made.alarms]
        assert list(stored["missing"]) == line["missing"] == list(made.missing)
        if made.score is None:
            assert line["score"] is None and pandas.isna(flat["score"])
            assert line["next_step"] == made.reason.next_step
        else:
            assert line["score"] == flat["score"] == stored["score"] == made.score.balance
            assert line["verdict_zh"] == made.score.verdict.zh
            assert {code: line[code] for code in CATEGORIES} == made.score.profile
            assert {code: stored[code] for code in CATEGORIES} == made.score.profile
    assert [line["group"] for line in lines[:5]] == [1, None, None, 1, None]


def test_the_workbook_has_typed_cells_a_header_in_view_a_filter_and_links(tmp_path: Path) -> None:
    rows = [row("甲.pdf", report="reports/第 1%份#.html"), failed("乙.pdf", Reason.ENCRYPTED)]
    book = openpyxl.load_workbook(written(rows, tmp_path, Format.XLSX)[Format.XLSX])
    sheet = book[tables.DOCUMENTS]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions
    titles = [cell.value for cell in sheet[1]]
    first, second = (dict(zip(titles, cells, strict=True)) for cells in sheet.iter_rows(min_row=2))
    assert first["取向得分"].value == -0.6 and first["取向得分"].data_type == "n"
    assert first["有倾向的占比"].number_format == "0.0%"
    assert first["C1 考勤查岗"].value == 4
    assert first["最强警示的原句"].value == "上班须刷脸打卡。"
    assert first["未见的保障"].value == "隐私与最小采集、反馈与申诉渠道"
    target = first["报告"].hyperlink.target
    assert unquote(target) == "reports\\第 1%份#.html" and "#" not in target
    assert second["下一步"].value.startswith("文件有密码")
    assert second["取向得分"].value is None and second["报告"].hyperlink is None


def test_links_are_relative_to_the_table(tmp_path: Path) -> None:
    (tmp_path / "表").mkdir()
    target = tmp_path / "表" / "a.jsonl"
    write_tables([row()], ALONE, {Format.JSONL: target}, tmp_path / "库")
    (line,) = json_records(target)
    assert unquote(line["report"]) == "../库/reports/00001-甲.report.html"


@pytest.mark.parametrize(
    "report",
    ["/etc/passwd", "../../x.html", "a/../../x", "nul\0.html"],
)
def test_a_report_outside_its_folder_gets_no_link(report: str, tmp_path: Path) -> None:
    (line,) = json_records(written([row(report=report)], tmp_path)[Format.JSONL])
    assert line["report"] is None


@pytest.mark.parametrize("report", ["javascript:alert(1)", "http://x.invalid/a", "\\\\host\\a"])
def test_an_address_cannot_name_a_scheme_or_host(report: str, tmp_path: Path) -> None:
    targets = written([row(report=report)], tmp_path)
    (line,) = json_records(targets[Format.JSONL])
    assert ":" not in line["report"] and "\\" not in line["report"]
    sheet = openpyxl.load_workbook(targets[Format.XLSX])[tables.DOCUMENTS]
    assert ":" not in sheet["D2"].hyperlink.target
    assert not sheet["D2"].hyperlink.target.startswith("\\\\")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_calculated(text: str, tmp_path: Path) -> None:
    alarm = Alarm("sanctions", text, 1, text, 1, 0)
    made = row(text, member=text, title=text, detail=text, alarms=(alarm,))
    targets = written([made], tmp_path)
    (flat,) = csv_records(targets[Format.CSV])
    for name in ("path", "member", "title", "detail", "alarm_list", "strongest_alarm_text"):
        for part in re.split(r"[\r\n\t;]", flat[name]):
            assert not re.match(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]", part), name
        assert flat[name][0] not in "\t\r\n"
    assert unguarded(flat["title"]) == text
    book = openpyxl.load_workbook(targets[Format.XLSX])
    cells = [cell for sheet in book for cells in sheet.iter_rows() for cell in cells]
    assert not any(cell.data_type == "f" for cell in cells)
    (line,) = json_records(targets[Format.JSONL])
    assert line["title"] == text


def test_negative_scores_stay_numbers_in_csv(tmp_path: Path) -> None:
    path = written([row()], tmp_path, Format.CSV)[Format.CSV]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert csv_records(path)[0]["score"] == "-0.6"


texts = st.text(st.characters(codec=None), max_size=30) | st.sampled_from([*FORMULAS, HOSTILE])
floats = st.floats(allow_nan=True, allow_infinity=True)
scores = st.builds(
    Score,
    *[floats] * 4,
    st.sampled_from(Verdict),
    floats,
    floats,
    st.integers(0, 10**9),
    st.fixed_dictionaries({code: st.integers(0, 10**6) for code in CATEGORIES}),
)
numbers = st.integers(0, 10**9)
alarms = st.builds(
    Alarm, st.sampled_from(["sanctions", "x"]), texts, numbers, texts, numbers, numbers
)
rows_strategy = st.builds(
    DocumentRow, texts, texts, texts, texts, st.sampled_from(Reason), texts, texts, numbers,
    numbers, st.floats(0, 1e6), st.none() | scores, st.lists(alarms, max_size=3).map(tuple),
    st.lists(st.sampled_from(["privacy", "feedback", "x"]), max_size=3).map(tuple), texts,
    st.just(()),
)  # fmt: skip


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(rows_strategy, max_size=4))
def test_whatever_the_rows_hold_comes_back(rows: list[DocumentRow], tmp_path: Path) -> None:
    targets = written(rows, tmp_path)
    lines = json_records(targets[Format.JSONL])
    flat = csv_records(targets[Format.CSV])
    stored = duckdb.sql(f"select * from '{targets[Format.PARQUET]}'").fetchall()
    book = openpyxl.load_workbook(targets[Format.XLSX])
    assert len(lines) == len(flat) == len(stored) == len(rows)
    assert book[tables.DOCUMENTS].max_row == len(rows) + 1
    assert not any(c.data_type == "f" for sheet in book for r in sheet.iter_rows() for c in r)
    for made, line, shown_cells in zip(rows, lines, flat, strict=True):
        for name in ("path", "member", "title", "detail"):
            text = getattr(made, name).encode("utf-8", "replace").decode()
            assert (line[name] or "") == text
            shown = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
            assert unguarded(shown_cells[name]) == shown
        assert [alarm["count"] for alarm in line["alarms"]] == [a.count for a in made.alarms]
        if made.score and abs(made.score.balance) < float("inf"):
            assert line["score"] == float(shown_cells["score"]) == made.score.balance


def test_names_that_are_no_text_do_not_stop_a_table(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xd5\xd0\xff.pdf")
    targets = written([row(name, title="\ud800", report=f"reports/{name}")], tmp_path)
    (line,) = json_records(targets[Format.JSONL])
    assert line["path"] == "???.pdf"
    assert len(pandas.read_csv(targets[Format.CSV])) == 1
    assert len(pandas.read_parquet(targets[Format.PARQUET])) == 1


def test_rows_beyond_the_limit_go_on_in_another_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with tables._xlsx(path, most_rows=5) as add:
        for made in many(10):
            add(tables.Entry(made, 0, ""))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["文件", "文件 2", "文件 3", "说明"]
    names = [c[0].value for s in book.worksheets[:3] for c in s.iter_rows(min_row=2)]
    assert names == [made.path for made in many(10)]


def test_links_beyond_the_limit_are_addresses_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "MOST_LINKS", 2)
    rows = [row(f"{i}.pdf", report=f"reports/第{i}份.html") for i in range(4)]
    rows.append(row("长.pdf", report="很" * 2001))
    sheet = openpyxl.load_workbook(written(rows, tmp_path, Format.XLSX)[Format.XLSX])["文件"]
    links = [sheet.cell(i, 4).hyperlink for i in range(2, 7)]
    assert [link is not None for link in links] == [True, True, False, False, False]
    assert sheet["D4"].value == "reports/第2份.html" and sheet["D6"].value == "很" * 2001


def test_a_table_that_fails_leaves_the_older_one(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("older", encoding="utf-8")

    def breaking() -> Iterable[DocumentRow]:
        yield row()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_tables(breaking(), ALONE, {k: tmp_path / f"a.{k}" for k in Format}, tmp_path)
    assert target.read_text(encoding="utf-8") == "older"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv"]


@pytest.mark.parametrize("kind", list(Format))
def test_a_folder_that_is_not_there_is_an_error_of_the_system(kind: Format, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="没有"):
        write_tables([row()], ALONE, {kind: tmp_path / "没有" / "a"}, tmp_path)


def test_figures_that_are_none_stay_empty(tmp_path: Path) -> None:
    odd = score(float("nan"), Verdict.UNDECIDED, low=float("-inf"), high=float("inf"))
    targets = written([row(score=odd)], tmp_path)
    (line,) = json_records(targets[Format.JSONL])
    assert line["score"] is line["score_low"] is line["score_high"] is None


@pytest.mark.parametrize(
    ("title", "path", "year"),
    [
        ("临江市2024年信息化项目", "a.pdf", 2024),
        ("文献资源建设（2024-2025年）", "a.pdf", 2024),
        ("", "2019/甲.pdf", 2019),
        ("", "ZB2023-0117 招标文件.pdf", 2023),
        ("临政采〔2022〕15号", "2019/a.pdf", 2022),
        ("", "20210305招标.pdf", 2021),
        ("", "档案/12021年.pdf", None),
        ("采购2000台终端", "a.pdf", None),
        ("预算 2030 万元", "第2010号.pdf", None),
    ],
)
def test_years_are_taken_where_they_are_plain(title: str, path: str, year: int | None) -> None:
    assert facts.year(row(path, title=title)) == year


@pytest.mark.parametrize(
    ("title", "buyer"),
    [
        ("临江大学图书馆文献采购项目", "临江大学图书馆"),
        ("云溪市公安局智慧警务平台招标文件", "云溪市公安局"),
        ("云溪医学院附属第二医院信息系统", "云溪医学院附属第二医院"),
        ("采购人：栖川市民政局", "栖川市民政局"),
        ("智慧学校平台招标文件", ""),
        ("第一章 投标邀请", ""),
        ("办公家具采购项目", ""),
    ],
)
def test_a_buyer_is_named_only_where_the_title_does(title: str, buyer: str) -> None:
    assert facts.buyer(row("a.pdf", title=title)) == buyer


def test_the_folder_is_the_first_of_the_path() -> None:
    paths = ("甲/乙/c.pdf", "c.pdf", "/abs/c.pdf")
    assert [facts.folder(row(path)) for path in paths] == ["甲", "", ""]
