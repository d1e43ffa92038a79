"""The review page in a real browser: what a reviewer does from the first sentence to the signature."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from pdf_pages import needs_chinese_font
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from review_desk import Served, reports, served

from classifier.analyzer import Classifier
from classifier.report.report import Report
from classifier.review.model import Act, Label
from classifier.taxonomy import Orientation

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
TEXT, PDF = "考勤.txt", "督查.pdf"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM to its path"
)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load("lexical")


@pytest.fixture(scope="module")
def scored(classifier: Classifier) -> dict[str, Report]:
    return reports(classifier)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def desk(tmp_path: Path, classifier: Classifier, scored: dict[str, Report]) -> Iterator[Served]:
    with served(tmp_path, classifier, scored) as desk:
        yield desk


class Reviewer:
    """One person at one browser, with everything the browser complained of or asked for."""

    def __init__(self, browser: Browser, desk: Served, name: str = "", **options) -> None:
        self.desk = desk
        options.setdefault("viewport", {"width": 1400, "height": 900})
        self.context: BrowserContext = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(desk.link)
        if name:
            self.page.fill("#who input", name)
            with self.page.expect_navigation():
                self.page.click("#who button")

    def open(self, name: str, index: int | None = None, query: str = "") -> None:
        base = self.page.evaluate("document.body.dataset.base")
        hash = "" if index is None else f"#{index}"
        origin = self.desk.link.rsplit("/", 1)[0]
        # Twice the same address but for the hash would not load anew.
        self.page.goto("about:blank")
        self.page.goto(f"{origin}{base}/d/{self.desk.key(name)}/{query}{hash}")
        expect(self.page.locator("#sentence")).to_be_visible(timeout=20_000)

    def view(self, name: str, view: str) -> None:
        base = self.page.evaluate("document.body.dataset.base")
        origin = self.desk.link.rsplit("/", 1)[0]
        self.page.goto(f"{origin}{base}/d/{self.desk.key(name)}/{view}")

    def says(self, text: str) -> None:
        expect(self.page.locator("#message")).to_contain_text(text, timeout=20_000)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def current(self) -> int:
        return int(self.page.locator("#sentence").get_attribute("data-index") or -1)

    def listed(self) -> list[int]:
        return self.page.evaluate(
            "[...document.querySelectorAll('.items [data-index]')].map(b => +b.dataset.index)"
        )

    def close(self) -> None:
        foreign = [url for url in self.requests if not url.startswith("http://127.0.0.1:")]
        assert [url for url in foreign if url != "about:blank"] == []
        assert self.complaints == []
        self.context.close()


@pytest.fixture
def person(browser: Browser, desk: Served) -> Iterator[Reviewer]:
    person = Reviewer(browser, desk)
    yield person
    person.close()


def test_the_queue_is_by_doubt_and_can_be_ordered_and_filtered(
    person: Reviewer, desk: Served
) -> None:
    person.open(TEXT)
    sentences = {s.index: s for s in desk.store.sentences(desk.key(TEXT))}
    shown = [sentences[i] for i in person.listed()]
    counted = [s.uncertainty for s in shown if s.counted]
    assert counted == sorted(counted, reverse=True)
    assert not shown[-1].counted
    page = person.page
    page.select_option("select[name=order]", "document")
    expect(page.locator(".items [data-index]").first).to_have_attribute("data-index", "0")
    page.select_option("select[name=orientation]", "control")
    control = [i for i, s in sentences.items() if s.machine.orientation is Orientation.CONTROL]
    expect(page.locator("#matched")).to_contain_text(f"{len(control)} 句")
    assert person.listed() == control
    alarm = sentences[control[0]].alarms[0]
    page.select_option("select[name=alarm]", alarm)
    expect(page.locator("#matched")).to_contain_text(
        f"{sum(alarm in s.alarms for s in sentences.values())} 句"
    )
    page.select_option("select[name=alarm]", "")
    page.select_option("select[name=orientation]", "")
    page.fill("#query", "申诉")
    page.press("#query", "Enter")
    expect(page.locator("#matched")).to_contain_text("1 句")


def test_accepting_and_correcting_with_the_keyboard_alone(person: Reviewer, desk: Served) -> None:
    index = desk.index(TEXT, "系统应采用B/S")
    person.open(TEXT, index, "?order=document")
    machine = desk.store.sentences(desk.key(TEXT))[index].machine
    person.press("Enter")
    person.says("已保存")
    expect(person.page.locator(f'#sentence[data-index="{index + 1}"]')).to_be_visible()
    (entry,) = desk.store.trail(desk.key(TEXT))
    assert (entry.act, entry.label, entry.reviewer) == (Act.ACCEPT, machine, "王芳")
    person.press("4")
    assert person.page.locator("[name=category]:checked").count() == 2
    person.press("1", "k", "a")
    expect(person.page.locator("[name=orientation]:checked")).to_have_value("control")
    expect(person.page.locator("[data-rule=C8]")).to_be_visible()
    person.press("Enter")
    expect(person.page.locator(f'#sentence[data-index="{index + 2}"]')).to_be_visible()
    entry = desk.store.trail(desk.key(TEXT))[-1]
    assert entry.act is Act.CORRECT and entry.label is not None
    assert entry.label.categories == ("C8", "C1")
    person.press("z")
    person.says("已撤销")
    assert person.current() == index + 1
    assert desk.store.standings(desk.key(TEXT)).keys() == {index}
    person.press("x")
    person.says("已重做")
    assert desk.store.standings(desk.key(TEXT)).keys() == {index, index + 1}


def test_draft_is_dropped_with_escape_and_arrows_move(person: Reviewer, desk: Served) -> None:
    person.open(TEXT, 3, "?order=document&state=all")
    before = person.page.locator("[name=orientation]:checked").input_value()
    person.press("q", "w", "s", "Escape")
    expect(person.page.locator("[name=orientation]:checked")).to_have_value(before)
    person.press("ArrowDown")
    expect(person.page.locator('#sentence[data-index="4"]')).to_be_visible()
    person.press("b")
    expect(person.page.locator('#sentence[data-index="3"]')).to_be_visible()
    assert desk.store.trail(desk.key(TEXT)) == ()


def test_shortcuts_can_be_switched_off(person: Reviewer, desk: Served) -> None:
    person.open(TEXT, 3)
    person.press("?")
    person.page.uncheck("#single-keys")
    person.page.focus("#sentence")
    person.press("Enter", "z", "q")
    person.page.wait_for_timeout(300)
    assert desk.store.trail(desk.key(TEXT)) == ()
    person.page.click("#save")
    person.says("已保存")


def test_one_decision_for_all_alike_is_taken_back_as_one(person: Reviewer, desk: Served) -> None:
    index = desk.index(TEXT, "员工每日上下班")
    person.open(TEXT, index)
    twins = person.page.locator(".twins li")
    expect(twins).to_have_count(3)
    assert person.page.locator("[name=twin]:checked").count() == 3
    person.press("s", "Enter")
    person.says("4 句")
    entries = desk.store.trail(desk.key(TEXT))
    assert len(entries) == 4 and {e.bulk for e in entries} == {entries[0].number}
    assert person.current() not in {e.sentence for e in entries}
    person.press("z")
    person.says("已撤销 4 句")
    assert desk.store.standings(desk.key(TEXT)) == {}
    person.press("x")
    person.says("已重做 4 句")
    assert len(desk.store.standings(desk.key(TEXT))) == 4


def test_alike_sentences_can_be_left_out(person: Reviewer, desk: Served) -> None:
    person.open(TEXT, desk.index(TEXT, "员工每日上下班"))
    expect(person.page.locator(".twins li")).to_have_count(3)
    person.press("m", "Enter")
    person.says("已保存。")
    assert len(desk.store.trail(desk.key(TEXT))) == 1


@needs_chinese_font
def test_the_page_image_shows_the_sentence_in_its_box(person: Reviewer, desk: Served) -> None:
    index = desk.index(PDF, "各部门须逐日")
    with person.page.expect_response(lambda r: r.url.endswith("/p/1.png")) as caught:
        person.open(PDF, index)
    assert caught.value.ok and caught.value.headers["content-type"] == "image/png"
    page = person.page.locator("svg.page")
    expect(page.locator("rect.here")).to_have_count(1)
    part = page.bounding_box()
    person.press("c")
    whole = page.bounding_box()
    assert part and whole and whole["height"] > 1.5 * part["height"]
    # Inside the box there is ink, below it white paper.
    box = page.locator("rect.here").bounding_box()
    assert box is not None
    below = {**box, "y": box["y"] + 2 * box["height"]}
    person.page.mouse.move(0, 0)
    inside, outside = (person.page.screenshot(clip=area) for area in (box, below))
    assert len(inside) > 3 * len(outside)


def test_a_changed_original_is_not_shown(person: Reviewer, desk: Served) -> None:
    original = desk.store.document(desk.key(PDF)).original
    assert original is not None
    original.write_bytes(original.read_bytes() + b"\n%")
    person.open(PDF, desk.index(PDF, "各部门须逐日"))
    expect(person.page.locator(".failed")).to_contain_text("图像显示不出来", timeout=20_000)
    assert len(person.complaints) == 1 and "409" in person.complaints.pop()


def test_explanation_on_demand(person: Reviewer, desk: Served) -> None:
    person.open(TEXT, desk.index(TEXT, "员工每日上下班"))
    person.press("v")
    explanation = person.page.locator("#explanation")
    expect(explanation).to_contain_text("去掉后", timeout=60_000)
    expect(explanation).to_contain_text("打卡")


def test_two_reviewers_work_blind_and_a_third_settles(browser: Browser, desk: Served) -> None:
    index = desk.index(TEXT, "员工可在线提出申诉")
    first, second = Reviewer(browser, desk), Reviewer(browser, desk, "李强")
    first.open(TEXT, index)
    first.press("1", "Enter")
    first.says("已保存")
    second.open(TEXT, index)
    assert "已保存" not in second.page.inner_text("#card")
    expect(second.page.locator("[name=orientation]:checked")).to_have_value("assistive")
    second.view(TEXT, "trail")
    assert "尚未显示" in second.page.inner_text("main") and "中性" not in second.page.inner_text(
        "main"
    )
    second.view(TEXT, "agreement")
    assert "还没有两位审阅人" in second.page.inner_text("main")
    second.open(TEXT, index)
    second.press("Enter")
    second.says("已保存")
    second.view(TEXT, "agreement")
    main = second.page.inner_text("main")
    assert "李强 与 王芳" in main or "王芳 与 李强" in main
    assert second.page.locator(".dispute").count() == 1
    second.view(TEXT, "sign-off")
    expect(second.page.locator("#sign")).to_be_disabled()
    third = Reviewer(browser, desk, "陈主任")
    third.view(TEXT, "agreement")
    with third.page.expect_navigation():
        third.page.click("[aria-label=裁定为王芳的判断]")
    assert "收回裁定" in third.page.inner_text(".dispute")
    standing = desk.store.standings(desk.key(TEXT))[index]
    assert standing.human is not None and standing.human.orientation is Orientation.NEUTRAL
    assert {d.reviewer for d in standing.opinions.values()} == {"王芳", "李强"}
    for person in (first, second, third):
        person.close()


def test_sign_off_shows_both_scores_and_prints(
    person: Reviewer, desk: Served, tmp_path: Path
) -> None:
    key, page = desk.key(TEXT), person.page
    person.view(TEXT, "sign-off")
    expect(page.locator("#sign")).to_be_disabled()
    person.open(TEXT, desk.index(TEXT, "员工每日上下班"))
    expect(page.locator(".twins li")).to_have_count(3)
    person.press("1", "Enter")
    person.says("4 句")
    person.view(TEXT, "sign-off")
    with page.expect_navigation():
        page.click("#sign")
    (signed,) = desk.store.sign_offs(key)
    assert (signed.reviewer, signed.reviewed) == ("王芳", 4)
    assert signed.machine == desk.store.document(key).score
    assert signed.human.control < signed.machine.control - 0.5
    main = page.inner_text("main")
    assert "此后有改动" not in main and "王芳" in main
    pdf = page.pdf(path=tmp_path / "signed.pdf")
    assert pdf.startswith(b"%PDF") and len(pdf) > 5000
    with page.expect_download() as download:
        page.click("a[href='signed.html']")
    report = Path(download.value.path()).read_text(encoding="utf-8")
    index = desk.index(TEXT, "员工每日上下班")
    assert "经人工审阅" in report and f'<span id="s{index}">员工每日' in report
    with page.expect_download() as download:
        page.click("a[href='export.json']")
    result = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert result["sign_offs"][0]["reviewer"] == "王芳" and result["sign_offs"][0]["is_current"]
    assert sum(s["human"] is not None for s in result["sentences"]) == 4
    assert result["sentences"][0]["machine"]["probabilities"].keys() >= {"assistive", "C10"}
    person.open(TEXT, 0, "?state=all")
    person.press("Enter")
    person.says("已保存")
    person.view(TEXT, "sign-off")
    assert "此后有改动" in page.inner_text("main")


def test_a_message_never_vouches_for_the_next_act(person: Reviewer) -> None:
    # The second decision took its "已保存" from the first one, before the server had it.
    person.open(PDF, None, "?order=document")
    person.press("Enter")
    person.says("已保存")
    person.page.route("**/decisions", lambda route: None)
    person.press("Enter")
    assert person.page.inner_text("#message") == ""


def test_the_last_decision_says_that_the_queue_ends(person: Reviewer) -> None:
    last = len(person.desk.store.sentences(person.desk.key(PDF))) - 1
    person.open(PDF, last, "?order=document&state=all")
    person.press("Enter")
    person.says("已保存。已到队列末尾。")
    assert person.current() == last


def test_two_browsers_at_once_lose_nothing(browser: Browser, desk: Served) -> None:
    people = [Reviewer(browser, desk, name) for name in ("甲", "乙")]
    for person in people:
        person.open(PDF, None, "?order=document")
    count = len(desk.store.sentences(desk.key(PDF)))
    for _ in range(count):
        before = [person.current() for person in people]
        for person in people:
            person.press("Enter")
        for person, at in zip(people, before, strict=True):
            person.says("已保存")
            if at < count - 1:
                expect(person.page.locator(f'#sentence[data-index="{at + 1}"]')).to_be_visible()
    standings = desk.store.standings(desk.key(PDF))
    assert len(standings) == count
    assert all(set(standing.opinions) == {"甲", "乙"} for standing in standings.values())
    for person in people:
        person.close()


def test_a_narrow_screen_needs_no_sideways_scrolling(person: Reviewer) -> None:
    person.page.set_viewport_size({"width": 390, "height": 800})
    person.open(TEXT, 3)
    assert person.page.evaluate("document.documentElement.scrollWidth") == 390
    for view in ("agreement", "trail", "sign-off"):
        person.view(TEXT, view)
        assert person.page.evaluate("document.documentElement.scrollWidth") == 390, view


def test_says_so_when_the_desk_is_closed(
    browser: Browser, tmp_path: Path, classifier: Classifier, scored: dict[str, Report]
) -> None:
    with served(tmp_path, classifier, scored) as desk:
        person = Reviewer(browser, desk)
        person.open(TEXT, 3)
    person.press("Enter")
    person.says("审阅台已经关闭")
    person.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(browser: Browser, desk: Served, scheme: str) -> None:
    # The policy of our pages would keep axe itself out.
    options = {"color_scheme": scheme, "bypass_csp": True}
    index = desk.index(TEXT, "员工每日上下班")
    desk.store.decide([(desk.key(TEXT), index)], "李强", Label(Orientation.NEUTRAL, ()))
    person = Reviewer(browser, desk, "赵敏", **options)
    assert faults(person.page) == [], "documents"
    person.open(TEXT, index)
    person.press("?", "v")
    expect(person.page.locator("#explanation")).to_contain_text("去掉后", timeout=60_000)
    assert faults(person.page) == [], "desk"
    person.press("Enter")
    person.says("已保存")
    for view in ("agreement", "trail", "sign-off"):
        person.view(TEXT, view)
        assert faults(person.page) == [], view
    person.close()


def faults(page: Page) -> list[str]:
    """What axe-core holds to be serious or critical."""
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
