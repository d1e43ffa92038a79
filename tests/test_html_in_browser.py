"""The HTML report in a real browser: filters, keys, jumps, details."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from sample_report import HOSTILE, hostile_report, large_report, make_report, sample_report

from classifier.document import Block, Box, Line
from classifier.document import Page as PrintedPage
from classifier.report.html import render
from classifier.report.report import Report
from classifier.taxonomy import Orientation

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM to its path"
)


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report()


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return render(report)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A report in the browser, with everything it complained of or asked for."""

    def __init__(self, browser: Browser, file: Path, html: str) -> None:
        file.write_text(html, encoding="utf-8")
        self.page: Page = browser.new_page(viewport={"width": 1200, "height": 800})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())

    def visible(self) -> list[int]:
        """Indices of the sentences that are not hidden by a filter."""
        return self.page.evaluate(
            "[...document.querySelectorAll('#doc [id^=s]')].filter(e => e.offsetParent)"
            ".map(e => +e.id.slice(1))"
        )

    def current(self) -> int:
        return self.page.evaluate("+document.querySelector('#doc .cur').id.slice(1)")

    def is_in_view(self, index: int) -> bool:
        """Whether the sentence comes to rest in the window; a busy machine may take its time."""
        seen = (
            "i => { const b = document.getElementById('s' + i).getBoundingClientRect();"
            "return b.height > 0 && b.top >= 0 && b.bottom <= innerHeight }"
        )
        try:
            self.page.wait_for_function(seen, arg=index, timeout=10_000)
        except PlaywrightTimeout:
            return False
        self.page.wait_for_timeout(100)
        return self.page.evaluate(seen, index)


@pytest.fixture
def opened(browser: Browser, tmp_path: Path, html: str) -> Iterator[Opened]:
    opened = Opened(browser, tmp_path / "report.html", html)
    yield opened
    assert opened.complaints == []
    opened.page.close()


def test_opens_from_disk_without_complaint_or_request(opened: Opened) -> None:
    assert opened.page.title().endswith("tenderlens")
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []


def test_hostile_text_does_not_run(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path / "hostile.html", render(hostile_report()))
    opened.page.click("#s1")
    assert opened.page.evaluate("window.pwned") is None
    opened.page.click("#s2")
    expect(opened.page.locator("#panel")).to_contain_text("列名" + HOSTILE)
    assert opened.complaints == []


def test_filter_by_category_leaves_its_sentences(opened: Opened, report: Report) -> None:
    opened.page.select_option("#category", "C6")
    given = [s.sentence.index for s in report.sentences if "C6" in s.categories]
    shown = opened.visible()
    assert len(given) > 2
    assert set(given) <= set(shown)
    others = [report.sentences[i] for i in set(shown) - set(given)]
    assert all(s.orientation is Orientation.NEUTRAL for s in others)
    assert opened.page.inner_text("#matched") == f"符合筛选：{len(given)} 句"
    opened.page.click("#reset")
    assert len(opened.visible()) == len(report.sentences)


def test_filters_by_orientation_and_review_add_up(opened: Opened, report: Report) -> None:
    opened.page.check("#review")
    opened.page.check("[name=o][value=c]")
    wanted = [s for s in report.sentences if s.review and s.orientation is Orientation.CONTROL]
    assert opened.page.inner_text("#matched") == f"符合筛选：{len(wanted)} 句"


def test_search_counts_and_walks_through_the_matches(opened: Opened, report: Report) -> None:
    found = [s.sentence.index for s in report.sentences if "人脸识别" in s.text]
    total = sum(b.text.count("系统") for b in report.document.blocks)
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("系统")
    expect(opened.page.locator("#hits")).to_have_text(f"{total} 处")
    opened.page.fill("#query", "人脸识别")
    opened.page.press("#query", "Enter")
    assert opened.page.inner_text("#hits") == f"1/{len(found)}"
    assert opened.current() == found[0]
    assert opened.is_in_view(found[0])


def test_a_finding_leads_to_its_sentence_even_when_filtered_out(
    opened: Opened, report: Report
) -> None:
    index = report.findings.alarms[-1].evidence[0]
    opened.page.check("[name=o][value=a]")
    assert index not in opened.visible()
    opened.page.click(f"#alarms a[href='#s{index}']")
    assert opened.is_in_view(index)
    assert opened.current() == index


