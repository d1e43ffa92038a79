"""Presentations: slides in order, text with its place, and what nobody is shown set aside."""

from __future__ import annotations

import contextlib
import io
import random
import re
import zipfile
from typing import Any

import pytest
from pptx import Presentation
from pptx.util import Pt

from classifier.document import AsideKind, BlockKind, Box, Document, ReadBy, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.extract.router import read
from classifier.extract.slides.reader import read_pptx
from classifier.limits import Limits
from classifier.segment import segment

TITLE_AND_BODY, TITLE_ONLY, EMPTY = 1, 5, 6
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"

# The smallest picture there is: one white pixel.
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00"
    b"\x00\x02\x02D\x01\x00;"
)


class Deck:
    """A presentation of 720 by 540 points in the making."""

    def __init__(self) -> None:
        self.source: Any = Presentation()

    def slide(self, layout: int = EMPTY, title: str = "") -> Any:
        slide = self.source.slides.add_slide(self.source.slide_layouts[layout])
        if title:
            slide.shapes.title.text = title
        return slide

    def data(self) -> bytes:
        buffer = io.BytesIO()
        self.source.save(buffer)
        return buffer.getvalue()

    def read(self) -> Document:
        return read_pptx(self.data(), "a.pptx", Limits())


def box(shapes: Any, text: str, left: float, top: float, width: float = 200) -> Any:
    shape = shapes.add_textbox(Pt(left), Pt(top), Pt(width), Pt(40))
    shape.text_frame.text = text
    return shape


