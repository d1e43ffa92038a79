"""DOC: pieces, formatting runs, tables, stories, and files that are cut, locked or spoiled."""

from __future__ import annotations

import struct

import pytest
from doc_builder import (
    BOLD,
    DELETED,
    HIDDEN,
    INSERTED,
    PICTURE,
    Level,
    Par,
    Run,
    build,
    cell,
    compound,
    depth,
    par,
    row,
    row_end,
    sprm,
)

from classifier.document import AsideKind, BlockKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract import router
from classifier.extract.doc.reader import read_doc
from classifier.limits import Limits

NORMAL = (0, "Normal", b"", b"")


def read(*body: Par, **rest) -> Document:
    return read_doc(build(body, **rest), "a.doc", Limits())


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def cells(document: Document) -> list[tuple[int, int, int, str, str]]:
    return [
        (b.cell.table, b.cell.row, b.cell.column, b.cell.header, b.text)
        for b in document.blocks
        if b.cell
    ]


def asides(document: Document) -> list[tuple[AsideKind, str]]:
    return [(aside.kind, aside.text) for aside in document.asides]


def reason_of(data: bytes, name: str = "a.doc") -> Reason:
    with pytest.raises(ExtractionError) as caught:
        router.read(data, name, Limits())
    return caught.value.reason


@pytest.mark.parametrize("backwards", [False, True])
def test_pieces_of_both_widths_are_read_in_the_order_of_the_text(backwards: bool):
    document = read(
        par("系统应支持 ", Run("PDF “export”", width=1), " 导出。"),
        par("共两段。"),
        backwards=backwards,
    )
    assert texts(document) == ["系统应支持 PDF “export” 导出。", "共两段。"]
    assert document.format == "doc" and document.reason is Reason.OK


def test_a_character_of_two_units_survives_a_change_of_format_between_them():
    high, low = "\ud842", "\udfb7"

    class Raw(Run):
        @property
        def encoded(self) -> bytes:
            return self.text.encode("utf-16-le", "surrogatepass")

    assert texts(read(par("姓", Raw(high), Raw(low, BOLD), "名"))) == ["姓𠮷名"]


def test_headings_come_from_built_in_styles_names_and_outline_levels():
    document = read(
        par("总则", style=1),
        par("范围", style=2),
        par("术语", papx=sprm(0x2640, 2)),
        par("正文样式", style=1, papx=sprm(0x2640, 9)),
        styles=[NORMAL, (1, "Überschrift", b"", b""), (0xFFE, "标题 2", b"", b"")],
    )
    assert [(b.kind, b.level) for b in document.blocks] == [
        (BlockKind.HEADING, 1),
        (BlockKind.HEADING, 2),
        (BlockKind.HEADING, 3),
        (BlockKind.PARAGRAPH, 0),
    ]


def test_numbered_paragraphs_carry_the_number_as_label():
    def item(text: str, level: int) -> Par:
        return par(text, papx=sprm(0x460B, 1, 0) + sprm(0x260A, level))

    document = read(
        item("响应时间不超过两秒，否则扣分", 0),
        item("查询响应不超过一秒，否则扣分", 1),
        item("可用性不低于承诺，否则扣分", 0),
        par("由样式编号的条款，应逐条响应", style=1),
        styles=[NORMAL, (0xFFE, "条款", sprm(0x460B, 1, 0), b"")],
        levels=[Level("（\0）", format=37), Level("\0.\x01")],
    )
    assert [b.label for b in document.blocks] == ["（一）", "一.1", "（二）", "（三）"]


def test_cells_have_their_place_and_the_title_of_their_column():
    document = read(
        par("表前"),
        *row("序号", "技术要求", "备注"),
        *row("1", "应支持批量导出", ""),
        par("表后"),
    )
    assert cells(document) == [
        (1, 1, 1, "", "序号"),
        (1, 1, 2, "", "技术要求"),
        (1, 1, 3, "", "备注"),
        (1, 2, 1, "序号", "1"),
        (1, 2, 2, "技术要求", "应支持批量导出"),
    ]
    assert texts(document)[0] == "表前" and texts(document)[-1] == "表后"


def test_columns_follow_the_edges_where_cells_are_merged():
    document = read(
        *row("甲", "乙", "丙", edges=(0, 1000, 2000, 3000), header=True),
        *row("左", "右", edges=(5, 2010, 3000)),
    )
    assert cells(document)[3:] == [(1, 2, 1, "甲", "左"), (1, 2, 3, "丙", "右")]


