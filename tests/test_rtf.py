"""RTF: code pages, Unicode, tables, destinations, and files that are cut or spoiled."""

from __future__ import annotations

import random
import time

import pytest

from classifier.document import AsideKind, BlockKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract import router
from classifier.extract.rtf.reader import MAX_GROUPS, read_rtf
from classifier.limits import Limits

HEAD = (
    r"{\rtf1\ansi\ansicpg936\deff0\uc1{\fonttbl{\f0\froman\fcharset0 Times New Roman;}"
    r"{\f1\fnil\fcharset134 SimSun;}{\f2\ftech\fcharset2 Wingdings 2;}{\f3\fcharset2 Symbol;}"
    r"{\f4\fcharset136 PMingLiU;}}{\stylesheet{\ql Normal;}{\s1\outlinelevel0 heading 1;}"
    r"{\s2\sbasedon1 sub;}{\s19 toc 1;}}{\info{\title secret}}\f1 "
)


def rtf(body: str) -> bytes:
    """RTF with this body; characters that are not ASCII are escaped as GBK."""
    return (HEAD + body + "}").encode("gbk")


def escaped(text: str, encoding: str = "gbk") -> str:
    return "".join(f"\\'{byte:02x}" for byte in text.encode(encoding))


def read(body: str) -> Document:
    return read_rtf(rtf(body), "a.rtf", Limits())


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def test_text_is_decoded_by_the_code_page_of_its_font():
    gbk, big5 = escaped("系统应支持"), escaped("匯出", "big5")
    assert texts(read(gbk + r"{\f4 " + big5 + r"}。\par 裸字节")) == ["系统应支持匯出。", "裸字节"]


def test_chinese_under_a_western_font_is_still_chinese_but_quotes_stay():
    quotes = r"{\f0 \'93export\'94}"
    assert texts(read(r"{\f0 " + escaped("导出") + "}" + quotes)) == ["导出“export”"]


def test_unicode_replaces_the_bytes_that_follow_it():
    body = r"\u31995?\u32479\'cd{\uc2\u24212\'d3\'a6}\u25903 ?\u-10174?\u-8265?"
    assert texts(read(body)) == ["系统应支𠮷"]
    assert texts(read(r"{\upr{???}{\*\ud{\u23548?\u20986?}}}文件")) == ["导出文件"]


def test_symbols_are_shown_by_their_font():
    assert texts(read(r"内存{\f3\'b3}16GB {\f2\u-3933?}是\~\bullet\emdash\{\}\\")) == [
        "内存≥16GB □是 •—{}\\"
    ]


def test_headings_lists_and_contents_come_from_styles_and_marks():
    document = read(
        r"\pard\s19 第一章 总则\tab 1\par\pard\s1 总则\par\pard\s2 适用范围\par"
        r"\pard{\listtext\pard\plain\f1 （一）\tab}应支持导出，否则扣分\par"
        r"{\pntext\f3\'b7\tab}应支持导入，否则扣分\par\pard\plain\f1 正文"
    )
    assert [(b.kind, b.level, b.label, b.text) for b in document.blocks] == [
        (BlockKind.HEADING, 1, "", "总则"),
        (BlockKind.HEADING, 1, "", "适用范围"),
        (BlockKind.LIST_ITEM, 0, "（一）", "应支持导出，否则扣分"),
        (BlockKind.LIST_ITEM, 0, "•", "应支持导入，否则扣分"),
        (BlockKind.PARAGRAPH, 0, "", "正文"),
    ]
    assert [aside.kind for aside in document.asides] == [AsideKind.TABLE_OF_CONTENTS]


def test_cells_have_their_place_and_title():
    document = read(
        r"表前\par\trowd\trhdr\cellx1000\cellx2000\cellx3000\pard\intbl 甲\cell 乙\cell 丙\cell\row"
        r"\trowd\cellx2000\cellx3000\pard\intbl 左上\par 左下\cell 右\cell\row\pard 表后"
    )
    cells = [(b.cell.row, b.cell.column, b.cell.header, b.text) for b in document.blocks if b.cell]
    assert cells[3:] == [
        (2, 1, "甲", "左上"),
        (2, 1, "甲", "左下"),
        (2, 3, "丙", "右"),
    ]
    assert texts(document)[0] == "表前" and texts(document)[-1] == "表后"


