"""Sentence boundaries of requirement text, their offsets and section paths."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.document import Block, BlockKind, Box, Document, Line
from classifier.segment import segment
from classifier.splitting import LONGEST, split, split_clauses

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "segmentation"


def golden(name: str) -> list[dict]:
    return [json.loads(line) for line in (BENCHMARK / name).read_text("utf-8").splitlines()]


def pieces(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("系统应支持登录。系统应支持退出。", ["系统应支持登录。", "系统应支持退出。"]),
        ("支持查询；支持导出；", ["支持查询；", "支持导出；"]),
        ("是否提供培训？须提供！", ["是否提供培训？", "须提供！"]),
        ("版本不低于3.2.1，误差不超过0.5%。", ["版本不低于3.2.1，误差不超过0.5%。"]),
        ("响应时间为10:30至11:00之间", ["响应时间为10:30至11:00之间"]),
        ("支持导出报表.用户可以打印", ["支持导出报表.", "用户可以打印"]),
        ("包括：（1）打卡记录；（2）请假记录", ["包括：", "（1）打卡记录；", "（2）请假记录"]),
        ("功能如下：①查询进度 ②打印凭证", ["功能如下：", "①查询进度", "②打印凭证"]),
        ("乙方（含分包单位；不含个人。）应负责。", ["乙方（含分包单位；不含个人。）应负责。"]),
        ("点击“确认？”按钮后提交。", ["点击“确认？”按钮后提交。"]),
        ("他说“同意。”会议结束。", ["他说“同意。”", "会议结束。"]),
        ("详见https://example.cn/a?b=1;c=2的说明", ["详见https://example.cn/a?b=1;c=2的说明"]),
        ("★投标人须响应。▲否则扣分。", ["★投标人须响应。", "▲否则扣分。"]),
        ("第十二条 甲方权利。第十三条 乙方义务。", ["第十二条 甲方权利。", "第十三条 乙方义务。"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("真的吗？！可以。", ["真的吗？！", "可以。"]),
        (
            "括号没有闭合（例如这里。下一句照样分开。",
            ["括号没有闭合（例如这里。", "下一句照样分开。"],
        ),
    ],
)
def test_boundaries(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize("text", ["", "  ", "1.2", "3%", "——", "台", "2023-01-01"])
def test_what_says_nothing_is_no_sentence(text: str) -> None:
    assert pieces(text) == []


def test_golden_set_of_the_standard() -> None:
    """Known misses are counted, so that one more fails."""
    cases = golden("golden.jsonl")
    wrong = [case["id"] for case in cases if pieces(case["text"]) != case["sentences"]]
    assert len(cases) >= 450
    assert len(wrong) <= 1, wrong


def test_golden_set_of_clauses() -> None:
    for case in golden("golden_clauses.jsonl"):
        text = case["text"]
        found = [[text[c.start : c.end] for c in clauses] for clauses in split_clauses(text)]
        assert found == case["clauses"], case["id"]


ALPHABET = st.sampled_from(
    list('系统支持人员打卡。；！？，：（）“”①②(1)、.52 \n　aB★《》"";!?[]‘’…|第一条')
)
TEXTS = st.lists(st.text(ALPHABET, max_size=60), max_size=8)


@given(TEXTS)
def test_offsets_are_exact_and_in_order(texts: list[str]) -> None:
    document = Document.from_blocks("x", "text", [Block(text) for text in texts])
    end = 0
    for sentence in segment(document):
        assert document.text[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip()
        assert sentence.start >= end
        end = sentence.end
        block = document.blocks[sentence.place.block]
        assert block.start <= sentence.start < sentence.end <= block.end


@given(st.text(ALPHABET, max_size=80))
def test_only_what_says_nothing_is_left_out(text: str) -> None:
    """Between two sentences stands nothing that would be a sentence by itself."""
    end = 0
    for span in [*split(text), None]:
        gap = text[end : span.start if span else len(text)]
        assert pieces(gap) == []
        end = span.end if span else len(text)


@given(st.text(ALPHABET, max_size=80))
def test_spans_ascend_and_stay_apart(text: str) -> None:
    spans = split(text)
    edges = [0, *(edge for span in spans for edge in (span.start, span.end)), len(text)]
    assert edges == sorted(edges)
    assert all(text[span.start : span.end].strip() for span in spans)


@given(st.text(ALPHABET, max_size=60).map(lambda text: text.replace('"', "")))
def test_a_sentence_is_not_cut_again(text: str) -> None:
    """Straight quotes are left out: what they pair with depends on the text around."""
    for sentence in pieces(text):
        assert pieces(sentence) == [sentence]


@given(st.text(ALPHABET, max_size=80))
def test_clauses_cover_their_sentence(text: str) -> None:
    for sentence, clauses in zip(split(text), split_clauses(text), strict=True):
        assert (clauses[0].start, clauses[-1].end) == (sentence.start, sentence.end)
        for before, after in pairwise(clauses):
            assert text[before.end : after.start].strip() == ""
            assert before.end <= after.start


def test_clauses_know_their_sentence() -> None:
    document = Document.from_blocks(
        "x",
        "text",
        [
            Block("值守", BlockKind.HEADING, level=1),
            Block("值班员须到场核实，核实结果录入系统。逾期未核实的，系统通知站长处理。"),
        ],
    )
    sentences = segment(document)
    clauses = segment(document, unit="clause")
    assert [(c.sentence, c.text) for c in clauses] == [
        (0, "值守"),
        (1, "值班员须到场核实，"),
        (1, "核实结果录入系统。"),
        (2, "逾期未核实的，"),
        (2, "系统通知站长处理。"),
    ]
    for index, clause in enumerate(clauses):
        whole = sentences[clause.sentence]
        assert clause.index == index
        assert document.text[clause.start : clause.end] == clause.text
        assert whole.start <= clause.start < clause.end <= whole.end
        assert (clause.section, clause.place.block) == (whole.section, whole.place.block)


def test_unknown_unit() -> None:
    with pytest.raises(ValueError, match="word"):
        segment(Document.from_blocks("x", "text", [Block("系统")]), unit="word")  # type: ignore[call-overload]


def test_section_path_follows_the_headings() -> None:
    document = Document.from_blocks(
        "x",
        "text",
        [
            Block("第一章 总则", BlockKind.HEADING, level=1),
            Block("总则的正文。"),
            Block("1.1 范围", BlockKind.HEADING, level=2),
            Block("范围的正文。"),
            Block("需求", BlockKind.HEADING, level=1, label="第二章"),
            Block("需求的正文。"),
        ],
    )
    assert [s.section for s in segment(document)] == [
        (),
        ("第一章 总则",),
        ("第一章 总则",),
        ("第一章 总则", "1.1 范围"),
        (),
        ("第二章 需求",),
    ]


def test_boxes_are_clipped_to_the_sentence() -> None:
    text = "甲方负责。乙方配合。"
    edges = [100.0 + 10 * i for i in range(len(text) + 1)]
    line = Line(0, len(text), page=3, box=Box(100, 50, 200, 60), edges=edges)
    document = Document.from_blocks("x", "pdf", [Block(text, page=3, lines=(line,))])
    second = segment(document)[1]
    assert second.text == "乙方配合。"
    assert second.place.page == 3
    assert second.place.boxes == ((3, Box(150, 50, 200, 60)),)


@pytest.mark.parametrize(
    "text",
    [
        "_" * 200_000,
        "系统支持接口调用(返回值：" * 20_000,
        "）" * 200_000,
        "（" * 100_000 + "。）" * 100_000,
        "（“【" * 50_000,
        '"。' * 100_000,
        " ①1、（1）★" * 30_000,
        " " * 200_000,
        "a." * 100_000,
        "。" * 200_000,
        "（。）" * 50_000,
        "&lt;" * 50_000,
        " 1." * 60_000,
        "①。\n" * 60_000,
    ],
    ids=lambda text: text[:6],
)
def test_long_odd_text_is_cut_in_linear_time(text: str) -> None:
    """Quadratic searches took hours on these; the test's own patience is the bound."""
    # What has no end is cut into parts of a bounded length.
    most = 1 + len(text) // (LONGEST // 2)
    assert len(pieces(text)) <= most
    assert len(split_clauses(text)) <= most