def test_a_table_in_a_cell_is_a_table_of_its_own():
    inner = [
        par("内一", papx=depth(2) + sprm(0x244B, 1)),
        par("内二", papx=depth(2) + sprm(0x244B, 1)),
        par(papx=row_end(0, 10, 20, level=2)),
    ]
    outer_end = par(papx=row_end(0, 100, 200), mark="\x07")
    document = read(par("外上", papx=depth(1)), *inner, cell("外下"), cell("右"), outer_end)
    assert [found[:3] + found[4:] for found in cells(document)] == [
        (1, 1, 1, "外上"),
        (2, 1, 1, "内一"),
        (2, 1, 2, "内二"),
        (1, 1, 1, "外下"),
        (1, 1, 2, "右"),
    ]


def test_wide_rows_keep_their_formatting_in_the_data_stream():
    grpprl = row_end(0, 100, 200)
    data = bytes(8) + struct.pack("<H", len(grpprl)) + grpprl
    end = par(papx=struct.pack("<HI", 0x6646, 8), mark="\x07")
    document = read(cell("甲"), cell("乙"), end, cell("丙"), cell("丁"), end, data=data)
    assert [found[:3] for found in cells(document)] == [(1, 1, 1), (1, 1, 2), (1, 2, 1), (1, 2, 2)]


def test_fields_give_their_result_without_the_instruction():
    link = '见\x13 HYPERLINK "http://example.org" \x14附件\x13 REF a \x14三\x15\x15。'
    empty = "页\x13 PAGE \x15码"
    assert texts(read(par(link), par(empty))) == ["见附件三。", "页码"]


def test_a_table_of_contents_is_set_aside_but_an_unfinished_field_swallows_nothing():
    toc = [par('\x13 TOC \\o "1-3" \x14第一章 总则\t1'), par("第二章 附则\t2"), par("\x15")]
    document = read(*toc, par("第一章 总则"), par("\x13 TOC 没有结束的域"), par("应保留的正文。"))
    assert asides(document) == [
        (AsideKind.TABLE_OF_CONTENTS, "第一章 总则 1"),
        (AsideKind.TABLE_OF_CONTENTS, "第二章 附则 2"),
    ]
    assert texts(document) == ["第一章 总则", "TOC 没有结束的域", "应保留的正文。"]


def test_revisions_are_read_as_accepted():
    document = read(
        par("保留", Run("删去", DELETED), Run("插入", INSERTED)),
        Par((Run("前半段，"), Run("\r", DELETED))),
        par("后半段。"),
    )
    assert texts(document) == ["保留插入", "前半段，后半段。"]
    assert any("修订" in note for note in document.notes)


def test_a_modifier_of_a_piece_holds_for_all_of_it():
    assert texts(read(par("保留"), par("删去", mark=""), prm=DELETED)) == ["保留"]


def test_hidden_text_is_set_aside_also_by_style():
    shown_again = sprm(0x4A30, 1, 0) + sprm(0x083C, 0)
    document = read(
        par("可见", Run("直接隐藏", HIDDEN), Run("样式隐藏", sprm(0x4A30, 1, 0))),
        par("段落隐藏", Run("重新显示", shown_again), style=1),
        styles=[NORMAL, (0xFFE, "隐藏", b"", HIDDEN)],
    )
    assert texts(document) == ["可见", "重新显示"]
    assert asides(document) == [
        (AsideKind.HIDDEN, "直接隐藏样式隐藏"),
        (AsideKind.HIDDEN, "段落隐藏"),
    ]


def test_special_characters_become_what_the_reader_sees():
    at_least = Run("(", sprm(0x6A09, 1, 0, 0xB3, 0xF0))
    box = Run("(", sprm(0x6A09, 0, 0, 0xA3, 0xF0))
    document = read(
        par("第一行\x0b第二行"),
        par("GB\x1e2312 可选\x1f连字符"),
        par("内存", at_least, "16GB ", box, "是"),
        par(Run("£否 \uf0a3", sprm(0x4A4F, 0, 0)), Run("£5")),
        par("图", Run("\x01", PICTURE), "后"),
        par("上一节", mark="\x0c"),
        par("分页\x0c之后"),
        fonts=["Wingdings 2", "Symbol"],
    )
    assert texts(document) == [
        *("第一行", "第二行", "GB-2312 可选连字符", "内存≥16GB □是", "□否 □£5", "图后"),
        *("上一节", "分页", "之后"),
    ]
    assert document.notes == ("文档含 1 张图片或图形，其中的文字未读取。",)


