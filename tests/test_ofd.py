"""OFD: text with exact places, set aside where it is furniture, and laid out like a PDF."""

from __future__ import annotations

import pytest
from ofd_files import MM, NS, PROSE, line, make_ofd, page, read_ofd, text, texts

from classifier.document import AsideKind, BlockKind, Document, ReadBy, TextLayer
from classifier.errors import Reason


def asides(document: Document, kind: AsideKind) -> list[str]:
    return [aside.text for aside in document.asides if aside.kind is kind]


def test_a_character_has_its_exact_box():
    document = read_ofd(make_ofd([page(text("应支持导出。", 30, 50))]))
    assert (document.text, document.reason, document.format) == ("应支持导出。", Reason.OK, "ofd")
    ((number, box),) = document.place(1, 3).boxes
    corners = (box.x0 / MM, box.top / MM, box.x1 / MM, box.bottom / MM)
    assert number == 1 and corners == pytest.approx((34, 50, 42, 54), abs=0.02)
    (first,) = document.pages
    assert (first.width, first.height) == (595.28, 841.89)
    assert (first.text_layer, first.read_by) == (TextLayer.GOOD, ReadBy.TEXT_LAYER)


@pytest.mark.parametrize(
    ("delta", "left"),
    [
        ("4 4 4 4", 42.0),
        ("g 4 4", 42.0),
        ("3 g 2 4 4", 41.0),
        ("g 2 4 g 2 3.5", 41.5),
        ("4", 42.0),
        ("", 42.0),
        ("g 999999999 4", 42.0),
        ("4 x 4 4", 38.0),
    ],
)
def test_advances_of_every_form_place_the_characters(delta: str, left: float):
    document = read_ofd(make_ofd([page(text("应支持导出", 30, 50, delta=delta))]))
    assert document.text == "应支持导出"
    edges = document.blocks[0].lines[0].edges
    assert len(edges) == 6
    assert edges[3] / MM == pytest.approx(left, abs=0.02)


def test_glyph_mappings_change_what_the_advances_count():
    mapped = '<ofd:CGTransform CodePosition="2" CodeCount="2" GlyphCount="1"><ofd:Glyphs>191</ofd:Glyphs></ofd:CGTransform>'
    drawn = text("连字fi甲乙丙", 20, 50, delta="g 5 4", inner=mapped)
    document = read_ofd(make_ofd([page(drawn)]))
    assert document.text == "连字fi甲乙丙"
    edges = [edge / MM for edge in document.blocks[0].lines[0].edges]
    assert edges == pytest.approx([20, 24, 28, 30, 32, 36, 40, 44], abs=0.02)


def test_characters_beyond_16_bits_may_count_twice():
    drawn = text("甲\U00020bb7乙丙丁戊己", 20, 50, delta="4 4 0 g 4 4")
    document = read_ofd(make_ofd([page(drawn)]))
    edges = [edge / MM for edge in document.blocks[0].lines[0].edges]
    assert edges == pytest.approx([20, 24, 28, 32, 36, 40, 44, 48], abs=0.02)


def test_line_breaks_of_indented_xml_are_no_characters():
    drawn = text("应支持导出。", 30, 50).replace(">应支持导出。<", ">\n    应支持导出。\n  <")
    assert read_ofd(make_ofd([page(drawn)])).text == "应支持导出。"


def test_a_matrix_scales_and_moves_a_line():
    drawn = text("应支持导出。", 30, 50, attributes='Font="3" CTM="2 0 0 2 1 3"')
    (block,) = read_ofd(make_ofd([page(drawn)])).blocks
    box = block.lines[0].box
    corners = (box.x0 / MM, box.top / MM, box.x1 / MM, box.bottom / MM)
    assert corners == pytest.approx((31, 53, 31 + 48, 53 + 8), abs=0.02)