def test_a_nested_table_is_a_table_of_its_own():
    document = read(
        r"\pard\intbl 外\par\pard\intbl\itap2 内一\nestcell{\nonesttables\par}内二\nestcell"
        r"{\*\nesttableprops\trowd\cellx100\cellx200\nestrow}\pard\intbl\itap1 外下\cell"
        r"\trowd\cellx500\row\pard 后"
    )
    found = [(b.cell.table, b.cell.row, b.cell.column, b.text) for b in document.blocks if b.cell]
    assert found == [(1, 1, 1, "外"), (2, 1, 1, "内一"), (2, 1, 2, "内二"), (1, 1, 1, "外下")]


def test_notes_boxes_and_headers_go_to_their_places():
    document = read(
        r"{\header 某某项目招标文件\par}{\footer 第 {\field{\*\fldinst PAGE}{\fldrslt 3}} 页}"
        r"正文{\footnote\pard 脚注一}继续"
        r"{\shp{\*\shpinst{\sp{\sn a}{\sv 属性}}{\shptxt\pard 框内\par}}{\shprslt 替代}}。\par"
        r"{\*\annotation 批注}{\*\shppict{\pict 89504e47}}{\nonshppict{\pict 00}}尾{\*\unknown 略}"
    )
    assert texts(document) == ["正文继续。", "框内", "尾", "脚注一"]
    assert document.blocks[-1].label == "[1]"
    assert [(aside.kind, aside.text) for aside in document.asides] == [
        (AsideKind.HEADER, "某某项目招标文件"),
        (AsideKind.PAGE_NUMBER, "第 3 页"),
    ]
    assert any("批注" in note for note in document.notes)
    assert "文档含 1 张图片或图形，其中的文字未读取。" in document.notes


def test_fields_revisions_and_hidden_text():
    document = read(
        r'见{\field{\*\fldinst HYPERLINK "http://a"}{\fldrslt 附件}}，{\deleted 删去}{\revised 插入}'
        r"{\v 隐藏}{\deleted\par}同段\par"
        r'{\field{\*\fldinst TOC \\o "1-3"}{\fldrslt 第一章 总则\tab 1\par}}正文'
    )
    assert texts(document) == ["见附件，插入同段", "正文"]
    assert [(aside.kind, aside.text) for aside in document.asides] == [
        (AsideKind.TABLE_OF_CONTENTS, "第一章 总则 1"),
        (AsideKind.HIDDEN, "隐藏"),
    ]


def test_binary_data_is_no_text():
    body = HEAD.encode() + b"{\\pict\\bin7 }}{\\\\ab}" + "正文".encode("gbk") + b"}"
    assert texts(read_rtf(body, "a.rtf", Limits())) == ["正文"]


def test_the_router_finds_rtf_under_the_name_of_a_word_file():
    document = router.read(rtf("系统应当支持中文检索。"), "a.doc", Limits())
    assert document.format == "rtf"
    assert document.notes == ("扩展名 .doc 与内容不符，已按 rtf 读取。",)


def test_a_cut_file_is_read_in_part_and_too_deep_groups_are_refused():
    cut = read_rtf(rtf(r"保留的文字\par 后面")[:-1], "a.rtf", Limits())
    assert texts(cut) == ["保留的文字", "后面"]
    assert cut.reason is Reason.OK_PARTIAL
    with pytest.raises(ExtractionError) as caught:
        read_rtf(rtf("{" * (MAX_GROUPS + 1) + "x"), "a.rtf", Limits())
    assert caught.value.reason is Reason.DAMAGED
    with pytest.raises(ExtractionError) as caught:
        read("")
    assert caught.value.reason is Reason.EMPTY


def test_spoiled_files_end_in_a_reason_or_a_document():
    data = rtf(
        r"{\header 头}\pard\s1 总则\par\trowd\cellx10\pard\intbl 甲\cell 乙\cell\row\pard"
        r"{\field{\*\fldinst TOC}{\fldrslt 目录\par}}{\footnote 注}{\shp{\*\shpinst{\shptxt 框}}}"
        r"{\upr{a}{\*\ud{\u23548?}}}\uc2\u24212\'d3\'a6\itap3\nestcell\nestrow 尾"
    )
    chance = random.Random(6)
    started = time.monotonic()
    for i in range(600):
        spoiled = bytearray(data[: chance.randrange(len(data))] if i % 3 == 0 else data)
        for _ in range(chance.choice((0, 1, 5, 40))):
            if spoiled:
                spoiled[chance.randrange(len(spoiled))] = chance.choice(b"{}\\\\'u*09 a\x80\xff")
        try:
            assert isinstance(read_rtf(bytes(spoiled), "a.rtf", Limits()), Document)
        except ExtractionError as error:
            assert error.reason in (Reason.DAMAGED, Reason.EMPTY)
    assert time.monotonic() - started < 20
