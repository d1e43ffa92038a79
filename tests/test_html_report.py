"""The HTML report: nothing lost, nothing let in."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import lxml.html
import pytest
from sample_report import HOSTILE, TABLE, hostile_report, large_report, make_report, sample_report

from classifier.document import Block, BlockKind, Box, Cell, Line, Page, ReadBy, TextLayer
from classifier.errors import Reason
from classifier.orientation import Interval, Verdict
from classifier.report.html import render
from classifier.report.report import Report
from classifier.taxonomy import Orientation


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report()


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return render(report)


def own_text(element: lxml.html.HtmlElement) -> str:
    """Text of a sentence without its category chips."""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def body_text(block: lxml.html.HtmlElement) -> str:
    """Text of a block without chips and automatic numbering."""
    parts = block.xpath(".//text()[not(ancestor::i) and not(parent::b)]")
    return "".join(str(part) for part in parts)


def test_every_sentence_and_all_text_once_in_order(report: Report, html: str) -> None:
    part = lxml.html.fromstring(html).get_element_by_id("doc")
    sentences = part.xpath(".//*[starts-with(@id, 's')]")
    assert [e.get("id") for e in sentences] == [f"s{i}" for i in range(len(report.sentences))]
    assert [own_text(e) for e in sentences] == [s.text for s in report.sentences]
    blocks = part.find_class("b")
    assert [body_text(b) for b in blocks] == [b.text for b in report.document.blocks]


def grid(row: lxml.html.HtmlElement) -> list[list[str]]:
    """Per column of a table row the paragraphs of the cell that covers it."""
    slots: list[list[str]] = []
    for td in row.xpath("./td"):
        slots += [[body_text(p) for p in td.find_class("b")]] * int(td.get("colspan", "1"))
    return slots


def cell_block(text: str, row: int, column: int, page: int | None = None) -> Block:
    return Block(text, BlockKind.CELL, page=page, cell=Cell(1, row, column))


def test_columns_of_a_table_line_up(html: str) -> None:
    (table,) = lxml.html.fromstring(html).get_element_by_id("doc").xpath(".//table")
    rows = [grid(row) for row in table.xpath(".//tr")]
    expected = [[text.split("\n") if text else [] for text in cells] for cells, _ in TABLE]
    assert rows == [row if len(row) > 1 else row * 3 for row in expected]
    assert any(len(cell) > 1 for row in rows for cell in row)


def test_columns_that_no_row_fills_take_no_room() -> None:
    blocks = [cell_block(f"第{r}行{c}列内容", r, c) for r in (1, 2) for c in (1, 4, 900)]
    blocks.append(cell_block("末行的说明", 3, 900))
    rows = lxml.html.fromstring(render(make_report(blocks, [""] * 7))).xpath("//*[@id='doc']//tr")
    assert [len(grid(row)) for row in rows] == [3, 3, 3]
    assert grid(rows[2]) == [[], [], ["末行的说明"]]


def test_a_row_with_many_paragraphs_is_not_cut() -> None:
    blocks = [cell_block("功能名称", 1, 1)]
    blocks += [cell_block(f"第{i}段的功能说明", 1, 2) for i in range(60)]
    blocks += [cell_block("后一功能", 2, 1), cell_block("后一说明", 2, 2)]
    report = make_report(blocks, [""] * len(blocks))
    rows = lxml.html.fromstring(render(report)).xpath("//*[@id='doc']//tr")
    assert [[len(cell) for cell in grid(row)] for row in rows] == [[1, 60], [1, 1]]


def test_a_row_across_pages_stays_in_its_columns() -> None:
    blocks = [
        cell_block("功能", 1, 1, page=1),
        cell_block("本页的说明", 1, 2, page=1),
        cell_block("下页的说明", 1, 2, page=2),
        cell_block("备注内容", 1, 3, page=1),
    ]
    rows = lxml.html.fromstring(render(make_report(blocks, [""] * 4))).xpath("//*[@id='doc']//tr")
    assert [grid(row) for row in rows] == [
        [["功能"], ["本页的说明"], []],
        [[], ["下页的说明"], ["备注内容"]],
    ]


def test_marks_follow_the_labels(report: Report, html: str) -> None:
    part = lxml.html.fromstring(html).get_element_by_id("doc")
    oriented = [s for s in report.sentences if s.orientation is not Orientation.NEUTRAL]
    marks = part.xpath(".//mark")
    assert [m.get("data-k").split() for m in marks] == [list(s.categories) for s in oriented]
    doubtful = {s.sentence.index for s in report.sentences if s.review}
    assert doubtful
    assert {int(e.get("id")[1:]) for e in part.find_class("r")} == doubtful


def test_head_says_what_was_found_and_what_was_not_read(report: Report, html: str) -> None:
    text = lxml.html.fromstring(html).text_content()
    for expected in (
        report.document.name,
        report.orientation.verdict.zh,
        report.model_version,
        "第 9 页是扫描图片，没有可读文字。",
        "不能证明违法",
    ):
        assert expected in text


def test_findings_show_evidence_and_what_is_missing(report: Report, html: str) -> None:
    page = lxml.html.fromstring(html)
    alarms = page.xpath("//*[@id='alarms']/article[not(contains(@class, 'meeting'))]")
    assert len(alarms) == len(report.findings.alarms) > 5
    for shown, finding in zip(alarms, report.findings.alarms, strict=True):
        assert finding.rule.why in shown.text_content()
        assert shown.xpath(".//li/a/@href") == [f"#s{i}" for i in finding.evidence]
    missing = page.get_element_by_id("safeguards").find_class("missing")
    names = [f.rule.zh for f in report.findings.safeguards if not f.found]
    assert names
    assert all(n in m.text_content() for n, m in zip(names, missing, strict=True))
    assert all("未找到" in m.text_content() for m in missing)


def test_more_than_three_pieces_of_evidence_are_folded() -> None:
    texts = [f"第{name}组人员每日上报位置轨迹。" for name in "甲乙丙丁戊"]
    page = lxml.html.fromstring(render(make_report([Block(t) for t in texts], ["C3"] * 5)))
    (finding,) = page.get_element_by_id("alarms").find_class("finding")
    assert len(finding.xpath("./ul/li")) == 3
    assert finding.xpath("./details/summary/text()") == ["显示全部 5 处"]
    assert len(finding.xpath("./details//li")) == 2


def test_doubt_about_evidence_is_a_quiet_mark_with_a_name(report: Report, html: str) -> None:
    page = lxml.html.fromstring(html)
    evidence = page.xpath("//ul[@class='evidence']/li")
    doubtful = {f"#s{s.sentence.index}" for s in report.sentences if s.review}
    marked = [li for li in evidence if li.xpath("./a/@href")[0] in doubtful]
    assert marked
    for li in evidence:
        doubts = li.find_class("doubt")
        assert len(doubts) == (li in marked)
        assert "待复核" not in li.text_content()
        assert all(d.get("aria-label") == "待复核" and d.text == "?" for d in doubts)


def test_movers_show_both_sides_even_at_an_extreme_score() -> None:
    # Sentences that differ in digits only count once.
    names = "甲乙丙丁戊己庚"
    texts = [f"系统自动为{a}区{b}组带入已有数据。" for a in names for b in names]
    control = [f"{name}组人员每日上报位置轨迹。" for name in names]
    labels = ["A1"] * len(texts) + ["C3"] * len(control)
    report = make_report([Block(text) for text in texts + control], labels)
    assert report.orientation.score > 0.6
    movers = lxml.html.fromstring(render(report)).get_element_by_id("movers")
    pushes = [
        [push.text for push in side.find_class("push")] for side in movers.xpath(".//div[h3]")
    ]
    assert [len(side) for side in pushes] == [5, 5]
    assert all(push.startswith("−") for push in pushes[0])
    assert all(push.startswith("+") for push in pushes[1])


def test_evidence_says_on_which_part_of_the_page_it_stands() -> None:
    blocks = [
        Block(text, page=2, lines=(Line(0, len(text), 2, Box(72, top, 500, top + 12)),))
        for top, text in [
            (100.0, "第甲组人员每日上报位置轨迹。"),
            (400.0, "第乙组人员每日上报位置轨迹。"),
            (700.0, "第丙组人员每日上报位置轨迹。"),
        ]
    ]
    report = make_report(blocks, ["C3"] * 3, pages=(Page(595.0, 842.0),) * 2)
    links = lxml.html.fromstring(render(report)).xpath("//*[@id='alarms']//li/a/text()")
    assert sorted(links) == sorted(["第 2 页上部", "第 2 页中部", "第 2 页下部"])


def test_every_inner_link_has_its_target(html: str) -> None:
    page = lxml.html.fromstring(html)
    targets = page.xpath("//a/@href")
    assert len(targets) > 30
    assert all(t.startswith("#") for t in targets)
    assert {t[1:] for t in targets} <= set(page.xpath("//@id"))


def test_many_sections_are_folded_but_all_there(long_report: Report, long_html: str) -> None:
    part = lxml.html.fromstring(long_html).get_element_by_id("sections")
    assert len(part.xpath("./div//tbody/tr")) == 12
    links = part.xpath(".//a/@href")
    assert sorted(links) == sorted(f"#s{s.first}" for s in long_report.sections)


def test_set_aside_text_is_listed_once_with_its_pages(html: str) -> None:
    (asides,) = lxml.html.fromstring(html).find_class("asides")
    text = asides.text_content()
    assert text.count("临江区公务行为监管平台 招标文件") == 1
    assert "第 1–8 页 ×8" in text


def mixed_pages() -> tuple[Page, ...]:
    good = Page(595.0, 842.0)
    scan = Page(595.0, 842.0, TextLayer.MISSING, ReadBy.OCR, 0.9)
    garbled = Page(595.0, 842.0, TextLayer.GARBLED, ReadBy.OCR, 0.7)
    lost = Page(595.0, 842.0, TextLayer.MISSING, ReadBy.NOTHING)
    return (good, good, scan, replace(scan, confidence=0.96), garbled, lost, good)


def test_a_remark_on_a_complete_document_is_no_problem() -> None:
    blocks = [Block("系统应支持打卡。", page=1)]
    complete = make_report(blocks, [""], notes=("第 1 页由文字识别（OCR）读取。",))
    partial = make_report(blocks, [""], notes=("第 2 页未识别。",), reason=Reason.OK_PARTIAL)
    headings = [
        lxml.html.fromstring(render(report)).xpath("string(//h3[@id='notes-title'])")
        for report in (complete, partial)
    ]
    assert "读取说明" in headings[0] and "问题" not in headings[0]
    assert "没有读出" in headings[1]


def test_how_each_page_was_read_is_told_where_it_matters(html: str) -> None:
    report = make_report([Block("系统应支持打卡。", page=1)], [""], pages=mixed_pages())
    (table,) = lxml.html.fromstring(render(report)).find_class("readings")
    rows = [
        [cell.text_content() for cell in row.xpath("./*")] for row in table.xpath(".//tbody/tr")
    ]
    assert rows == [
        ["文字层", "文字层良好", "1–2, 7", ""],
        ["文字识别（OCR）", "没有文字层", "3–4", "93.0 %"],
        ["文字识别（OCR）", "文字层是乱码", "5", "70.0 %"],
        ["未读出", "没有文字层", "6", ""],
    ]
    blank = Page(595.0, 842.0, TextLayer.BLANK, ReadBy.NOTHING)
    unremarkable = make_report([Block("系统应支持打卡。", page=1)], [""], pages=(Page(1, 1), blank))
    assert not lxml.html.fromstring(render(unremarkable)).find_class("readings")
    assert not lxml.html.fromstring(html).find_class("readings")


def test_sentences_that_may_be_misread_are_marked() -> None:
    def block(text: str, confidence: float | None) -> Block:
        return Block(text, lines=(Line(0, len(text), 5, Box(0, 0, 9, 9), confidence=confidence),))

    blocks = [block("员工须每日打卡。", 0.61), block("支持在线预约。", 0.8), block("其他。", None)]
    blocks.append(block("工期六十天。", 0.2))
    report = make_report(blocks, ["C1", "A1", "", ""], pages=mixed_pages())
    page = lxml.html.fromstring(render(report))
    marked = page.xpath("//*[@id='doc']//i[.='识别存疑']")
    assert [mark.getparent().get("id") for mark in marked] == ["s0", "s3"]
    assert [own_text(mark.getparent()) for mark in marked] == ["员工须每日打卡。", "工期六十天。"]
    assert "置信度 61 %" in marked[0].get("title")
    assert "2 句识别置信度低于 80 %" in page.find_class("readings")[0].text_content()


def test_the_head_tells_the_path_in_the_archive(html: str) -> None:
    report = make_report([], [], member="附件.zip/采购<需求>.docx")
    (member,) = lxml.html.fromstring(render(report)).find_class("member")
    assert "附件.zip/采购<需求>.docx" in member.text_content()
    assert not lxml.html.fromstring(html).find_class("member")


def test_hostile_text_is_escaped_once() -> None:
    report = hostile_report()
    html = render(report)
    page = lxml.html.fromstring(html)
    scripts = page.xpath("//script")
    assert [s.get("type") for s in scripts] == ["application/json", None]
    assert not page.xpath("//@onload")
    assert not page.xpath("//*[@id='x']")
    part = page.get_element_by_id("doc")
    assert [own_text(e) for e in part.xpath(".//*[starts-with(@id, 's')]")] == [
        s.text for s in report.sentences
    ]
    assert page.xpath("//h1/text()") == ["招标" + HOSTILE + "?.pdf"]


def test_nothing_outside_the_page_is_referred_to(html: str) -> None:
    page = lxml.html.fromstring(html)
    assert not re.search(r"(?:https?:)?//\w+\.", html)
    assert not page.xpath("//@src | //img | //iframe | //object | //base")
    assert page.xpath("//link/@href") == ["data:,"]
    assert not re.search(r"url\(|@import", html)
    assert not page.xpath("//@style | //@*[starts-with(name(), 'on')]")


def test_policy_allows_only_this_script_and_style(html: str) -> None:
    policy = lxml.html.fromstring(html).xpath(
        "//meta[@http-equiv='Content-Security-Policy']/@content"
    )[0]
    assert policy.startswith("default-src 'none';")
    for name, tag in (("script-src", "script"), ("style-src", "style")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_a_document_without_sentences_is_undecided() -> None:
    html = render(make_report([], []))
    assert "不足以判断" in html
    assert "没有可以判断的句子" in html


def test_a_wide_interval_is_given_no_cause_that_is_not_known(report: Report) -> None:
    wide = replace(report.orientation, interval=Interval(-0.7, 0.5), verdict=Verdict.UNDECIDED)
    page = lxml.html.fromstring(render(replace(report, orientation=wide)))
    (meaning,) = page.find_class("meaning")
    assert "区间太宽（宽 1.20，至多 0.90）" in meaning.text_content()
    assert "章节" not in meaning.text_content()


def test_a_long_tender_stays_small(long_html: str) -> None:
    assert len(long_html.encode()) < 6_000_000


@pytest.fixture(scope="module")
def long_report() -> Report:
    return large_report()


@pytest.fixture(scope="module")
def long_html(long_report: Report) -> str:
    return render(long_report)
