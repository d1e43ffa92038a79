"""The overview in a real browser: it opens, filters, sorts, turns pages, and asks for nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_rows import HOSTILE, many, row, score, signature
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from classifier.archive.overview.html import STATIC_ROWS, write_overview
from classifier.archive.rows import DocumentRow
from classifier.orientation import Verdict

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM to its path"
)
TWINS = tuple(signature(5).tolist())
ROWS = [
    *many(480),
    row("档案9/甲.pdf", title="", score=score(-0.97, Verdict.CONTROL), signature=TWINS),
    row("档案9/乙.pdf", title="", score=score(0.31, Verdict.RATHER_ASSISTIVE), signature=TWINS),
]
SCORED = [made for made in ROWS if made.score]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    (folder / "reports").mkdir()
    for made in ROWS[:20]:
        if made.report:
            (folder / made.report).write_text("<title>报告</title>", encoding="utf-8")
    return write_overview(ROWS, folder, name="样本档案")


class Opened:
    """The overview in the browser, with everything it complained of or asked for."""

    def __init__(self, browser: Browser, file: Path, scheme: str = "light") -> None:
        self.page: Page = browser.new_page(
            viewport={"width": 1200, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())
        expect(self.page.locator("#tools")).to_be_visible()

    def column(self, number: int) -> list[str]:
        return self.page.locator(f"#rows tr > :nth-child({number})").all_inner_texts()

    def matched(self) -> str:
        return self.page.inner_text("#matched")


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Opened]:
    opened = Opened(browser, file)
    yield opened
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    opened.page.close()


def number_of(text: str) -> float:
    return float(text.replace("−", "-"))


def test_opens_with_the_ranking_from_control_to_help(opened: Opened) -> None:
    assert opened.page.title() == "档案总览 · 样本档案 · tenderlens"
    assert opened.matched() == f"共 {len(ROWS)} 份"
    scores = [number_of(text) for text in opened.page.locator("#rows .points .n").all_inner_texts()]
    assert len(scores) == 100 and scores == sorted(scores)
    decided = min(
        made.score.balance
        for made in SCORED
        if made.score and made.score.verdict is not Verdict.UNDECIDED
    )
    assert scores[0] == round(decided, 2)


def test_pages_are_turned(opened: Opened) -> None:
    first = opened.column(1)
    opened.page.click("[data-page=next]")
    second = opened.column(1)
    assert len(second) == 100 and not set(first) & set(second)
    opened.page.click("[data-page=last]")
    assert len(opened.column(1)) == len(ROWS) - 400
    assert "未评估" in opened.column(2)[-1]
    expect(opened.page.locator("[data-page=next]")).to_be_disabled()
    opened.page.fill("#page", "2")
    opened.page.press("#page", "Enter")
    assert opened.column(1) == second


@pytest.mark.parametrize(
    ("key", "column"), [("salience", 4), ("assistive", 5), ("control", 6), ("pages", 8)]
)
def test_columns_sort_both_ways(key: str, column: int, opened: Opened) -> None:
    button = opened.page.locator(f"[data-sort={key}]")
    button.press("Enter")
    values = [number_of(text.strip(" %")) for text in opened.column(column)]
    assert values == sorted(values, reverse=True)
    head = opened.page.locator("thead th[aria-sort]")
    assert head.count() == 1 and head.get_attribute("aria-sort") == "descending"
    button.click()
    values = [number_of(text.strip(" %")) for text in opened.column(column)]
    assert values == sorted(values)


def test_names_sort_by_their_numbers(browser: Browser, tmp_path: Path) -> None:
    rows = [row(f"第{n}包.pdf") for n in (10, 9, 100, 1)]
    opened = Opened(browser, write_overview(rows, tmp_path))
    opened.page.click("[data-sort=name]")
    assert opened.page.locator("#rows a").all_inner_texts() == [
        "第1包.pdf",
        "第9包.pdf",
        "第10包.pdf",
        "第100包.pdf",
    ]
    opened.page.close()


def test_filters_leave_what_they_say(opened: Opened) -> None:
    page = opened.page
    page.check("[name=verdict][value='0']")
    control = [m for m in SCORED if m.score and m.score.verdict is Verdict.CONTROL]
    assert opened.matched() == f"符合筛选：{len(control)} 份"
    page.select_option("#folder", label=page.locator("#folder option").nth(1).inner_text())
    folder = page.locator("#folder option:checked").inner_text().partition("（")[0]
    left = [m for m in control if m.path.startswith(folder + "/")]
    assert 0 < len(left) < len(control) and opened.matched() == f"符合筛选：{len(left)} 份"
    page.click("#reset")
    assert opened.matched() == f"共 {len(ROWS)} 份"
    page.fill("#from", "-0.5")
    page.fill("#to", "0.25")
    page.press("#to", "Tab")
    between = [m for m in SCORED if m.score and -0.5 <= m.score.balance < 0.25]
    assert opened.matched() == f"符合筛选：{len(between)} 份"
    page.click("#reset")
    year = page.locator("#year option").nth(2)
    page.select_option("#year", label=year.inner_text())
    wanted = year.inner_text().partition("（")[0]
    assert opened.matched() == f"符合筛选：{sum(f'/{wanted}年/' in m.path for m in ROWS)} 份"


def test_search_finds_paths_members_and_titles_in_any_width(opened: Opened) -> None:
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("采购需求.ＤＯＣＸ 第21中学")
    found = [m for m in ROWS if "采购需求" in m.member and "第21中学" in m.title]
    expect(opened.page.locator("#matched")).to_have_text(f"符合筛选：{len(found)} 份")
    opened.page.fill("#query", "没有这样的文件")
    expect(opened.page.locator("#empty")).to_be_visible()


def test_figures_lead_to_their_documents(opened: Opened) -> None:
    page = opened.page
    bar = page.locator("#alarms .set").first
    zh = bar.inner_text()
    bar.press("Enter")
    count = sum(any(alarm.zh == zh for alarm in made.alarms) for made in ROWS)
    assert opened.matched() == f"符合筛选：{count} 份"
    page.locator("#groups summary").first.click()
    page.locator("#groups .set").first.click()
    assert opened.matched() == "符合筛选：2 份"
    assert [name.split("\n")[0] for name in opened.column(1)] == ["甲.pdf", "乙.pdf"]
    page.locator("#reasons .set", has_text="encrypted").click()
    encrypted = sum(made.reason.value == "encrypted" for made in ROWS)
    assert opened.matched() == f"符合筛选：{encrypted} 份"
    assert set(opened.column(2)) == {"未评估"}


def test_a_bar_of_the_histogram_shows_its_documents(opened: Opened) -> None:
    box = opened.page.locator("#histogram").bounding_box()
    assert box is not None
    opened.page.mouse.click(box["x"] + box["width"] * 0.525, box["y"] + 150)
    found = [m for m in SCORED if m.score and 0 <= m.score.balance < 0.1]
    assert opened.matched() == f"符合筛选：{len(found)} 份"
    heights = opened.page.evaluate(
        "[...document.querySelectorAll('#histogram .bin')].map(r => parseFloat(r.getAttribute('height')))"
    )
    filled = {k // 6 for k, height in enumerate(heights) if height > 0}
    assert filled == {10}


def test_a_link_opens_the_report(opened: Opened, file: Path) -> None:
    made = next(made for made in ROWS[:20] if made.report)
    opened.page.fill("#query", made.path)
    expect(opened.page.locator("#rows tr")).to_have_count(1)
    opened.page.click("#rows a")
    opened.page.wait_for_url("**/reports/*")
    assert opened.page.title() == "报告"


def test_hostile_text_does_not_run(browser: Browser, tmp_path: Path) -> None:
    made = row(f"{HOSTILE}/a", member=HOSTILE, title=HOSTILE, report=f"javascript:{HOSTILE}")
    opened = Opened(browser, write_overview([made], tmp_path, name=HOSTILE))
    assert opened.page.evaluate("window.pwned") is None
    href = opened.page.locator("#rows a").evaluate("a => a.protocol")
    assert href == "file:"
    assert opened.complaints == []
    opened.page.close()


def test_the_policy_lets_no_other_script_run(opened: Opened) -> None:
    opened.page.evaluate(
        "() => { const s = document.createElement('script');"
        "s.textContent = 'window.pwned = 1'; document.body.append(s) }"
    )
    assert opened.page.evaluate("window.pwned") is None
    assert any("Content Security Policy" in text for text in opened.complaints)
    opened.complaints.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_fault_of_accessibility_is_found(scheme: str, browser: Browser, tmp_path: Path) -> None:
    # With few rows: the rules are tried on every element.
    opened = Opened(browser, write_overview(ROWS[-22:], tmp_path), scheme)
    for details in opened.page.locator("details").all():
        details.evaluate("d => { d.open = true }")
    found = Axe().run(opened.page)
    assert found.violations_count == 0, found.generate_report()
    opened.page.close()


def test_without_script_the_first_rows_are_shown(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#rows tr").count() == STATIC_ROWS
    expect(page.locator("#tools")).to_be_hidden()
    expect(page.locator("noscript p")).to_be_visible()
    context.close()


def test_script_and_template_show_the_same_rows(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    made = page.locator("#rows tr").all_inner_texts()[:100]
    context.close()
    opened = Opened(browser, file)
    assert opened.page.locator("#rows tr").all_inner_texts() == made
    opened.page.close()


def test_a_narrow_screen_needs_no_sideways_scrolling(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 800})
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 390


def test_print_shows_figures_and_table_without_tools(opened: Opened) -> None:
    opened.page.emulate_media(media="print")
    expect(opened.page.locator("#tools")).to_be_hidden()
    expect(opened.page.locator("#pager")).to_be_hidden()
    expect(opened.page.locator("#histogram")).to_be_visible()
    expect(opened.page.locator("#rows tr").first).to_be_visible()
    assert opened.page.pdf().startswith(b"%PDF")


def test_five_thousand_rows_open(browser: Browser, tmp_path: Path) -> None:
    rows: list[DocumentRow] = many(5_000)
    opened = Opened(browser, write_overview(rows, tmp_path))
    assert opened.matched() == "共 5,000 份"
    opened.page.fill("#query", "文件01234")
    expect(opened.page.locator("#rows tr")).to_have_count(1)
    assert opened.complaints == []
    opened.page.close()
