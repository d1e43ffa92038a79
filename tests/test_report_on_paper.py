"""The report for everybody: accessibility, paper, no script."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from drafts import BASE, draft
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sample_report import make_report, sample_report

from classifier import compare
from classifier.comparison.html import render as render_comparison
from classifier.findings import Kind, rules
from classifier.report.html import render
from classifier.report.report import Report

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report()


def opened(browser: Browser, file: Path, html: str, **options) -> Page:
    file.write_text(html, encoding="utf-8")
    page = browser.new_context(**options).new_page()
    page.goto(file.as_uri())
    return page


def faults(page: Page, *only: str, within: str | None = None) -> list[str]:
    """What axe-core holds to be serious or critical, by all of its rules or only some."""
    options: dict = {"resultTypes": ["violations"]}
    if only:
        options["runOnly"] = list(only)
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in Axe().run(page, within, options).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(
    browser: Browser, tmp_path: Path, report: Report, scheme: str
) -> None:
    # The policy of our pages would keep axe itself out.
    options = {"color_scheme": scheme, "bypass_csp": True}
    pages = {
        "report": render(report),  # pages of it could not be read
        "empty": render(make_report([], [])),
        "compare": render_comparison(compare(draft(BASE), report)),
    }
    for name, html in pages.items():
        page = opened(browser, tmp_path / f"{name}.html", html, **options)
        if name == "report":
            page.keyboard.press("n")
            page.keyboard.press("Enter")
            assert page.is_visible("#panel")
        wanted = () if scheme == "light" else ("color-contrast",)
        assert faults(page, *wanted) == [], name
        if name == "report":
            page.keyboard.press("?")
            assert faults(page, *wanted, within="#keys") == []
        page.context.close()


def test_axe_would_find_one(browser: Browser, tmp_path: Path) -> None:
    html = '<!DOCTYPE html><html lang="zh"><title>a</title><main><img src="data:,">'
    page = opened(browser, tmp_path / "bad.html", html)
    assert [fault.partition(":")[0] for fault in faults(page)] == ["image-alt"]


def printed(page: Page, what: str) -> list[str]:
    page.evaluate("what => { document.documentElement.dataset.print = what }", what)
    with pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True))) as pdf:
        sizes = {tuple(round(x) for x in pdf[i].get_size()) for i in range(len(pdf))}
        assert sizes == {(595, 842)}
        return [pdf[i].get_textpage().get_text_range() for i in range(len(pdf))]


def test_paper_has_all_of_it_or_the_summary_or_the_checklist(
    browser: Browser, tmp_path: Path, report: Report
) -> None:
    page = opened(browser, tmp_path / "report.html", render(report))
    everything, summary, (checklist,) = (
        printed(page, what) for what in ("all", "summary", "checklist")
    )
    last = "逾期送达的投标文件恕不接受"
    assert any(last in text for text in everything)
    assert not any(last in text for text in summary)
    assert all(text.strip() for text in everything + summary)
    assert f"1 / {len(everything)}" in everything[0]
    for rule in (*rules(Kind.ALARM), *rules(Kind.SAFEGUARD), *rules(Kind.RISK)):
        assert rule.zh in checklist.replace("\r\n", "")
    assert "审读人" in checklist
    page.context.close()


def test_the_checklist_names_every_rule_with_its_answer_and_places(report: Report) -> None:
    page = lxml.html.fromstring(render(report))
    rows = page.xpath("//*[@id='checklist']//tr[td/label]")
    found = report.findings
    findings = (*found.alarms, *found.safeguards, *found.risks)
    assert len(rows) == len(findings) + len(found.proportionality)
    for row, finding in zip(rows, findings, strict=False):
        assert row.xpath("./th/a/@href") == [f"#f-{finding.rule.id}"]
        assert finding.state.zh in row.xpath("string(./td[2])")
        linked = {int(link[2:]) for link in row.xpath("./td[3]/a/@href")}
        assert linked <= set(finding.evidence)
        assert bool(linked) == bool(finding.evidence)


def test_risks_and_meetings_show_their_state_and_evidence(report: Report) -> None:
    page = lxml.html.fromstring(render(report))
    found = report.findings
    assert found.proportionality and any(r.state.value == "present" for r in found.risks)
    for risk in found.risks:
        shown = page.get_element_by_id(f"f-{risk.rule.id}")
        assert risk.rule.why in shown.text_content() and risk.state.zh in shown.text_content()
        assert shown.xpath(".//li/a/@href") == [f"#s{i}" for i in risk.evidence]
    for number, met in enumerate(found.proportionality, 1):
        shown = page.get_element_by_id(f"f-persons-{number}")
        assert met.note in shown.text_content()
        assert shown.xpath(".//li/a/@href") == [f"#s{i}" for i in met.evidence]


def test_without_script_all_can_be_read(browser: Browser, tmp_path: Path, report: Report) -> None:
    page = opened(browser, tmp_path / "report.html", render(report), java_script_enabled=False)
    text = page.inner_text("body")
    assert report.findings.alarms[0].rule.why in text
    last = page.locator("#doc .b").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    expect(last).to_have_text(re.compile("逾期送达的投标文件恕不接受"))
    assert "需要启用 JavaScript" in text
    assert page.is_hidden(".prints")
    page.context.close()


def test_the_strip_has_a_mark_for_every_piece_of_evidence_of_an_alarm(report: Report) -> None:
    (path,) = lxml.html.fromstring(render(report)).xpath("//path[@class='al']/@d")
    evidence = sorted({i for finding in report.findings.alarms for i in finding.evidence})
    size = len(report.sentences)
    places = [float(mark.split()[0]) for mark in path.split("M")[1:]]
    assert places == [round((i + 0.5) / size * 1000, 1) for i in evidence]