def test_notes_text_boxes_and_headers_go_to_their_places():
    document = read(
        par(Run("\x08", PICTURE), "图一"),
        par("正文\x02"),
        boxes=[(0, 1025, [par("框内文字")]), (999, 1026, [par("无锚点的框")])],
        footnotes=[[par("\x02 脚注一")], [par("\x02 脚注二")]],
        headers=[[], [par("某某项目招标文件")], [], [par("第 \x13 PAGE \x143\x15 页")]],
        comments=[par("批注不读")],
    )
    assert texts(document) == ["图一", "框内文字", "正文", "无锚点的框", "脚注一", "脚注二"]
    assert [b.label for b in document.blocks][-2:] == ["[1]", "[2]"]
    assert asides(document) == [
        (AsideKind.HEADER, "某某项目招标文件"),
        (AsideKind.PAGE_NUMBER, "第 3 页"),
    ]
    assert document.notes == ("文档含批注，未读取。",)


def test_a_text_box_anchored_in_a_cell_stays_in_that_cell():
    body = [par(Run("\x08", PICTURE), "格内", papx=depth(1), mark="\x07"), *row("第二格")]
    document = read(*body, boxes=[(0, 5, [par("框内")])])
    assert [(found[2], found[4]) for found in cells(document)] == [
        (1, "框内"),
        (1, "格内"),
        (2, "第二格"),
    ]


def test_the_router_finds_word_files_under_any_name():
    data = build([par("系统应当支持中文检索。")])
    assert router.detect(data, "a.wps") == "doc"
    assert router.read(data, "a.wps", Limits()).notes == ()
    assert router.read(data, "a.pdf", Limits()).notes == (
        "扩展名 .pdf 与内容不符，已按 doc 读取。",
    )
    assert ".doc" in router.READABLE_SUFFIXES


def test_locked_empty_and_foreign_files_end_in_their_reason():
    text = [par("系统应当支持中文检索。")]
    assert reason_of(build(text, flags=0x0100)) is Reason.ENCRYPTED
    assert reason_of(build([par("")])) is Reason.EMPTY
    assert reason_of(compound({"PowerPoint Document": b"x"})) is Reason.UNSUPPORTED
    assert reason_of(compound({"WordDocument": b"x" * 5000})) is Reason.DAMAGED
    assert reason_of(build(text)[:3000]) is Reason.DAMAGED


def test_more_characters_than_allowed_is_too_large():
    with pytest.raises(ExtractionError) as caught:
        read_doc(build([par("字" * 200)]), "a.doc", Limits(chars=100))
    assert caught.value.reason is Reason.TOO_LARGE


def test_text_that_the_file_lacks_is_told():
    data = build([par("开头的文字。"), par("结尾的文字。")])
    at = data.index("结尾".encode("utf-16-le"))
    fc = struct.pack("<HIH", 0, 0x400 + 14, 0)
    assert data.count(fc) == 1 and at
    document = read_doc(data.replace(fc, struct.pack("<HIH", 0, 0xFFFF0, 0)), "a.doc", Limits())
    assert document.reason is Reason.OK_PARTIAL
    assert "6 个字符缺失" in document.notes[0]
    assert texts(document) == ["开头的文字。"]


def test_lost_formatting_leaves_the_text():
    data = bytearray(build([par("系统应当支持中文检索。")]))
    main = data.index(struct.pack("<HH", 0xA5EC, 0xC1))
    data[main + 0x9A + 8 * 12 : main + 0x9A + 8 * 14] = bytes(16)
    document = read_doc(bytes(data), "a.doc", Limits())
    assert texts(document) == ["系统应当支持中文检索。"]
    assert document.reason is Reason.OK_PARTIAL and "格式信息" in document.notes[0]


def test_word_95_gives_its_text_by_code_page():
    text = "一、总则\r系统应支持\x13 REF b \x14检索\x15。\r单元格\x07\x07".encode("gbk")
    head = struct.pack("<HH2xHHH12xII", 0xA5DC, 0x68, 0x0804, 0, 0, 0x300, 0x300 + len(text))
    fib = head.ljust(0x34, b"\0") + struct.pack("<i", len(text))
    data = compound({"WordDocument": fib.ljust(0x300, b"\0") + text})
    document = router.read(data, "a.doc", Limits())
    assert texts(document) == ["一、总则", "系统应支持检索。", "单元格"]
    assert document.reason is Reason.OK_PARTIAL
    locked = data.replace(head, head[:10] + b"\0\1" + head[12:])
    assert reason_of(locked) is Reason.ENCRYPTED
