"""The Excel workbook: typed cells, links that arrive, and text that stays text."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from sample_report import HOSTILE, hostile_report, make_report, sample_report

import cli
from classifier.document import Block
from classifier.report.cells import MOST_UNITS
from classifier.report.report import Report
from classifier.report.workbook import workbook
from classifier.taxonomy import CATEGORIES


def book_of(report: Report, folder: Path) -> Workbook:
    report.to_xlsx(folder / "a.xlsx")
    return openpyxl.load_workbook(folder / "a.xlsx")


def column(sheet: Worksheet, title: str) -> list:
    """Cells of the column with this title, without the header."""
    titles = [cell.value for cell in sheet[1]]
    return [row[titles.index(title)] for row in sheet.iter_rows(min_row=2)]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return book_of(sample_report(), tmp_path_factory.mktemp("book"))


def test_numbers_are_numbers_and_percentages_are_shown_as_such(sample: Workbook) -> None:
    report = sample_report()
    cells = column(sample["句子"], "管控概率")
    assert [c.value for c in cells] == pytest.approx(
        [s.probability("control") for s in report.sentences]
    )
    assert {c.number_format for c in cells} == {"0.0%"}
    assert [c.value for c in column(sample["句子"], "页")] == [
        s.sentence.place.page for s in report.sentences
    ]
    facts = {row[0].value: row[1].value for row in sample["摘要"].iter_rows()}
    assert facts["取向得分"] == pytest.approx(report.orientation.score)
    assert facts["全部句数"] == len(report.sentences)
    assert facts["结论"] == report.orientation.verdict.zh


def test_sheets_have_a_header_in_view_widths_and_a_filter(sample: Workbook) -> None:
    assert sample.sheetnames == ["摘要", "清单", "发现", "句子", "类别"]
    for name in ("清单", "发现", "句子", "类别"):
        sheet = sample[name]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.column_dimensions["C"].width > 5


def test_every_piece_of_evidence_leads_to_its_sentence(sample: Workbook) -> None:
    findings, sentences = sample["发现"], sample["句子"]
    cells = column(findings, "位置（点击到句子）")
    texts = column(findings, "句子")
    linked = [
        (cell.hyperlink.location, text.value)
        for cell, text in zip(cells, texts, strict=True)
        if cell.hyperlink
    ]
    report = sample_report()
    told = report.findings
    every = (*told.alarms, *told.safeguards, *told.risks, *told.proportionality)
    assert told.proportionality
    assert len(linked) == sum(len(finding.evidence) for finding in every) > 10
    for location, text in linked:
        sheet, cell = location.split("!")
        assert sheet.strip("'") == "句子"
        row = sentences[cell].row
        assert sentences.cell(row, 5).value == text


def test_what_was_looked_for_and_not_found_is_listed(sample: Workbook) -> None:
    report = sample_report()
    told = report.findings
    missing = [f for f in (*told.safeguards, *told.risks) if not f.found]
    rows = [[cell.value for cell in row[:7]] for row in sample["发现"].iter_rows(min_row=2)]
    assert missing
    assert [row[1:4] for row in rows if row[6] is None] == [
        [f.rule.zh, f.state.zh, 0] for f in missing
    ]


def test_the_checklist_has_a_row_for_every_rule(sample: Workbook) -> None:
    lines = sample_report().checklist().lines
    rows = [[cell.value for cell in row[:5]] for row in sample["清单"].iter_rows(min_row=2)]
    assert rows == [[x.kind_zh, x.zh, x.en, x.state.zh, x.sentences] for x in lines]


def test_all_categories_are_counted(sample: Workbook) -> None:
    report, sheet = sample_report(), sample["类别"]
    codes = [cell.value for cell in column(sheet, "代码")]
    counts = [cell.value for cell in column(sheet, "计入得分的句数")]
    assert codes == list(CATEGORIES)
    assert dict(zip(codes, counts, strict=True)) == report.profile()


FORMULAS = [
    '=HYPERLINK("http://x.invalid","平台须自动通报")',
    "+86平台须自动通报迟到",
    "-1+1平台须自动通报迟到",
    "@SUM(A1:A9)平台须自动通报",
    "＝1＋1平台须自动通报迟到",
    "<r><t>平台须自动通报</t></r>",
    "_x003D_1平台须自动通报",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_is_never_a_formula(text: str, tmp_path: Path) -> None:
    report = make_report([Block(text, page=1)], ["C7"], name=text)
    book = book_of(report, tmp_path)
    (cell,) = column(book["句子"], "句子")
    assert cell.data_type == "s"
    assert cell.value.strip() == text
    assert cell.quotePrefix == (text[0] in "=+-@＝")
    assert book["摘要"]["B2"].value.strip() == text
    assert not any(c.data_type == "f" for sheet in book for row in sheet.iter_rows() for c in row)


def test_blanks_before_a_formula_do_not_help(tmp_path: Path) -> None:
    names = ["  =1+1", "\t=1+1", "\r\n@SUM(A1)", "\u3000-1"]
    for name in names:
        report = make_report([Block("平台须自动通报。", page=1)], ["C7"], name=name)
        cell = book_of(report, tmp_path)["摘要"]["B2"]
        assert cell.data_type == "s" and cell.quotePrefix, name


def test_hostile_text_arrives_as_it_is(tmp_path: Path) -> None:
    book = book_of(hostile_report(), tmp_path)
    assert "正文" + HOSTILE.strip() in [cell.value for cell in column(book["句子"], "句子")]
    assert book["摘要"]["B2"].value == "招标" + HOSTILE + "\ufffd.pdf"


def test_over_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    text = "平台" + "𠮷" * MOST_UNITS + "须自动通报"
    report = make_report([Block("须自动通报。", page=1)], ["C7"])
    (first,) = report.sentences
    under = replace(first, sentence=replace(first.sentence, section=(text,)))
    (cell,) = column(book_of(replace(report, sentences=(under,)), tmp_path)["句子"], "章节")
    assert cell.value.startswith("平台𠮷") and cell.value.endswith("全文见原件）")
    assert MOST_UNITS - 2 <= len(cell.value.encode("utf-16-le")) // 2 <= MOST_UNITS


def test_more_sentences_than_rows_go_on_in_another_sheet(tmp_path: Path) -> None:
    report = sample_report()
    book = openpyxl.load_workbook(io.BytesIO(workbook(report, most_rows=21)))
    names = [name for name in book.sheetnames if name.startswith("句子")]
    assert names[:2] == ["句子", "句子 2"]
    texts = [cell.value for name in names for cell in column(book[name], "句子")]
    assert texts == [s.text for s in report.sentences]
    for cell, text in zip(
        column(book["发现"], "位置（点击到句子）"), column(book["发现"], "句子"), strict=True
    ):
        if cell.hyperlink:
            sheet, target = cell.hyperlink.location.split("!")
            row = book[sheet.strip("'")][target].row
            assert book[sheet.strip("'")].cell(row, 5).value == text.value


def test_a_report_without_sentences_has_all_sheets(tmp_path: Path) -> None:
    book = book_of(make_report([], []), tmp_path)
    assert book.sheetnames == ["摘要", "清单", "发现", "句子", "类别"]


def test_scan_writes_the_workbook_beside_the_report_and_does_not_read_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "工作人员每日上下班须通过人脸识别打卡，由系统自动判定迟到早退。"
    (tmp_path / "需求.txt").write_text(text, encoding="utf-8")

    def scan(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            cli.app(["scan", "--model", "lexical", "--xlsx", *arguments])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    assert scan("需求.txt") == 0
    assert (tmp_path / "需求.report.html").exists()
    book = openpyxl.load_workbook(tmp_path / "需求.report.xlsx")
    assert [cell.value for cell in column(book["句子"], "句子")] == [text]
    assert scan(".", "-o", "out") == 0
    assert len(list((tmp_path / "out").rglob("*.report.xlsx"))) == 1
    assert scan("--json", "需求.txt") == 2
    assert "--xlsx" in capsys.readouterr().err