def test_j_and_k_walk_the_oriented_sentences(opened: Opened, report: Report) -> None:
    oriented = [
        s.sentence.index for s in report.sentences if s.orientation is not Orientation.NEUTRAL
    ]
    walked = []
    for key in "jjjk":
        opened.page.keyboard.press(key)
        walked.append(opened.current())
    assert walked == [oriented[0], oriented[1], oriented[2], oriented[1]]
    assert opened.is_in_view(oriented[1])


def test_enter_shows_the_details_and_escape_closes_them(opened: Opened) -> None:
    opened.page.keyboard.press("j")
    opened.page.keyboard.press("Enter")
    panel = opened.page.inner_text("#panel")
    assert "C9 督查监管" in panel
    assert "第一章 项目概况 › 1.1 建设目标" in panel
    assert "第 2 页" in panel
    opened.page.keyboard.press("Escape")
    assert opened.page.is_hidden("#panel")


def test_details_say_where_to_look_in_the_original(opened: Opened, report: Report) -> None:
    sentence = next(s.sentence for s in report.sentences if "亮红黄牌" in s.text)
    top = sentence.place.boxes[0][1].top
    opened.page.click(f"#s{sentence.index}")
    panel = opened.page.inner_text("#panel")
    assert f"第 6 页 · 上部，距页顶约 {100 * top / 842:.0f} %" in panel


def test_details_name_the_paragraph_where_there_are_no_pages(
    browser: Browser, tmp_path: Path
) -> None:
    blocks = [Block("本项目的建设背景。"), Block("本项目的建设目标。")]
    opened = Opened(browser, tmp_path / "unpaged.html", render(make_report(blocks, ["", ""])))
    opened.page.click("#s1")
    assert "第 2 段" in opened.page.inner_text("#panel")
    opened.page.close()


def test_details_tell_of_a_sentence_that_goes_on_overleaf(browser: Browser, tmp_path: Path) -> None:
    text = "平台应当记录全部操作日志供审计。"
    lines = (Line(0, 8, 1, Box(72, 800, 500, 812)), Line(8, len(text), 2, Box(72, 60, 500, 72)))
    report = make_report([Block(text, lines=lines)], [""], pages=(PrintedPage(595.0, 842.0),) * 2)
    opened = Opened(browser, tmp_path / "overleaf.html", render(report))
    opened.page.click("#s0")
    assert "第 1 页 · 下部，距页顶约 95 % · 续至第 2 页" in opened.page.inner_text("#panel")
    opened.page.close()


def test_a_filter_shows_the_whole_row_of_a_matching_cell(opened: Opened, report: Report) -> None:
    index = next(s.sentence.index for s in report.sentences if "工作照片" in s.text)
    opened.page.select_option("#category", "C5")
    assert {index - 1, index} <= set(opened.visible())
    boxes = opened.page.evaluate(
        "i => [...document.getElementById('s' + i).closest('tr').cells]"
        ".map(td => td.getBoundingClientRect().width)",
        index,
    )
    assert len(boxes) == 3 and min(boxes) > 30


def test_page_number_and_strip_lead_to_the_place(opened: Opened, report: Report) -> None:
    opened.page.fill("#page", "4")
    opened.page.press("#page", "Enter")
    expect(opened.page.locator("#here")).to_contain_text("第 4 页")
    last = max(
        s.sentence.index for s in report.sentences if s.orientation is not Orientation.NEUTRAL
    )
    opened.page.focus("#strip .strip")
    opened.page.keyboard.press("End")
    opened.page.keyboard.press("Enter")
    assert opened.is_in_view(last)


def test_a_narrow_screen_needs_no_sideways_scrolling(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 800})
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_tender_of_twelve_thousand_sentences_works(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path / "long.html", render(large_report()))
    last = opened.page.evaluate("document.querySelectorAll('#doc mark').length") - 1
    target = opened.page.evaluate(
        "n => +document.querySelectorAll('#doc mark')[n].id.slice(1)", last
    )
    opened.page.evaluate("i => { location.hash = 's' + i }", target)
    expect(opened.page.locator(f"#s{target}.cur")).to_be_focused()
    assert opened.is_in_view(target)
    opened.page.keyboard.press("k")
    assert opened.current() < target
    opened.page.select_option("#category", "C10")
    assert opened.page.inner_text("#matched").startswith("符合筛选：")
    assert opened.complaints == []
