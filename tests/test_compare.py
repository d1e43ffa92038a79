"""Two drafts side by side: alignment, weights, findings, the page, JSON, the command."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import lxml.html
import pytest
from drafts import BASE, NOTHING, assert_covers, counts, draft, edited
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_report import make_report

from classifier import Report, compare
from classifier.comparison import similarity
from classifier.comparison.align import align
from classifier.comparison.html import render
from classifier.comparison.model import Fate, Kind
from classifier.comparison.overview import overview
from classifier.comparison.wording import unnumbered
from classifier.comparison.words import word_changes
from classifier.document import Block
from classifier.taxonomy import Orientation


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


def test_a_risk_that_appears_and_alarms_that_meet_are_named() -> None:
    line = "各部门可以按月查看本部门的办件数量。"
    comparison = edited(
        (
            line,
            "采购人可以随时增加功能，供应商须无条件免费满足新增需求。\n"
            "窗口人员按办件时长每周排名。 | C6\n窗口人员迟到一次扣发奖金。 | C7",
        )
    )
    fates = {change.rule.id: change for change in comparison.risks}
    risk = fates["no_change_control"]
    assert (risk.fate, risk.old, len(risk.new)) == (Fate.APPEARED, (), 1)
    assert fates["show_project"].fate is Fate.ABSENT
    (meeting,) = comparison.proportionality
    assert (meeting.persons, meeting.fate, meeting.old) == ("工作人员", Fate.APPEARED, None)
    assert meeting.more == ("biometric_attendance", "quantified_ranking", "sanctions")
    back = compare(comparison.new, comparison.old)
    assert back.proportionality[0].less == meeting.more
    lines = "".join(overview(comparison))
    assert "新出现的失败风险：没有变更管理" in lines and "工作人员（多 3 项）" in lines
    assert "不再有的失败风险：没有变更管理" in "".join(overview(back))


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
