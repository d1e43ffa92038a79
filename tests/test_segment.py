"""Sentence boundaries of requirement text, their offsets and section paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.document import Block, BlockKind, Box, Document, Line
from classifier.segment import segment, split


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


ALPHABET = st.sampled_from(list("系统支持人员打卡。；！？，：（）“”①②(1)、.5 \n　aB★《》"))
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
    "text", ["_" * 200_000, "系统支持接口调用(返回值：" * 20_000, "）" * 200_000]
)
def test_long_odd_text_is_cut_in_linear_time(text: str) -> None:
    """Quadratic searches took hours on these; the test's own patience is the bound."""
    assert len(pieces(text)) <= 1
