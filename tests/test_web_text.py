"""HTML, plain text and Markdown: what stands there, in order, in any encoding."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.document import AsideKind, BlockKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.charset import decode
from classifier.extract.language.headings import (
    chapter_levels,
    heading_level,
    is_contents_line,
    is_numbered,
)
from classifier.extract.language.normal import clean, one_line
from classifier.extract.plain.text import read_text
from classifier.extract.web.html import read_html
from classifier.limits import Limits

SIMPLIFIED = [
    "用户",
    "系统应支持导出",
    "投标人须知",
    "本项目不接受联合体投标。",
    "考勤管理：迟到扣款",
    "一键办理，无需填表",
]
TRADITIONAL = [
    "用戶",
    "系統應支援匯出",
    "投標須知",
    "本案不接受共同投標。",
    "考勤管理：遲到扣款",
    "無需填表，一鍵辦理",
]


def text(source: str, name: str = "a.txt") -> Document:
    return read_text(source.encode(), name, Limits())


def html(source: str) -> Document:
    return read_html(source.encode(), "a.html", Limits())


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


@pytest.mark.parametrize("sample", SIMPLIFIED)
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_simplified_in_every_encoding(sample: str, encoding: str):
    if encoding in ("utf-16-le", "utf-16-be"):
        # Two characters without a byte order mark may be four letters of ASCII as well.
        sample = sample + "。"
    assert decode(sample.encode(encoding)).text == sample


@pytest.mark.parametrize("sample", TRADITIONAL)
@pytest.mark.parametrize("encoding", ["utf-8", "big5", "utf-16"])
def test_traditional_in_every_encoding(sample: str, encoding: str):
    assert decode(sample.encode(encoding)).text == sample


def test_file_cut_within_a_character():
    assert decode("系统应支持".encode()[:-1]).text == "系统应支"


def test_few_bad_bytes_cost_only_themselves():
    data = ("系统应支持导出报表。" * 40).encode("gb18030") + b"\xff\xff" + "结束".encode("gb18030")
    document = read_text(data, "a.txt", Limits())
    assert document.reason is Reason.OK_PARTIAL
    assert document.text.startswith("系统应支持导出") and document.text.endswith("结束")


def test_binary_is_not_text():
    with pytest.raises(ExtractionError) as caught:
        decode(bytes(range(256)) * 8)
    assert caught.value.reason is Reason.UNSUPPORTED


def test_clean_is_one_character_for_one():
    assert clean("用\u200b户\xad名\0") == "用户名"
    assert clean("a\xa0b\u3000c\td") == "a b c d"
    assert clean("⽤⼾ ⻚") == "用户 页"
    assert one_line("  一\n 二  ") == "一 二"


@given(st.text())
def test_clean_twice_is_clean_once_and_can_be_stored(source: str):
    assert clean(clean(source)) == clean(source)
    assert len(clean(source)) <= len(source)
    clean(source).encode("utf-8")


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("第一章 总则", 1),
        ("第二部分：采购需求", 1),
        ("附件3：授权书", 1),
        ("第三节 评标", 2),
        ("一、项目概况", 2),
        ("（二）功能要求", 3),
        ("1.1 建设目标", 5),
        ("★2.3.1 用户管理", 6),
        ("1．3 项目目标", 5),
        ("一、项目编号：ABC-1", 0),
        ("（一）应当在三日内提交，逾期无效", 0),
        ("1、登录系统", 0),
        ("1.5 米", 0),
        ("3.5万元", 0),
        ("2.4GHz", 0),
        ("2023.10.12 发布", 0),
        ("第一章 总则 ........ 3", 0),
        ("第十条 甲方应当按时付款。", 0),
    ],
)
def test_heading_level_by_number(line: str, level: int):
    assert heading_level(line) == level


def test_chapter_of_one_number_is_told_from_a_list_item():
    lines = ["1 引言", "1.1 目的", "说明本文的目的。", "1、登录", "2、注册"]
    assert chapter_levels(lines) == [4, 5, 0, 0, 0]
    assert chapter_levels(["1 背景", "近年来。", "2 分析", "如下。"]) == [4, 0, 4, 0]
    # A rare Han character begins a title as any other does.
    assert chapter_levels(["1 \U00020bb7庆", "近年来。", "2 㐂乐", "如下。"]) == [4, 0, 4, 0]


def test_is_numbered():
    assert all(map(is_numbered, ["1、甲", "(3) 甲", "①甲", "a) 甲", "★1.2 甲", "第三条 甲"]))
    assert not any(map(is_numbered, ["2023年", "3.14%的", "用户", "100元"]))


def test_contents_line():
    assert is_contents_line("第一章 总则……………3") and is_contents_line("1.1 目的\t12")
    assert not is_contents_line("预算100")


def test_every_line_is_a_block_and_numbered_lines_are_headings():
    document = text("第一章 总则\n\n系统应支持导出。\n1、可以撤回；\n")
    kinds = [block.kind for block in document.blocks]
    assert kinds == [BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM]


def test_heading_levels_close_the_gaps():
    document = text("1 引言\n1.1 目的\n说明。\n2 需求\n2.1 功能\n2.1.1 登录\n用户登录。")
    assert [block.level for block in document.blocks] == [1, 2, 0, 1, 2, 3, 0]


def test_wrapped_lines_are_joined_and_meant_ones_are_not():
    sentence = (
        "系统应当在用户提交申请之后自动带入已有的信息并且允许用户随时撤回自己的申请而不必再次填写"
    )
    whole = sentence * 5 + "。"
    wrapped = "\n".join(whole[at : at + 38] for at in range(0, len(whole), 38))
    assert texts(text(wrapped + "\n\n另一段。")) == [whole, "另一段。"]
    meant = "\n".join(["可以查看自己的信息", "可以修改自己的信息", "可以导出自己的信息"] * 5)
    assert len(text(meant).blocks) == 15


def test_contents_of_a_text_are_set_aside_but_not_a_price_list_line():
    contents = "第一章 总则......1\n第二章 需求......5\n第三章 合同......9\n"
    document = text(contents + "正文。\n1、台式电脑     20\n")
    assert texts(document) == ["正文。", "1、台式电脑 20"]
    assert len(document.asides) == 3


def test_dot_leaders_make_a_contents_of_lines_without_a_heading_number():
    document = text("目  录\n1 引言 ..... 2\n2 需求 ..... 5\n3 验收 ..... 9\n1 引言\n正文。\n")
    assert texts(document) == ["1 引言", "正文。"]
    assert [aside.text for aside in document.asides] == [
        "目 录", "1 引言 ..... 2", "2 需求 ..... 5", "3 验收 ..... 9"
    ]  # fmt: skip
    assert {aside.kind for aside in document.asides} == {AsideKind.TABLE_OF_CONTENTS}
    assert texts(text("前言…………1\n引言 . . . . 2\n附录 ·····10\n正文。")) == ["正文。"]
    assert texts(text("目录\n引言.....1\n需求.....5\n正文。")) == ["正文。"]


def test_prices_behind_dots_or_tabs_are_no_contents():
    prices = ["台式电脑 ..... 20", "打印机 ..... 3", "投影仪 ..... 12"]
    assert texts(text("\n".join(prices))) == prices
    assert len(text("键盘\t20\n鼠标\t30\n屏幕\t90").blocks) == 3
    assert len(text("1 台式电脑 ..... 20\n2 打印机 ..... 30").blocks) == 2


def test_contents_without_leaders():
    titles = ["1.引言5", "1.1 目的5", "1.2 背景5", "2.用途7", "2.1 功能7", "2.2 性能12"]
    assert texts(text("\n".join([*titles, "正文。"]))) == ["正文。"]
    steps = ["1.版本2", "2.版本1", "3.版本9", "4.版本3", "5.版本4", "6.版本5"]
    assert len(text("\n".join(steps)).blocks) == 6


MARKDOWN = """---
title: 某系统
---
# 某系统
目标
----
* **一键**办理，见[说明](http://example.org/x)
- [x] 已完成
1. 登录
2. 注册
   - 手机号

> 引用的话
> 第二行

| 序号 | 功能 |
| --- | --- |
| 1 | 打卡<br>补卡 |

```python
代码()
```
    缩进的段落
<table><tr><td>甲</td><td>乙</td></tr></table>
"""


def test_markdown_blocks_without_marks():
    document = text(MARKDOWN, "a.md")
    assert texts(document) == [
        "某系统", "目标", "一键办理，见说明", "已完成", "1. 登录", "2. 注册", "手机号",
        "引用的话", "第二行", "序号", "功能", "1", "打卡", "补卡", "缩进的段落", "甲", "乙",
    ]  # fmt: skip
    assert [b.level for b in document.blocks if b.kind == BlockKind.HEADING] == [1, 2]
    assert [b.cell.header for b in document.blocks if b.cell][:5] == [
        "",
        "",
        "序号",
        "功能",
        "功能",
    ]
    assert [b.cell.table for b in document.blocks if b.cell] == [1, 1, 1, 1, 1, 2, 2]
    assert [aside.text for aside in document.asides] == ["title: 某系统", "代码()"]
    assert all(aside.kind == AsideKind.CODE for aside in document.asides)


def test_markdown_contents_links_are_set_aside():
    document = text("# 目录\n- [第一章](#a)\n- [第二章](#b)\n\n正文。", "a.md")
    assert texts(document) == ["目录", "正文。"]


def test_tight_heading_and_marks_in_code_are_told_apart():
    document = text("#概述\n正文\n```\n#注释\n```\n", "a.md")
    assert (document.blocks[0].text, document.blocks[0].kind) == ("概述", BlockKind.HEADING)
    assert document.asides[0].text == "#注释"


def test_html_blocks():
    document = html(
        "<html><head><title>标题</title><style>p{}</style></head><body><nav>导航</nav>"
        "<h2>需求</h2><p>系统<b>应</b><span>支持</span>导出<br>第二行</p><script>x()</script>"
        "<div style='display: none'>隐藏</div><ol start=3><li>登录<li>注册</ol>"
        "<pre>甲\n乙</pre>尾部<footer>版权所有</footer></body></html>"
    )
    assert texts(document) == [
        "需求",
        "系统应支持导出",
        "第二行",
        "登录",
        "注册",
        "甲",
        "乙",
        "尾部",
    ]
    assert [block.label for block in document.blocks][3:5] == ["3.", "4."]
    assert document.blocks[0].level == 2
    assert [aside.kind for aside in document.asides] == [AsideKind.FOOTER]


def test_html_table_with_spans_and_header():
    document = html(
        "<table><tr><th>类别<th>功能<th>说明</tr><tr><td rowspan=2>考勤<td>打卡<td>人脸</tr>"
        "<tr><td>补卡<td>审批</tr></table>"
    )
    found = [(b.text, b.cell.row, b.cell.column, b.cell.header) for b in document.blocks if b.cell]
    assert found[3:] == [
        ("考勤", 2, 1, "类别"),
        ("打卡", 2, 2, "功能"),
        ("人脸", 2, 3, "说明"),
        ("补卡", 3, 2, "功能"),
        ("审批", 3, 3, "说明"),
    ]


def test_html_layout_table_of_one_cell_is_plain_text():
    document = html("<table><tr><td><h1>公告</h1><p>正文。</p></td></tr></table>")
    assert [block.cell for block in document.blocks] == [None, None]


def test_html_charset_of_meta_and_title_as_last_resort():
    data = "<meta charset=gb2312><p>系统镕</p>".encode("gb18030")
    assert read_html(data, "a.html", Limits()).text == "系统镕"
    assert html("<title>只有标题</title><body></body>").text == "只有标题"


def test_html_character_limit_counts_text_and_not_markup():
    picture = f'<p><img src="data:image/png;base64,{"A" * 6_000_000}">系统应支持导出。</p>'
    assert html(picture).text == "系统应支持导出。"
    for page in ("<p>甲乙丙<p>丁戊己", "<p>甲</p><footer>乙丙丁戊己</footer>"):
        with pytest.raises(ExtractionError) as caught:
            read_html(page.encode(), "a.html", Limits(chars=5))
        assert caught.value.reason is Reason.TOO_LARGE


def test_html_long_blanks_cost_linear_time():
    start = time.process_time()
    assert html("<p>甲</p>" + " " * 60_000).text == "甲"
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(("depth", "reason"), [(500, Reason.OK), (9000, Reason.OK_PARTIAL)])
def test_html_deep_nesting_loses_no_text(depth: int, reason: Reason):
    document = html("<div><font>" * depth + "最里面" + "</font></div>" * depth + "<p>最后</p>")
    assert texts(document) == ["最里面", "最后"]
    assert document.reason is reason


words = st.text("甲乙丙丁戊己庚辛xyz0123", min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["p", "li", "td", "h3", "b", "div", "section"]), words)))
def test_html_words_are_never_lost(parts: list[tuple[str, str]]):
    body = "".join(f"<{tag}>{word}</{tag}>" for tag, word in parts)
    document = html(f"<body>前{body}后</body>")
    assert "".join(document.text.split()) == "前" + "".join(word for _, word in parts) + "后"


@settings(max_examples=60, deadline=None)
@given(st.lists(words, min_size=1))
def test_text_lines_are_never_lost(lines: list[str]):
    assert texts(text("\n".join(lines))) == lines