def test_text_turned_or_set_downwards_reads_in_order():
    turned = text("侧边说明文字", 200, 40, attributes='Font="3" CTM="0 1 -1 0 0 0"')
    column = (
        '<ofd:TextObject ID="1" Boundary="100 40 4 40" Font="3" Size="4">'
        '<ofd:TextCode X="0" Y="3.4" DeltaY="g 3 4">竖排文字</ofd:TextCode>'
        '<ofd:TextCode X="-6" Y="3.4" DeltaY="g 3 4">再写一列</ofd:TextCode></ofd:TextObject>'
    )
    document = read_ofd(make_ofd([page(turned, column)]))
    assert texts(document) == ["侧边说明文字", "竖排文字", "再写一列"]
    box = document.blocks[1].lines[0].box
    corners = (box.x0 / MM, box.top / MM, box.x1 / MM, box.bottom / MM)
    assert corners == pytest.approx((100, 40, 104, 56), abs=0.05)


def test_slanted_and_annotated_watermarks_are_set_aside():
    slanted = text("内部资料", 60, 100, attributes='Font="3" CTM="0.7 0.7 -0.7 0.7 0 0"')
    annotation = (
        f'<ofd:PageAnnot {NS}><ofd:Annot Type="Watermark" ID="5"><ofd:Appearance Boundary="9 9 9 9">'
        f'{text("严禁复制", 0, 0)}</ofd:Appearance></ofd:Annot><ofd:Annot Type="Path" ID="6">'
        f'<ofd:Appearance Boundary="30 80 90 9">{text("补充填写的内容。", 0, 0)}</ofd:Appearance>'
        "</ofd:Annot></ofd:PageAnnot>"
    )
    links = f'<ofd:Annotations {NS}><ofd:Page PageID="100"><ofd:FileLoc>Pages/Page_0/A.xml</ofd:FileLoc></ofd:Page></ofd:Annotations>'
    data = make_ofd(
        [page(text("正文内容。", 30, 50), slanted)],
        rest="<ofd:Annotations>Annots.xml</ofd:Annotations>",
        parts={"Doc_0/Annots.xml": links, "Doc_0/Pages/Page_0/A.xml": annotation},
    )
    document = read_ofd(data)
    assert texts(document) == ["正文内容。", "补充填写的内容。"]
    assert asides(document, AsideKind.WATERMARK) == ["内部资料", "严禁复制"]
    box = document.blocks[1].lines[0].box
    assert (box.x0 / MM, box.top / MM) == pytest.approx((30, 80), abs=0.02)


def test_invisible_text_is_set_aside():
    hidden = text("看不见的字", 30, 70, attributes='Font="3" Visible="false"')
    clear = text("透明的字", 30, 80, attributes='Font="3" Alpha="0"')
    document = read_ofd(make_ofd([page(text("正文内容。", 30, 50), hidden, clear)]))
    assert document.text == "正文内容。"
    assert asides(document, AsideKind.HIDDEN) == ["看不见的字 透明的字"]


def test_header_from_a_template_and_page_numbers_are_furniture():
    header = page(text("某单位采购文件", 30, 10), text("以此模板为框", 30, 20))
    link = '<ofd:Template TemplateID="50" ZOrder="Background"/>'
    pages = [
        page(
            text(PROSE, 30, 60),
            text(f"第{at}项。", 30, 90),
            text(f"{at}", 104, 285),
            templates=link,
        )
        for at in range(1, 5)
    ]
    data = make_ofd(
        pages,
        common='<ofd:TemplatePage ID="50" BaseLoc="Tpls/Tpl_0/Content.xml"/>',
        parts={"Doc_0/Tpls/Tpl_0/Content.xml": header},
    )
    document = read_ofd(data)
    assert texts(document) == [
        PROSE,
        "第1项。",
        PROSE,
        "第2项。",
        PROSE,
        "第3项。",
        PROSE,
        "第4项。",
    ]
    assert asides(document, AsideKind.HEADER) == ["某单位采购文件", "以此模板为框"] * 4
    assert asides(document, AsideKind.PAGE_NUMBER) == ["1", "2", "3", "4"]