def replaced(package: bytes, part: str, old: str, new: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.decode().replace(old, new) if name == part else data)
    return buffer.getvalue()


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def reason(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(ExtractionError) as caught:
        read(data, "a.pptx", limits or Limits())
    return caught.value.reason


def test_titles_head_their_slides_and_bullets_are_items():
    deck = Deck()
    slide = deck.slide(TITLE_AND_BODY, "考勤模块")
    body = slide.placeholders[1].text_frame
    body.text = "支持人脸识别打卡。"
    body.add_paragraph().text = "断网两小时内可补传。"
    body.paragraphs[1].level = 1
    deck.slide(TITLE_ONLY, "请假模块")
    document = read(deck.data(), "a.pptx", Limits())
    assert [(b.kind, b.level, b.page) for b in document.blocks] == [
        (BlockKind.HEADING, 1, 1),
        (BlockKind.LIST_ITEM, 0, 1),
        (BlockKind.LIST_ITEM, 0, 1),
        (BlockKind.HEADING, 1, 2),
    ]
    assert segment(document)[2].section == ("考勤模块",)
    assert document.page_sizes == ((720, 540), (720, 540)) and document.notes == ()


def test_slides_come_in_the_order_they_are_shown():
    deck = Deck()
    for title in ("第一页标题", "第二页标题"):
        deck.slide(TITLE_ONLY, title)
    listed = deck.source.slides._sldIdLst
    listed.insert(0, listed[1])
    assert texts(deck.read()) == ["第二页标题", "第一页标题"]


def test_a_paragraph_has_the_rectangle_of_its_shape():
    deck = Deck()
    slide = deck.slide()
    box(slide.shapes, "甲段文字。\n乙段文字。", 50, 300)
    turned = box(slide.shapes, "竖着的标签文字。", 400, 300)
    turned.rotation = 90
    document = deck.read()
    assert document.blocks[1].lines[0].box == Box(50, 300, 250, 340)
    place = document.place(document.blocks[1].start, document.blocks[1].end)
    assert place.boxes == ((1, Box(50, 300, 250, 340)),)
    assert document.blocks[2].lines[0].box == Box(480, 220, 520, 420)


def test_groups_scale_their_members_and_placeholders_inherit_their_place():
    deck = Deck()
    slide = deck.slide(TITLE_ONLY, "标题文字")
    group = slide.shapes.add_group_shape()
    box(group.shapes, "组内文字。", 100, 200)
    group.left, group.top, group.width, group.height = Pt(300), Pt(300), Pt(100), Pt(80)
    document = deck.read()
    assert document.blocks[1].lines[0].box == Box(300, 300, 400, 380)
    title = document.blocks[0].lines[0].box
    assert (title.x0, title.x1) == (36, 684) and 0 < title.top < title.bottom < 540


def test_reading_order_is_that_of_the_stack_unless_it_jumps_up():
    deck = Deck()
    slide = deck.slide(TITLE_ONLY, "标题文字")
    for text, left, top in (
        ("左上。", 20, 200),
        ("左下。", 20, 300),
        ("右上。", 400, 200),
        ("右下。", 400, 300),
    ):
        box(slide.shapes, text, left, top)
    slide = deck.slide(TITLE_ONLY, "另一标题")
    for text, left, top in (("丙。", 20, 400), ("乙。", 400, 205), ("甲。", 20, 200)):
        box(slide.shapes, text, left, top)
    assert texts(deck.read()) == [
        "标题文字", "左上。", "左下。", "右上。", "右下。", "另一标题", "甲。", "乙。", "丙。",
    ]  # fmt: skip


def test_a_short_text_alone_at_the_top_is_the_title_of_a_slide_without_one():
    deck = Deck()
    deck.slide(TITLE_ONLY, "前一页的标题")
    slide = deck.slide()
    box(slide.shapes, "系统应支持导出。", 50, 200)
    box(slide.shapes, "报表模块", 50, 20)
    slide = deck.slide()
    box(slide.shapes, "这一页以整句开头，没有标题。", 50, 20)
    kinds = {block.text: block.kind for block in deck.read().blocks}
    assert kinds["报表模块"] is BlockKind.HEADING
    assert segment(deck.read())[2].section == ("报表模块",)
    assert kinds["这一页以整句开头，没有标题。"] is BlockKind.PARAGRAPH


def test_automatic_numbers_are_labels():
    deck = Deck()
    body = deck.slide(TITLE_AND_BODY, "步骤").placeholders[1].text_frame
    lines = [("甲步。", "arabicPeriod", 0), ("细步。", "circleNumDbPlain", 1), ("乙步。", "arabicPeriod", 0),
             ("项一。", "ea1ChsPeriod", 0), ("无号。", "", 0), ("又一。", "arabicParenBoth", 0)]  # fmt: skip
    for at, (text, scheme, level) in enumerate(lines):
        paragraph = body.paragraphs[0] if at == 0 else body.add_paragraph()
        paragraph.text, paragraph.level = text, level
        properties = paragraph._p.get_or_add_pPr()
        bullet = properties.makeelement(f"{{{DRAWING}/main}}{'buAutoNum' if scheme else 'buNone'}")
        if scheme:
            bullet.set("type", scheme)
        properties.append(bullet)
    blocks = deck.read().blocks[1:]
    assert [block.label for block in blocks] == ["1.", "①", "2.", "一.", "", "(1)"]
    assert blocks[4].kind is BlockKind.PARAGRAPH


def test_tables_give_cells_with_titles_merges_and_places():
    deck = Deck()
    frame = deck.slide().shapes.add_table(3, 2, Pt(100), Pt(200), Pt(400), Pt(90))
    for row, values in enumerate(
        [("功能名称", "功能描述"), ("打卡", "支持人脸识别打卡。"), ("", "支持补卡。")]
    ):
        for column, text in enumerate(values):
            frame.table.cell(row, column).text = text
    frame.table.cell(1, 0).merge(frame.table.cell(2, 0))
    document = deck.read()
    block = document.blocks[3]
    assert block.kind is BlockKind.CELL and block.cell is not None
    assert (block.cell.table, block.cell.row, block.cell.column) == (1, 2, 2)
    assert block.cell.header == "功能描述"
    assert block.lines[0].box == Box(300, 230, 500, 260)
    assert document.blocks[2].lines[0].box == Box(100, 230, 300, 290)


def test_notes_are_read_behind_their_slide():
    deck = Deck()
    slide = deck.slide(TITLE_ONLY, "考勤模块")
    slide.notes_slide.notes_text_frame.text = "断网两小时内须可补传。\n第二段说明。"
    deck.slide(TITLE_ONLY, "请假模块")
    document = deck.read()
    assert texts(document) == ["考勤模块", "断网两小时内须可补传。", "第二段说明。", "请假模块"]
    assert [block.label for block in document.blocks] == ["", "备注", "", ""]
    assert document.blocks[1].page == 1 and document.blocks[1].lines == ()


def test_what_is_not_shown_is_set_aside():
    deck = Deck()
    slide = deck.slide(TITLE_ONLY, "正文标题")
    box(slide.shapes, "画面之外的文字。", 900, 100)
    hidden = box(slide.shapes, "藏起来的文字。", 100, 200)
    hidden._element.nvSpPr.cNvPr.set("hidden", "1")
    deck.slide(TITLE_ONLY, "备用页")._element.set("show", "0")
    document = deck.read()
    assert texts(document) == ["正文标题"]
    assert {(aside.kind, aside.text, aside.page) for aside in document.asides} == {
        (AsideKind.HIDDEN, "画面之外的文字。", 1),
        (AsideKind.HIDDEN, "藏起来的文字。", 1),
        (AsideKind.HIDDEN, "备用页", 2),
    }
    assert "第 2 页" in document.notes[0] and len(document.pages) == 2


def test_furniture_of_slides_and_masters_is_set_aside():
    deck = Deck()
    slide = deck.slide(TITLE_ONLY, "正文标题")
    footer = box(slide.shapes, "页脚单位", 50, 500)
    properties = footer._element.nvSpPr.nvPr
    properties.append(properties.makeelement(
        "{http://schemas.openxmlformats.org/presentationml/2006/main}ph", {"type": "ftr"}
    ))  # fmt: skip
    master = deck.source.slide_masters[0]
    master.shapes._spTree.append(box(slide.shapes, "母版上的单位", 10, 10)._element)
    document = deck.read()
    assert texts(document) == ["正文标题"]
    assert {(a.kind, a.text) for a in document.asides} == {
        (AsideKind.FOOTER, "页脚单位"),
        (AsideKind.HEADER, "母版上的单位"),
    }


def test_smart_art_is_read():
    deck = Deck()
    deck.slide(TITLE_ONLY, "流程")
    data = deck.data()
    part = "ppt/slides/slide1.xml"
    frame = (
        "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='9' name='d'/></p:nvGraphicFramePr><p:xfrm>"
        "<a:off x='1270000' y='2540000'/><a:ext cx='1270000' cy='1270000'/></p:xfrm><a:graphic>"
        f"<a:graphicData><dgm:relIds xmlns:dgm='{DRAWING}/diagram' r:dm='rId77' xmlns:r="
        "'http://schemas.openxmlformats.org/officeDocument/2006/relationships'/></a:graphicData>"
        "</a:graphic></p:graphicFrame></p:spTree>"
    )
    relation = (
        '<Relationship Id="rId77" Target="../diagrams/data1.xml" Type="http://schemas.'
        'openxmlformats.org/officeDocument/2006/relationships/diagramData"/></Relationships>'
    )
    data = replaced(data, part, "</p:spTree>", frame)
    data = replaced(data, "ppt/slides/_rels/slide1.xml.rels", "</Relationships>", relation)
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as target:
        paragraphs = "".join(
            f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in ("提交申请", "领导审批")
        )
        target.writestr("ppt/diagrams/data1.xml", f'<d xmlns:a="{DRAWING}/main">{paragraphs}</d>')
    document = read_pptx(buffer.getvalue(), "a.pptx", Limits())
    assert texts(document) == ["流程", "提交申请", "领导审批"]
    assert document.blocks[1].lines[0].box == Box(100, 200, 200, 300)


def test_slides_of_pictures_only_make_it_partial():
    deck = Deck()
    deck.slide(TITLE_ONLY, "正文标题")
    deck.slide().shapes.add_picture(io.BytesIO(GIF), Pt(10), Pt(10))
    deck.slide()
    document = deck.read()
    assert document.reason is Reason.OK_PARTIAL and "第 2 页" in document.notes[0]
    layers = [(page.text_layer, page.read_by) for page in document.pages]
    assert layers[1:] == [
        (TextLayer.MISSING, ReadBy.NOTHING),
        (TextLayer.BLANK, ReadBy.NOTHING),
    ]


def test_damage_is_told_and_the_rest_is_read():
    deck = Deck()
    for title in ("第一页标题", "第二页标题"):
        deck.slide(TITLE_ONLY, title)
    document = read_pptx(
        replaced(deck.data(), "ppt/slides/slide1.xml", "<p:sld ", "\0"), "a.pptx", Limits()
    )
    assert texts(document) == ["第二页标题"] and document.reason is Reason.OK_PARTIAL
    assert "第 1 页" in document.notes[0] and document.blocks[0].page == 2
    assert document.pages[0].text_layer is TextLayer.DAMAGED
    lost = replaced(deck.data(), "ppt/_rels/presentation.xml.rels", "slides/slide", "slides/x")
    assert reason(lost) is Reason.DAMAGED


def test_limits_and_empty_presentations():
    deck = Deck()
    for _ in range(3):
        deck.slide(TITLE_ONLY, "标题" * 10)
    assert reason(deck.data(), Limits(pages=2)) is Reason.TOO_LARGE
    assert reason(deck.data(), Limits(chars=50)) is Reason.TOO_LARGE
    assert reason(deck.data(), Limits(unpacked_bytes=10_000)) is Reason.TOO_LARGE
    empty = Deck()
    empty.slide()
    assert reason(empty.data()) is Reason.EMPTY


def test_mutated_presentations_end_in_a_document_or_a_code():
    deck = Deck()
    slide = deck.slide(TITLE_AND_BODY, "考勤模块")
    slide.placeholders[1].text_frame.text = "支持人脸识别打卡。"
    slide.notes_slide.notes_text_frame.text = "说明。"
    box(slide.shapes.add_group_shape().shapes, "组内文字。", 100, 200)
    slide.shapes.add_table(2, 2, Pt(1), Pt(1), Pt(90), Pt(90)).table.cell(0, 0).text = "格"
    data, chance = deck.data(), random.Random(4)
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    parts = [name for name in names if re.search(r"presentation\.xml|slides/|slideLayout2", name)]

    def survives(data: bytes) -> None:
        with contextlib.suppress(ExtractionError):
            assert isinstance(read(data, "a.pptx", Limits()), Document)

    for _ in range(100):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        survives(bytes(changed[: chance.choice([len(data), chance.randrange(len(data))])]))
        part = chance.choice(parts)
        xml = zipfile.ZipFile(io.BytesIO(data)).read(part).decode()
        value = chance.choice(re.findall(r'"[^"]*"|<[^>]*>', xml))
        survives(
            replaced(data, part, value, chance.choice(['""', '"-1"', '"99999999999"', "<", ""]))
        )
