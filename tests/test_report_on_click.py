"""What the report says of a sentence on a click, and the ways from findings to it and back."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sample_report import HOSTILE, sample_blocks
from typer.testing import CliRunner

import cli
from classifier import Classifier
from classifier.document import Block, Document
from classifier.report.explained import MOST_COMPARED
from classifier.report.html import render
from classifier.report.rationale import Method
from classifier.report.report import Report
from classifier.taxonomy import CATEGORIES, LABELS, Orientation

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install it")

PHONE = "13912345678"
PERSONAL = f"员工须每日人脸识别打卡，缺勤的拨打{PHONE}通报其主管并扣减绩效。"
RARE = "𠮷𠮷社区的员工须每日通过人脸识别打卡。"
QUOTES = f"员工'$(id)'须每日打卡，迟到的扣减绩效。{HOSTILE}"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load("lexical")


def made(classifier: Classifier, blocks: list[Block]) -> Report:
    return classifier.analyze(Document.from_blocks("公务行为监管平台.pdf", "pdf", blocks))


@pytest.fixture(scope="module")
def report(classifier: Classifier) -> Report:
    blocks = [*sample_blocks()[0], *(Block(text, page=8) for text in (PERSONAL, RARE, QUOTES))]
    return made(classifier, blocks)


def embedded(html: str) -> dict:
    return json.loads(lxml.html.fromstring(html).get_element_by_id("data").text or "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(render(report), encoding="utf-8")
    return file


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    yield page
    assert complaints == []
    page.close()


def index_of(report: Report, text: str) -> int:
    return next(s.sentence.index for s in report.sentences if text in s.text)


def test_every_marked_sentence_has_words_a_rule_and_examples(report: Report) -> None:
    told = embedded(render(report))["explained"]
    marked = [s for s in report.sentences if s.review or s.orientation is not Orientation.NEUTRAL]
    assert 20 < len(marked) < MOST_COMPARED
    for s in marked:
        i = str(s.sentence.index)
        method, carried, _, _ = told["words"][i]
        assert method == list(Method).index(Method.LEXICAL)
        labels = [LABELS[label] for label, *_ in carried]
        assert [label for label in labels if label in CATEGORIES] == list(s.categories)
        assert told["told"][i]
        assert len(told["near"][i]) == 3
    assert all(told["near"][str(s.sentence.index)][0] for s in marked[:10])
    numbers = [n for near in told["near"].values() for n in near[0][::2] + near[1][::2] + near[2]]
    assert set(numbers) == set(range(len(told["examples"])))


def test_the_words_named_stand_in_the_sentence_and_speak_for_the_label(report: Report) -> None:
    s = report.sentences[index_of(report, "人脸识别打卡，系统自动")]
    assert s.rationale is not None
    words = {
        carried.label: {s.text[w.start : w.end]: w.weight for w in carried.words}
        for carried in s.rationale.carried
    }
    assert "人脸识别" in words["control"] and "打卡" in words["C1"]
    assert all(weight > 0 for own in words.values() for weight in own.values())


def test_neutral_sentences_cost_nothing(report: Report) -> None:
    plain = [s for s in report.sentences if s.orientation is Orientation.NEUTRAL and not s.review]
    assert plain and all(s.rationale is None for s in plain)


def test_redaction_reaches_everything_embedded(report: Report) -> None:
    assert PHONE in render(report)
    masked = report.redacted()
    html = render(masked)
    assert PHONE not in html and PHONE[3:] not in html
    i = index_of(report, "缺勤的拨打")
    assert masked.sentences[i].rationale == report.sentences[i].rationale is not None
    assert embedded(html)["explained"]["words"][str(i)]


def test_full_rationales_name_their_method_and_what_flips(
    classifier: Classifier, report: Report
) -> None:
    said: list[tuple[int, int]] = []
    full = classifier.explained(report, 3, lambda done, of: said.append((done, of)))
    own = [s for s in full.sentences if s.rationale and s.rationale.method is Method.OCCLUSION]
    assert said[-1] == (3, 3) and len(own) == 3
    alarming = {i for finding in report.findings.alarms for i in finding.evidence}
    assert {s.sentence.index for s in own} <= alarming
    for s in own:
        assert s.rationale is not None
        for flip in s.rationale.flips:
            text = s.text
            for change in reversed(flip.changes):
                text = text[: change.start] + change.new + text[change.end :]
            i = s.sentence.index
            context = (s.sentence.section, report.sentences[i - 1].text if i else "")
            assert classifier.predict([text], [context]).orientations[0] is flip.orientation


def test_scan_explains_on_request(tmp_path: Path) -> None:
    source, out = tmp_path / "a.txt", tmp_path / "a.html"
    source.write_text("员工须每日通过人脸识别打卡。\n", encoding="utf-8")
    common = ["scan", str(source), "-o", str(out), "--model", "lexical"]
    for extra, method in (([], Method.LEXICAL), (["--explain", "1"], Method.OCCLUSION)):
        result = CliRunner().invoke(cli.app, [*common, *extra])
        assert result.exit_code == 0, result.output
        words = embedded(out.read_text(encoding="utf-8"))["explained"]["words"]
        assert [w[0] for w in words.values()] == [list(Method).index(method)]


@needs_chromium
def test_a_click_explains_a_sentence(page: Page, report: Report) -> None:
    i = index_of(report, "人脸识别打卡，系统自动")
    page.click(f"#s{i}")
    panel = page.locator("#panel")
    for said in ("哪些词起作用", "把词汇模型逐词分解", "准则怎么说", "相近的已标注句", "反例"):
        expect(panel).to_contain_text(said)
    assert "人脸识别" in page.locator("#panel .quoted").first.locator("b").all_inner_texts()
    assert page.locator("#panel .quoted").first.inner_text() == report.sentences[i].text
    expect(panel.locator(".command")).to_contain_text(
        "tenderlens explain --model 'lexical' --section '2.1 智能考勤'"
    )


@needs_chromium
def test_a_neutral_sentence_says_how_to_have_it_explained(page: Page, report: Report) -> None:
    plain = next(
        s for s in report.sentences if s.orientation is Orientation.NEUTRAL and not s.review
    )
    page.click(f"#s{plain.sentence.index}")
    expect(page.locator("#panel")).not_to_contain_text("哪些词起作用")
    expect(page.locator("#panel .command")).to_contain_text(plain.text)


@needs_chromium
def test_words_are_found_behind_characters_outside_the_basic_plane(
    page: Page, report: Report
) -> None:
    i = index_of(report, "𠮷𠮷社区")
    page.click(f"#s{i}")
    rationale = report.sentences[i].rationale
    assert rationale is not None
    named = [report.sentences[i].text[w.start : w.end] for w in rationale.carried[0].words]
    assert page.locator("#panel .quoted").first.locator("b").all_inner_texts() == named


@needs_chromium
def test_the_command_quotes_what_a_shell_would_run(page: Page, report: Report) -> None:
    i = index_of(report, "$(id)")
    page.evaluate("i => { location.hash = 's' + i }", i)
    page.locator(f"#s{i}").press("Enter")
    command = page.locator("#panel .command").inner_text()
    assert "'员工'\\''$(id)'\\''须每日打卡" in command
    assert not re.search(r"(?<!\\)'\$\(", command.replace("'\\''", ""))
    assert page.evaluate("window.pwned") is None


@needs_chromium
def test_from_a_finding_to_its_sentence_and_back(page: Page, report: Report) -> None:
    finding = report.findings.alarms[1]
    anchor = f"#f-{finding.rule.id}"
    page.locator(f"{anchor} li a").first.click()
    expect(page.locator(f"#s{finding.evidence[0]}.cur")).to_be_in_viewport()
    expect(page.locator("#panel .belongs")).to_contain_text(finding.rule.zh)
    page.keyboard.press("b")
    expect(page.locator(anchor)).to_be_focused()
    expect(page.locator(anchor)).to_be_in_viewport()
    expect(page.locator("#panel")).to_be_hidden()
    page.go_back()
    expect(page.locator(f"#s{finding.evidence[0]}.cur")).to_be_in_viewport()


@needs_chromium
def test_n_and_p_walk_the_evidence(page: Page, report: Report) -> None:
    found = report.findings
    evidence = sorted(
        {
            i
            for f in (*found.alarms, *found.safeguards, *found.risks, *found.proportionality)
            for i in f.evidence
        }
    )
    walked = []
    for key in "nnnp":
        page.keyboard.press(key)
        walked.append(page.evaluate("+document.querySelector('#doc .cur').id.slice(1)"))
    assert walked == [evidence[0], evidence[1], evidence[2], evidence[1]]


@needs_chromium
def test_the_help_opens_and_closes_by_keyboard(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    assert page.locator("#doc .cur").count() == 0
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