def test_text_of_a_form_template_is_body():
    data = make_ofd(
        [page(text("张三", 60, 100), templates='<ofd:Template TemplateID="50"/>')],
        common='<ofd:TemplatePage ID="50" BaseLoc="Tpl.xml"/>',
        parts={"Doc_0/Tpl.xml": page(text("姓名：", 40, 100))},
    )
    assert texts(read_ofd(data)) == ["姓名： 张三"]


def test_a_template_that_names_itself_or_is_missing_ends():
    itself = page(text("模板文字", 40, 100), templates='<ofd:Template TemplateID="50"/>')
    links = '<ofd:Template TemplateID="50"/><ofd:Template TemplateID="51"/>'
    data = make_ofd(
        [page(text("正文内容。", 40, 120), templates=links)],
        common='<ofd:TemplatePage ID="50" BaseLoc="Tpl.xml"/><ofd:TemplatePage ID="51" BaseLoc="gone.xml"/>',
        parts={"Doc_0/Tpl.xml": itself},
    )
    document = read_ofd(data)
    assert texts(document) == ["模板文字", "正文内容。"]
    assert document.reason is Reason.OK_PARTIAL and "gone.xml" in document.notes[0]


def test_composite_objects_and_nested_blocks_are_opened_but_not_for_ever():
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="60" Width="90" Height="9"><ofd:Content>'
        f'<ofd:PageBlock ID="61">{text("组合图元文字", 5, 5)}</ofd:PageBlock>'
        '<ofd:CompositeObject ID="62" Boundary="0 0 90 9" ResourceID="60"/>'
        "</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
    )
    placed = '<ofd:PageBlock ID="1"><ofd:CompositeObject ID="2" Boundary="30 50 90 9" ResourceID="60"/></ofd:PageBlock>'
    document = read_ofd(make_ofd([page(placed)], resources=unit))
    assert document.text == "组合图元文字"
    box = document.blocks[0].lines[0].box
    assert (box.x0 / MM, box.top / MM) == pytest.approx((35, 55), abs=0.02)


def test_a_paragraph_runs_over_two_pages():
    first = page(*(text(PROSE[:25], 30, 30 + 8 * at, 6) for at in range(30)))
    second = page(text(PROSE[25:] + "。", 30, 30, 6), text("一、总则", 30, 60, 9))
    document = read_ofd(make_ofd([first, second]))
    joined, heading = document.blocks
    assert joined.text == PROSE[:25] * 30 + PROSE[25:] + "。"
    assert {line.page for line in joined.lines} == {1, 2}
    assert heading.kind is BlockKind.HEADING
    start = joined.text.index(PROSE[25:])
    assert [number for number, _ in document.place(start - 2, start + 2).boxes] == [1, 2]


def test_a_ruled_table_gives_cells_with_titles():
    ys, xs = (50, 60, 70), (30, 80, 150)
    rules = [line(30, y, 150, y) for y in ys] + [line(x, 50, x, 70) for x in xs]
    cells = [text("名称", 32, 52), text("技术要求", 82, 52), text("门禁", 32, 62)]
    document = read_ofd(make_ofd([page(*rules, *cells, text("支持人脸识别", 82, 62))]))
    found = [(b.text, b.cell.row, b.cell.column, b.cell.header) for b in document.blocks if b.cell]
    assert found == [
        ("名称", 1, 1, ""),
        ("技术要求", 1, 2, ""),
        ("门禁", 2, 1, "名称"),
        ("支持人脸识别", 2, 2, "技术要求"),
    ]


def test_bold_numbered_lines_are_headings():
    bold = text("1. 登录功能", 30, 50, attributes='Font="4"')
    lines = [text(PROSE, 30, 60 + 6 * at) for at in range(3)]
    document = read_ofd(make_ofd([page(bold, *lines)]))
    assert document.blocks[0].kind is BlockKind.HEADING
