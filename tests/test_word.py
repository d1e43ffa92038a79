"""DOCX: order, tables, revisions and everything Word hides in a package."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_files import NAMESPACES, STYLES, p, package, read, table, tc

from classifier.document import AsideKind
from classifier.errors import ExtractionError, Reason
from classifier.extract.word.docx import read_docx
from classifier.limits import Limits


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
