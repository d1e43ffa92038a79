"""DOCX: order, tables, numbering, revisions and everything Word hides in a package."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.document import AsideKind, BlockKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.office.numbering import format_number
from classifier.extract.word.docx import read_docx
from classifier.limits import Limits

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "v": "urn:schemas-microsoft-com:vml",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    }.items()
)
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
)


def rels(*targets: tuple[str, str, str]) -> str:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    inner = "".join(
        f'<Relationship Id="{id}" Type="{base}/{kind}" Target="{target}"/>'
        for id, kind, target in targets
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{inner}</Relationships>'


def package(body: str, **parts: str) -> bytes:
    """A DOCX of this body; ``parts`` are further XML parts by kind, as in ``styles=...``."""
    named = [(f"r{kind}", kind.rstrip("0123456789"), f"{kind}.xml") for kind in parts]
    files = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": rels(("r1", "officeDocument", "word/document.xml")),
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": rels(*named),
        **{f"word/{kind}.xml": xml for kind, xml in parts.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for path, xml in files.items():
            target.writestr(path, xml)
    return buffer.getvalue()


def read(body: str, **parts: str) -> Document:
    return read_docx(package(body, **parts), "a.docx", Limits())


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def tc(inner: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def table(*rows: str) -> str:
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"


def numbered(text: str, level: int = 0, num: int = 1) -> str:
    return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num}"/></w:numPr>')


def numbering(levels: str, nums: str = "") -> str:
    nums = nums or '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    return (
        f'<w:numbering {NAMESPACES}><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        f"{nums}</w:numbering>"
    )


def level(index: int, format: str, text: str, extra: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="1"/><w:numFmt w:val="{format}"/>{extra}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def test_document_order_of_paragraphs_and_tables():
    body = p("前文") + table(tc(p("表一")) + tc(p("表二"))) + p("后文")
    assert [block.text for block in read(body).blocks] == ["前文", "表一", "表二", "后文"]


def test_header_row_titles_its_columns():
    body = table(
        tc(p("序号")) + tc(p("功能名称")) + tc(p("功能描述")),
        tc(p("1")) + tc(p("考勤")) + tc(p("支持人脸识别打卡。")),
    )
    cell = read(body).blocks[-1].cell
    assert cell is not None
    assert (cell.table, cell.row, cell.column, cell.header) == (1, 2, 3, "功能描述")


def test_title_words_are_those_of_the_pdf_reader():
    body = table(
        tc(p("阶段")) + tc(p("比例")) + tc(p("清单")),
        tc(p("验收")) + tc(p("一半")) + tc(p("验收报告")),
    )
    headers = [block.cell.header for block in read(body).blocks if block.cell]
    assert headers == ["", "", "", "阶段", "比例", "清单"]


def test_form_table_titles_a_value_by_its_label():
    body = table(tc(p("用例名称")) + tc(p("查询余额")), tc(p("前置条件：")) + tc(p("用户已登录")))
    cells = [block.cell for block in read(body).blocks]
    assert [cell.header for cell in cells if cell] == ["", "用例名称", "", "前置条件"]


def test_merged_cells_are_read_once_and_keep_grid_columns():
    body = table(
        tc(p("合并"), '<w:gridSpan w:val="2"/>') + tc(p("纵向"), '<w:vMerge w:val="restart"/>'),
        tc(p("甲")) + tc(p("乙")) + tc("<w:p/>", "<w:vMerge/>"),
        tc(p("丙")) + tc(p("丁")) + tc(p("纵向"), "<w:vMerge/>"),
    )
    blocks = read(body).blocks
    assert [b.text for b in blocks] == ["合并", "纵向", "甲", "乙", "丙", "丁"]
    assert [b.cell.column for b in blocks if b.cell] == [1, 3, 1, 2, 1, 2]


def test_nested_table_is_its_own_table_in_place():
    inner = table(tc(p("内一")) + tc(p("内二")))
    body = table(tc(p("外前") + inner + p("外后")) + tc(p("外二")))
    found = [(b.text, b.cell.table) for b in read(body).blocks if b.cell]
    assert found == [("外前", 1), ("内一", 2), ("内二", 2), ("外后", 1), ("外二", 1)]


def test_text_box_is_read_once_of_choice_and_fallback():
    box = f"<w:txbxContent>{p('框内文字')}</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>正文</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='wps'>"
        f"<w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict>"
        f"<v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert [block.text for block in read(body).blocks] == ["正文", "框内文字"]


def test_revisions_are_read_as_accepted_with_a_note():
    body = (
        "<w:p><w:r><w:t>系统</w:t></w:r><w:del><w:r><w:delText>禁止</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>允许</w:t></w:r></w:ins><w:r><w:t>导出</w:t></w:r></w:p>"
    )
    document = read(body)
    assert document.text == "系统允许导出"
    assert any("修订" in note for note in document.notes)


def test_deleted_paragraph_mark_joins_two_paragraphs():
    body = p("前半", "<w:rPr><w:del/></w:rPr>") + p("后半")
    assert [block.text for block in read(body).blocks] == ["前半后半"]


def test_content_controls_hyperlinks_and_breaks():
    body = (
        f"<w:sdt><w:sdtContent>{p('控件')}</w:sdtContent></w:sdt>"
        "<w:p><w:hyperlink><w:r><w:t>链接</w:t></w:r></w:hyperlink><w:r><w:br/>"
        "<w:t>第二行</w:t><w:tab/><w:t>列</w:t></w:r></w:p>"
    )
    assert [block.text for block in read(body).blocks] == ["控件", "链接", "第二行 列"]


def test_hidden_text_is_left_out_with_a_note():
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>看不见</w:t></w:r>"
    document = read(f"<w:p><w:r><w:t>看得见</w:t></w:r>{hidden}</w:p>")
    assert document.text == "看得见"
    assert any("隐藏" in note for note in document.notes)


def test_footnotes_follow_the_body_in_order_of_reference():
    notes = "".join(
        f'<w:footnote w:id="{i}">{p(text)}</w:footnote>' for i, text in ((2, "注乙"), (3, "注甲"))
    )
    body = (
        '<w:p><w:r><w:t>正文</w:t><w:footnoteReference w:id="3"/></w:r></w:p>'
        '<w:p><w:r><w:t>结尾</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    )
    document = read(body, footnotes=f"<w:footnotes {NAMESPACES}>{notes}</w:footnotes>")
    found = [(block.label, block.text) for block in document.blocks]
    assert found == [("", "正文"), ("", "结尾"), ("[1]", "注甲"), ("[2]", "注乙")]


STYLES = f"""<w:styles {NAMESPACES}>
<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="h2"><w:name w:val="heading 2"/><w:pPr><w:numPr><w:ilvl w:val="1"/>
<w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="own"><w:name w:val="我的"/><w:basedOn w:val="h2"/></w:style>
<w:style w:type="paragraph" w:styleId="loop"><w:name w:val="l"/><w:basedOn w:val="loop"/></w:style>
<w:style w:type="paragraph" w:styleId="t1"><w:name w:val="toc 1"/></w:style></w:styles>"""


def test_headings_by_style_chain_outline_level_and_number():
    body = (
        p("继承的标题", '<w:pStyle w:val="own"/>')
        + p("大纲", '<w:outlineLvl w:val="0"/>')
        + p("第三章 评标办法")
        + p("一段普通的话", '<w:pStyle w:val="loop"/>')
        + p("这一段虽然用了标题样式，却是一句写完的话。", '<w:pStyle w:val="own"/>')
    )
    found = [(block.kind, block.level) for block in read(body, styles=STYLES).blocks]
    heading, paragraph = BlockKind.HEADING, BlockKind.PARAGRAPH
    assert found == [(heading, 2), (heading, 1), (heading, 1), (paragraph, 0), (paragraph, 0)]


def test_numbered_heading_goes_below_the_styled_one():
    styled = p("功能需求", '<w:outlineLvl w:val="1"/>')
    body = styled + p("1.1 登录") + p("文字。") + p("1.1.1 找回") + p("第二章 附则") + p("1.2 其他")
    assert [block.level for block in read(body).blocks] == [2, 3, 0, 4, 1, 2]


def test_bold_numbered_line_is_a_heading_and_a_plain_one_an_item():
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>1、付款方式</w:t></w:r></w:p>"
    kinds = [block.kind for block in read(bold + p("1、登录系统")).blocks]
    assert kinds == [BlockKind.HEADING, BlockKind.LIST_ITEM]


def test_style_linked_numbering_with_two_levels():
    levels = level(0, "chineseCountingThousand", "第%1章") + level(
        1, "decimal", "%1.%2", "<w:isLgl/>"
    )
    body = (
        numbered("总则")
        + p("范围", '<w:pStyle w:val="own"/>')
        + p("目标", '<w:pStyle w:val="h2"/>')
    )
    document = read(body + numbered("附则"), styles=STYLES, numbering=numbering(levels))
    assert [block.label for block in document.blocks] == ["第一章", "1.1", "1.2", "第二章"]
    assert document.text.startswith("总则")


def test_start_override_restarts_and_plain_num_goes_on():
    nums = (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    )
    body = "".join(numbered("项", 0, num) for num in (1, 1, 2, 3, 3)) + numbered("无", 0, 0)
    document = read(body, numbering=numbering(level(0, "decimal", "%1、"), nums))
    assert [block.label for block in document.blocks] == ["1、", "2、", "3、", "5、", "6、", ""]


@pytest.mark.parametrize(
    ("format", "value", "expected"),
    [
        ("chineseCounting", 10, "十"),
        ("chineseCounting", 23, "二十三"),
        ("chineseCountingThousand", 105, "一百零五"),
        ("chineseLegalSimplified", 12, "壹拾贰"),
        ("ideographTraditional", 3, "丙"),
        ("decimalEnclosedCircle", 12, "⑫"),
        ("decimalEnclosedCircleChinese", 21, "㉑"),
        ("lowerLetter", 28, "bb"),
        ("upperRoman", 1994, "MCMXCIV"),
        ("decimalZero", 7, "07"),
        ("none", 7, ""),
        ("a format of the year 2090", 7, "7"),
    ],
)
def test_number_formats(format: str, value: int, expected: str):
    assert format_number(value, format) == expected


def test_contents_headers_and_page_numbers_are_set_aside():
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    body = (
        p("第一章 总则\t3", '<w:pStyle w:val="t1"/>')
        + f"<w:p>{field.format('begin')}<w:r><w:instrText> TOC \\o </w:instrText></w:r>"
        + f"{field.format('separate')}<w:r><w:t>第二章 需求 7</w:t></w:r>{field.format('end')}</w:p>"
        + p("正文从这里开始。")
        + '<w:sectPr><w:headerReference r:id="rheader1"/><w:footerReference r:id="rfooter1"/></w:sectPr>'
    )
    document = read(
        body,
        styles=STYLES,
        header1=f"<w:hdr {NAMESPACES}>{p('某单位招标文件')}</w:hdr>",
        footer1=f"<w:ftr {NAMESPACES}>{p('第 1 页 共 9 页')}</w:ftr>",
    )
    assert document.text == "正文从这里开始。"
    kinds = [AsideKind.TABLE_OF_CONTENTS] * 2 + [AsideKind.HEADER, AsideKind.PAGE_NUMBER]
    assert [aside.kind for aside in document.asides] == kinds


def test_contents_field_that_never_ends_swallows_nothing():
    begin = '<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>TOC</w:instrText></w:r></w:p>'
    assert read(begin + p("短正文")).text == "短正文"


def test_pages_only_where_word_stored_them():
    broken = "<w:p><w:r><w:lastRenderedPageBreak/><w:t>第二页的字</w:t></w:r></w:p>"
    assert [block.page for block in read(p("首页") + broken).blocks] == [1, 2]
    assert [block.page for block in read(p("首页")).blocks] == [None]


def test_strict_namespaces():
    data = package(p("严格模式"))
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            xml = source.read(name).replace(
                b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                b"http://purl.oclc.org/ooxml/wordprocessingml/main",
            )
            out.writestr(name, xml)
    assert read_docx(target.getvalue(), "a.docx", Limits()).text == "严格模式"


def test_broken_xml_gives_what_can_be_read_and_says_so():
    data = package(p("可读") + "</w:broken>" + p("其后"))
    document = read_docx(data, "a.docx", Limits())
    assert document.reason is Reason.OK_PARTIAL
    assert "可读" in document.text


def test_unpacked_size_is_checked_before_unpacking():
    data = package(p("字" * 200_000))
    with pytest.raises(ExtractionError) as caught:
        read_docx(data, "a.docx", Limits(unpacked_bytes=100_000))
    assert caught.value.reason is Reason.TOO_LARGE


def test_entities_are_not_expanded():
    data = package(p("文字"))
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            xml = source.read(name)
            if name == "word/document.xml":
                dtd = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
                xml = dtd + xml.replace("文字".encode(), b"&x;")
            out.writestr(name, xml)
    with pytest.raises(ExtractionError) as caught:
        read_docx(target.getvalue(), "a.docx", Limits())
    assert caught.value.reason is Reason.DAMAGED


def test_deeply_nested_tables_end_in_a_document_or_a_code():
    body = p("底")
    for _ in range(300):
        body = table(tc(body))
    try:
        assert "底" in read(body).text
    except ExtractionError as error:
        assert error.reason in (Reason.DAMAGED, Reason.EMPTY)


texts = st.text("甲乙丙丁abc123，。（）", min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1, max_size=5))
def test_text_of_cells_is_never_lost(rows: list[list[str]]):
    source = docx.Document()
    made = source.add_table(rows=len(rows), cols=4)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            made.cell(r, c).text = text
    buffer = io.BytesIO()
    source.save(buffer)
    document = read_docx(buffer.getvalue(), "a.docx", Limits())
    found = {(b.cell.row, b.cell.column): b.text for b in document.blocks if b.cell}
    expected = {(r, c): text for r, row in enumerate(rows, 1) for c, text in enumerate(row, 1)}
    assert found == expected
