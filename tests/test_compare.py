"""Two drafts side by side: alignment, weights, findings, the page, JSON, the command."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright
from referencing import Registry, Resource
from sample_report import HOSTILE, hostile_report, make_report, sample_report

import cli
from classifier import Classifier, Comparison, Report, compare
from classifier.comparison import similarity
from classifier.comparison.align import align
from classifier.comparison.html import render
from classifier.comparison.model import Fate, Kind
from classifier.comparison.overview import overview
from classifier.comparison.wording import unnumbered
from classifier.comparison.words import word_changes
from classifier.document import Block, BlockKind
from classifier.resources import folder
from classifier.taxonomy import Orientation

SAMPLES = folder("data") / "samples"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

# "#" begins a heading; behind "|" stand the categories.
BASE = """
# 第一章 项目概况
本项目为临江区政务服务平台的升级改造。
平台面向全区四十二个部门统一部署。
# 第二章 功能需求
## 2.1 办事服务
系统自动带入已有信息，群众无需重复填写。 | A1
办理进度可以在线查询，并以短信提醒申请人。 | A3
窗口人员每日须通过人脸识别打卡。 | C1 C2
## 2.2 统计分析
各部门可以按月查看本部门的办件数量。
# 第三章 培训
供应商应提供三次现场培训，并编写操作手册。 | A8
上线后驻场支持三个月，随时解答使用问题。 | A8
# 第四章 商务要求
投标保证金为五万元，于开标前一日到账。
合同签订后六十日内完成安装与调试。
""".lstrip()


def draft(source: str, name: str = "草稿.docx", **rest) -> Report:
    blocks, labels = [], []
    for line in source.strip().splitlines():
        text, _, given_labels = line.partition(" | ")
        title = text.lstrip("#")
        level = len(text) - len(title)
        kind = BlockKind.HEADING if level else BlockKind.PARAGRAPH
        blocks.append(Block(title.strip(), kind, level))
        labels.append(given_labels)
    return make_report(blocks, labels, name, **rest)


def edited(*replacements: tuple[str, str]) -> Comparison:
    source = BASE
    for old, new in replacements:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return compare(draft(BASE), draft(source))


def counts(comparison: Comparison) -> dict[str, int]:
    kinds = comparison.counts()
    return {name: kinds[name] for name in ("reworded", "added", "removed", "moved", "renumbered")}


NOTHING = {"reworded": 0, "added": 0, "removed": 0, "moved": 0, "renumbered": 0}


def assert_covers(comparison: Comparison) -> None:
    """Every sentence of both drafts stands in exactly one change, the new ones in their order."""
    old = [c.old.sentence.index for c in comparison.changes if c.old]
    new = [c.new.sentence.index for c in comparison.changes if c.new]
    assert sorted(old) == list(range(len(comparison.old.sentences)))
    assert new == list(range(len(comparison.new.sentences)))


def test_identical_drafts_have_no_changes() -> None:
    comparison = edited()
    assert counts(comparison) == NOTHING
    assert comparison.score.difference == 0
    assert not comparison.score.separate
    assert all(change.weight == 0 for change in comparison.changes)
    assert "没有文字或判断上的改动" in overview(comparison)[0]
    assert "两稿没有改动" in lxml.html.fromstring(render(comparison)).text_content()


def test_one_changed_figure_is_a_rewording_with_its_words() -> None:
    comparison = edited(("六十日内", "九十日内"))
    assert counts(comparison) == NOTHING | {"reworded": 1}
    (change,) = comparison.of(Kind.REWORDED)
    assert 0.8 < change.similarity < 1
    assert change.old and change.new
    pieces = word_changes(change.old.text, change.new.text)
    assert "".join(p.old for p in pieces if p.changed).startswith("六十")
    assert "".join(p.new for p in pieces if p.changed).startswith("九十")


def test_a_moved_chapter_is_moved_not_removed_and_added() -> None:
    chapter = BASE[BASE.index("# 第三章") : BASE.index("# 第四章")]
    comparison = compare(draft(BASE), draft(chapter + BASE.replace(chapter, "")))
    assert counts(comparison) == NOTHING | {"moved": 3}
    assert [c.new.text for c in comparison.moved if c.new] == [
        line.partition(" | ")[0].lstrip("# ") for line in chapter.splitlines()
    ]


def test_a_moved_sentence_may_be_reworded_too() -> None:
    line = "上线后驻场支持三个月，随时解答使用问题。 | A8\n"
    moved = "上线后驻场支持六个月，随时解答使用问题。 | A8\n"
    comparison = compare(draft(BASE), draft(moved + BASE.replace(line, "")))
    assert counts(comparison) == NOTHING | {"reworded": 1, "moved": 1}


def test_headings_with_other_numbers_are_renumbered_only() -> None:
    comparison = edited(
        ("## 2.2 统计", "## 2.3 统计"), ("# 第三章", "# 第五章"), ("# 第四章", "# 六、")
    )
    assert counts(comparison) == NOTHING | {"renumbered": 3}
    page = lxml.html.fromstring(render(comparison))
    assert not page.find_class("row")
    assert "只有 3 句的编号不同" in page.text_content()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3.1 支持按部门查询", "3.2 支持按部门查询"),
        ("3.1.2支持按部门查询", "4.1.2支持按部门查询"),
        ("（一）支持按部门查询", "（二）支持按部门查询"),
        ("1、支持按部门查询", "②支持按部门查询"),
        ("★3.1 投标人须到场", "★3.4 投标人须到场"),
        ("支持按部门查询（如有）", "a) 支持 按部门查询(如有)"),
    ],
)
def test_numbering_and_spelling_are_no_rewording(old: str, new: str) -> None:
    assert unnumbered(old) == unnumbered(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3.5米高的围栏", "4.5米高的围栏"),
        ("3 个月内完成", "6 个月内完成"),
        ("10天内答复", "20天内答复"),
        ("1.5", "2.5"),
        ("二级以上资质", "三级以上资质"),
        ("2.0版本以上", "3.0版本以上"),
        ("★3.1 投标人须到场", "3.1 投标人须到场"),
        ("8.9%以上", "9.9%以上"),
    ],
)
def test_quantities_and_stars_are_no_numbering(old: str, new: str) -> None:
    assert unnumbered(old) != unnumbered(new)


def test_an_added_control_clause_moves_the_score_towards_control() -> None:
    clause = "离岗超过十分钟的，由系统自动扣减当月绩效。 | C7"
    comparison = edited(("# 第三章 培训", f"{clause}\n# 第三章 培训"))
    (change,) = comparison.of(Kind.ADDED)
    assert comparison.score.difference < 0
    assert change.weight < 0
    assert comparison.ranked(Orientation.CONTROL) == [change]
    assert comparison.categories["C7"] == (0, 1)
    assert [a.rule.id for a in comparison.alarms if a.fate is Fate.APPEARED] == ["sanctions"]
    said = "\n".join(overview(comparison))
    assert "管控句多出 1 句" in said
    assert "新出现的警示：惩戒与追责" in said


def test_swapping_the_drafts_turns_the_weights() -> None:
    drafts = draft(BASE), draft(BASE.replace("随时解答使用问题。 | A8", "随时抽查在岗情况。 | C9"))
    there, back = compare(*drafts), compare(*reversed(drafts))
    assert sum(c.weight for c in there.changes) < -0.01
    assert sum(c.weight for c in back.changes) == pytest.approx(
        -sum(c.weight for c in there.changes)
    )
    assert there.score.difference == pytest.approx(-back.score.difference)


def test_removed_control_counts_as_more_help() -> None:
    comparison = edited(("窗口人员每日须通过人脸识别打卡。 | C1 C2\n", ""))
    (change,) = comparison.of(Kind.REMOVED)
    assert change.weight > 0
    assert change in comparison.ranked(Orientation.ASSISTIVE)
    assert [a.rule.id for a in comparison.alarms if a.fate is Fate.VANISHED] == [
        "biometric_attendance"
    ]


def test_a_lost_safeguard_is_named() -> None:
    training = BASE[BASE.index("# 第三章") : BASE.index("# 第四章")]
    comparison = edited((training, ""))
    fates = {s.rule.id: s.fate for s in comparison.safeguards}
    assert fates["training"] is Fate.VANISHED
    assert fates["convenience"] is Fate.STAYED
    assert any("失去的保障：培训与支持" in line for line in overview(comparison))


def test_a_copy_more_of_the_same_sentence_moves_nothing() -> None:
    line = "窗口人员每日须通过人脸识别打卡。 | C1 C2\n"
    for heading in ("# 第二章 功能需求\n", "# 第四章 商务要求\n"):
        comparison = edited((heading, f"{heading}{line}"))
        assert counts(comparison) == NOTHING | {"added": 1}
        pushed = [c for c in comparison.changes if c.is_oriented and "打卡" in c.sides[0].text]
        assert len(pushed) == 2
        assert all(change.weight == 0 for change in pushed)


def test_same_words_with_another_answer_are_told_apart() -> None:
    line = "各部门可以按月查看本部门的办件数量。"
    comparison = edited((line, f"{line} | C9"))
    assert counts(comparison) == NOTHING
    (change,) = [c for c in comparison.changes if c.relabelled]
    assert change.is_shown and change.kind is Kind.SAME and change.weight < 0
    assert any("1 句文字未改而模型的判断有变" in said for said in overview(comparison))


def test_an_empty_draft_on_either_side() -> None:
    full, empty = draft(BASE), make_report([], [])
    for drafts, kind in (((empty, full), Kind.ADDED), ((full, empty), Kind.REMOVED)):
        comparison = compare(*drafts)
        assert {c.kind for c in comparison.changes} == {kind}
        assert_covers(comparison)
        assert "不能相比" in overview(comparison)[0]
        assert lxml.html.fromstring(render(comparison)).find_class("row")
    assert compare(empty, empty).changes == ()
    render(compare(empty, empty))


def test_drafts_read_by_different_models_are_refused() -> None:
    other = replace(draft(BASE), model="lexical")
    with pytest.raises(ValueError, match="one model"):
        compare(draft(BASE), other)


def test_a_removed_sentence_stands_behind_what_it_followed() -> None:
    comparison = edited(("平台面向全区四十二个部门统一部署。\n", ""))
    texts = [(c.new or c.old).text for c in comparison.changes]  # type: ignore[union-attr]
    assert texts[:3] == [
        "第一章 项目概况",
        "本项目为临江区政务服务平台的升级改造。",
        "平台面向全区四十二个部门统一部署。",
    ]


def test_repeated_boilerplate_keeps_its_order() -> None:
    old = [
        f"{'甲乙丙丁戊己'[i // 2]}类服务" if i % 2 else "投标人须提供承诺函。" for i in range(12)
    ]
    new = [*old[:4], "新增加的一项内容", *old[4:]]
    pairs, moved = align(old, new)
    assert pairs == {i: i + (i >= 4) for i in range(12)}
    assert not moved


def test_boilerplate_goes_with_its_chapter_and_a_lone_cell_does_not_move() -> None:
    chapters = [[f"{name}类服务的要求", "投标人须提供承诺函。"] * 2 for name in "甲乙丙"]
    for number, chapter in enumerate(chapters):
        chapter[2] += f"之{'一二三'[number]}补充"
    old = ["是", *chapters[0], *chapters[1], *chapters[2], *"零壹贰叁肆"]
    new = [*chapters[1], *chapters[2], *chapters[0], *"零壹贰叁肆", "是"]
    pairs, moved = align(old, new)
    assert {i: pairs.get(i) for i in range(1, 5)} == {1: 8, 2: 9, 3: 10, 4: 11}
    assert moved == {1, 2, 3, 4}
    assert 0 not in pairs


LINES = st.lists(
    st.sampled_from(
        [
            "投标人须提供承诺函。",
            "系统应当自动带入已有信息。",
            "系统应当自动带入已有的全部信息。",
            "1、员工每日打卡。",
            "2、员工每日打卡。",
            "是",
            "否",
            "3.1",
            "合同签订后六十日内完成安装与调试。",
            "合同签订后九十日内完成安装与调试。",
            "★",
        ]
    )
    | st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1, max_size=8),
    max_size=12,
)


@given(LINES, LINES)
@settings(max_examples=60, deadline=None)
def test_every_sentence_is_in_exactly_one_change(old: list[str], new: list[str]) -> None:
    comparison = compare(*(classified(lines) for lines in (old, new)))
    assert_covers(comparison)
    for change in comparison.changes:
        assert (change.old is None) == (change.kind is Kind.ADDED)
        assert (change.new is None) == (change.kind is Kind.REMOVED)
    steady = [c.old.sentence.index for c in comparison.changes if c.old and c.new and not c.moved]
    assert steady == sorted(steady)


def classified(lines: Sequence[str]) -> Report:
    from classifier.document import Document
    from classifier.segment import segment

    blocks = [Block(line) for line in lines]
    size = len(segment(Document.from_blocks("", "text", blocks)))
    return make_report(blocks, [""] * size)


@given(st.text(max_size=60), st.text(max_size=60))
@settings(deadline=None)
def test_pieces_give_back_both_texts(old: str, new: str) -> None:
    pieces = word_changes(old, new)
    assert "".join(piece.old for piece in pieces) == old
    assert "".join(piece.new for piece in pieces) == new


def test_single_characters_between_changes_are_no_islands() -> None:
    pieces = word_changes("领导可随时查看下属填报情况。", "主任可随地查看本科汇总情况。")
    assert [piece.old for piece in pieces if piece.changed] == ["领导可随时", "下属填报"]
    assert not word_changes("投标 人（甲方）须到场", "投标人(甲方)须到场")[0].changed


def sentences(size: int, seed: int) -> list[str]:
    words = ["人员", "系统", "部门", "数据", "项目", "采购", "服务", "设备", "管理", "信息", "合同"]
    chosen = random.Random(seed)
    return ["".join(chosen.choices(words, k=12)) for _ in range(size)]


@pytest.mark.parametrize("case", ["different", "all alike", "shuffled"])
def test_work_grows_with_the_text_not_with_its_square(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 20_000
    cells = 0
    real = similarity.cdist

    def counting(old: Sequence[str], new: Sequence[str], **options):
        nonlocal cells
        cells += len(old) * len(new)
        return real(old, new, **options)

    monkeypatch.setattr(similarity, "cdist", counting)
    old = sentences(size, 1)
    new = sentences(size, 2) if case == "different" else random.Random(3).sample(old, size)
    if case == "all alike":
        old, new = ["投标人须提供承诺函。"] * size, ["投标人应提供承诺书。"] * size
    pairs, _ = align(old, new)
    assert len(set(pairs.values())) == len(pairs)
    assert cells <= 500 * size
    if case == "all alike":
        assert pairs == {i: i for i in range(size)}


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
