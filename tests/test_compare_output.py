"""The comparison of two drafts as page, JSON and command."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import jsonschema
import lxml.html
import pytest
from drafts import BASE, assert_covers, draft, edited
from playwright.sync_api import sync_playwright
from referencing import Registry, Resource
from sample_report import HOSTILE, hostile_report, make_report, sample_report

import cli
from classifier import Classifier, compare
from classifier.comparison.html import render
from classifier.comparison.model import Kind
from classifier.document import Block
from classifier.resources import folder

SAMPLES = folder("data") / "samples"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


def validator() -> jsonschema.Draft202012Validator:
    name = "report.schema.json"
    comparison, report = (
        json.loads((folder("data") / file).read_text(encoding="utf-8"))
        for file in ("compare.schema.json", name)
    )
    registry = Registry().with_resource(name, Resource.from_contents(report))
    return jsonschema.Draft202012Validator(comparison, registry=registry)


def test_json_follows_its_schema_and_says_what_the_comparison_says() -> None:
    assistance = sample_report()
    for comparison in (edited(("六十日内", "九十日内")), compare(draft(BASE), assistance)):
        content = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
        validator().validate(content)
        assert len(content["changes"]) == len(comparison.changes)
        for change, said in zip(comparison.changes, content["changes"], strict=True):
            assert said["kind"] == change.kind.value
            if change.new:
                assert content["new"]["sentences"][said["new"]]["text"] == change.new.text
    wrong = content["changes"][0] | {"kind": "added", "old": 0}
    assert not validator().is_valid(content | {"changes": [wrong]})


def test_every_change_is_on_the_page_with_both_places() -> None:
    comparison = compare(draft(BASE), sample_report())
    page = lxml.html.fromstring(render(comparison))
    rows = page.xpath("//article[contains(@class, 'row')]")
    shown = [c for c in comparison.changes if c.is_shown]
    assert len(rows) == len(shown) > 50
    for row, change in zip(rows, shown, strict=True):
        for side, name in ((change.old, "old"), (change.new, "new")):
            (part,) = row.find_class("draft " + name) or row.xpath(f".//*[@class='draft {name}']")
            if side is None:
                assert "无此句" in part.text_content()
                continue
            place = part.find_class("at")[0].text_content()
            assert ("页" if side.sentence.place.page else "段") in place
            assert all(title in place for title in side.sentence.section)
            text = part.find_class("tx")[0].xpath(".//text()[not(ancestor::i)]")
            assert "".join(map(str, text)) == side.text
    targets = page.xpath("//a/@href")
    assert {t[1:] for t in targets} <= set(page.xpath("//@id"))


def test_hostile_text_is_escaped_once() -> None:
    formula = make_report([Block("=HYPERLINK(1)正文" + HOSTILE[:30])], [""], name="=1+1.txt")
    page = lxml.html.fromstring(render(compare(formula, hostile_report())))
    assert [s.get("type") for s in page.xpath("//script")] == [None]
    assert not page.xpath("//@onload | //*[@id='x'] | //@style")
    assert HOSTILE in page.xpath("string(//h1)")
    assert any(HOSTILE in text for text in page.xpath("//p[@class='tx']//text()"))


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM")
def test_the_page_in_a_browser(tmp_path: Path) -> None:
    comparison = edited(
        ("窗口人员每日须通过人脸识别打卡。 | C1 C2\n", ""),
        ("六十日内", "九十日内"),
        ("# 第三章 培训\n", f"# 第三章 培训\n离岗的扣减当月绩效。 | C7\n另见附录{HOSTILE}。\n"),
    )
    comparison.to_html(tmp_path / "page.html")
    shown = "[...document.querySelectorAll('article.row')].filter(e => e.offsetParent).length"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        changes = sum(c.is_shown for c in comparison.changes)
        assert page.evaluate(shown) == changes
        page.check("#only")
        assert page.evaluate(shown) == comparison.counts()["oriented"] == 2
        page.check("[name=k][value=removed]")
        assert page.evaluate(shown) == 1
        assert page.inner_text("#matched") == "符合筛选：1 处"
        # A link to a change that the filters hide shows it.
        page.click("#alarms a >> nth=0")
        assert page.evaluate(shown) == changes
        assert "绩效" in page.inner_text(".row.cur")
        page.keyboard.press("j")
        assert "附录" in page.inner_text(".row.cur")
        page.keyboard.press("k")
        assert page.evaluate("document.activeElement.classList.contains('cur')")
        assert page.evaluate("window.pwned") is None
        page.set_viewport_size({"width": 380, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        browser.close()
    assert complaints == []


@pytest.fixture
def drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.chdir(tmp_path)
    text = (SAMPLES / "delivery-riders-srs.txt").read_bytes().decode("gb18030")
    old, new = tmp_path / "旧稿.txt", tmp_path / "新稿.txt"
    old.write_text(text, encoding="utf-8")
    clauses = (
        "骑手每日须刷脸打卡，迟到由系统自动罚款。",
        "系统实时采集骑手位置轨迹，离线超过十分钟自动通报站长。",
        "每周按准时率对骑手排名并公示，末位扣减绩效。",
    )
    new.write_text(text + "\n" + "\n".join(clauses), encoding="utf-8")
    return old, new


def run_compare(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.app(["compare", "--model", "lexical", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_command_writes_a_page_and_a_summary(drafts, tmp_path: Path, capsys) -> None:
    assert run_compare(*drafts) == 0
    said = capsys.readouterr().out
    assert "旧稿.txt → 新稿.txt" in said
    assert "更多管控" in said
    assert "新稿.compare.html" in said.replace("\n", "")
    assert "刷脸打卡" in (tmp_path / "新稿.compare.html").read_text(encoding="utf-8")


def test_the_command_gives_json_alone(drafts, tmp_path: Path, capsys) -> None:
    assert run_compare("--json", *drafts) == 0
    content = json.loads(capsys.readouterr().out)
    validator().validate(content)
    assert content["counts"]["added"] == 3
    assert content["counts"]["removed"] == content["counts"]["reworded"] == 0
    assert content["score"]["difference"] < 0
    assert len(list(tmp_path.iterdir())) == 2


def test_an_unreadable_draft_is_named(drafts, tmp_path: Path, capsys) -> None:
    (tmp_path / "坏.pdf").write_bytes(b"%PDF-1.7 cut")
    assert run_compare(drafts[0], "坏.pdf") == 3
    assert capsys.readouterr().err.startswith("坏.pdf: ")
    assert run_compare("--json", drafts[0], "坏.pdf") == 3
    assert json.loads(capsys.readouterr().out)["path"] == "坏.pdf"


def test_wrong_usage_has_its_exit_codes(drafts) -> None:
    before = drafts[1].read_bytes()
    assert run_compare(drafts[0], "没有.txt") == 2
    assert run_compare(*drafts, "-o", drafts[1]) == 2
    assert drafts[1].read_bytes() == before
    assert run_compare(*drafts, "--model", "no-such-model") == 5


def test_the_public_name_compares_reports(drafts) -> None:
    classifier = Classifier.load("lexical")
    comparison = compare(*(classifier.analyze(path) for path in drafts))
    assert_covers(comparison)
    assert {c.kind for c in comparison.changes if c.is_shown} == {Kind.ADDED}


def test_redaction_reaches_the_page(drafts, tmp_path: Path) -> None:
    with drafts[1].open("a", encoding="utf-8") as text:
        text.write("\n联系人：欧阳文竹，手机13912345678。\n")
    assert run_compare(*drafts, "--redact") == 0
    page = (tmp_path / "新稿.compare.html").read_text(encoding="utf-8")
    assert "手机号" in page
    assert "13912345678" not in page
    assert "欧阳文竹" not in page
