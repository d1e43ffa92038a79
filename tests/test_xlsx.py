"""XLSX: every cell as it is shown, with its titles, and nothing lost silently."""

from __future__ import annotations

import datetime
import io
import random
import re
import zipfile
from collections.abc import Iterable

import openpyxl
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet
from sheet_files import (
    block,
    cells,
    flipped,
    header,
    reason,
    replaced,
    rows,
    saved,
    section,
    survives,
    with_parts,
    workbook,
)

from classifier.document import AsideKind, BlockKind, Document
from classifier.errors import Reason
from classifier.extract.router import read
from classifier.extract.sheet.reader import read_xlsx
from classifier.limits import Limits


def merged(package: bytes, area: str) -> bytes:
    """The workbook with an area of its first sheet merged."""
    merge = f'</sheetData><mergeCells><mergeCell ref="{area}"/></mergeCells>'
    part = "xl/worksheets/sheet1.xml"
    return replaced(package, part, lambda xml: xml.replace("</sheetData>", merge))


def read_rows(*values: Iterable[object]) -> Document:
    return read_xlsx(workbook(rows(*values)), "a.xlsx", Limits())


def test_cells_hold_what_a_reader_sees():
    def fill(sheet: Worksheet) -> None:
        sheet.append(["序号", "比例", "日期", "金额", "完成", "说明"])
        sheet.append([1, 0.3, datetime.date(2026, 1, 5), 1200, True, "第一行。\n第二行。"])
        sheet["B2"].number_format = "0%"
        sheet["D2"].number_format = "#,##0.00"

    document = read_xlsx(workbook(fill), "a.xlsx", Limits())
    found = cells(document)
    assert [found[2, column] for column in range(1, 6)] == [
        "1", "30%", "2026-01-05", "1,200.00", "TRUE",
    ]  # fmt: skip
    assert found[2, 6] == "第一行。\n第二行。"
    assert document.blocks[0].kind is BlockKind.HEADING and document.blocks[0].text == "需求"
    assert header(document, "30%") == "比例" and header(document, "第二行。") == "说明"


def test_rich_and_inline_strings_and_escapes():
    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>别的</t></si>'
        "<si><r><t>系统</t></r><r><rPr><b/></rPr><t>应支持</t></r><rPh><t>読み</t></rPh></si></sst>"
    )
    data = workbook(rows(["占位", "占位二", "占位三"]))
    relation = (
        '<Relationship Id="x9" Target="sharedStrings.xml" Type="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    data = replaced(
        with_parts(data, {"xl/sharedStrings.xml": strings}),
        "xl/_rels/workbook.xml.rels",
        lambda xml: xml.replace("</Relationships>", relation),
    )

    def change(xml: str) -> str:
        shared = '<c r="A1" t="s"><v>1</v></c>'
        inline = '<c r="B1" t="inlineStr"><is><t>行内_x000D_\n文字</t></is></c>'
        cut = '<c r="C1" t="str"><f>A1</f><v>公式结果</v></c>'
        return re.sub(r'<c r="A1".*</row>', f"{shared}{inline}{cut}</row>", xml)

    found = cells(read_xlsx(replaced(data, "xl/worksheets/sheet1.xml", change), "a", Limits()))
    assert found == {(1, 1): "系统应支持", (1, 2): "行内\n文字", (1, 3): "公式结果"}


def test_merged_cells_give_their_text_once():
    def fill(sheet: Worksheet) -> None:
        rows(
            ["模块", "描述"], ["打卡", "支持打卡。"], ["打卡", "支持补卡。"], ["请假", "可请假。"]
        )(sheet)

    # openpyxl would drop the text that some programs leave in the covered cells.
    found = cells(read_xlsx(merged(workbook(fill), "A2:A3"), "a.xlsx", Limits()))
    assert found[2, 1] == "打卡" and (3, 1) not in found and found[4, 1] == "请假"


def test_titles_and_labels_of_merged_rows_are_the_section_of_a_cell():
    def fill(sheet: Worksheet) -> None:
        sheet.append(["考勤系统功能清单"])
        sheet.merge_cells("A1:D1")
        sheet.append(["序号", "功能模块", "功能点", "描述"])
        sheet.append([1, "打卡", "人脸", "支持人脸识别打卡。"])
        sheet.append([2, None, "补传", "断网两小时内可补传。"])
        sheet.append([3, "请假", "申请", "支持在线申请假期。"])
        sheet.merge_cells("B3:B4")
        sheet.append(["以上各项均须在验收前完成，未完成的按合同处理。"])
        sheet.merge_cells("A6:D6")

    document = read_xlsx(workbook(fill), "a.xlsx", Limits())
    top = ("需求", "考勤系统功能清单")
    assert section(document, "断网两小时内可补传。") == (*top, "打卡")
    assert section(document, "支持在线申请假期。") == (*top, "请假")
    assert header(document, "断网两小时内可补传。") == "描述"
    assert header(document, "考勤系统功能清单") == ""
    assert block(document, "请假").cell is not None
    assert header(document, "以上各项均须在验收前完成，未完成的按合同处理。") == ""


def test_two_rows_of_column_titles_and_a_section_row():
    def fill(sheet: Worksheet) -> None:
        sheet.append(["序号", "设备名称", "技术要求", None])
        sheet.append([None, None, "参数", "说明"])
        for area in ("A1:A2", "B1:B2", "C1:D1"):
            sheet.merge_cells(area)
        sheet.append([1, "闸机", "开闸≤1秒", "须防尾随。"])
        sheet.append(["二、网络设备"])
        sheet.merge_cells("A4:D4")
        sheet.append([2, "交换机", "24口", "须可网管。"])

    document = read_xlsx(workbook(fill), "a.xlsx", Limits())
    assert (
        header(document, "须防尾随。") == "技术要求 说明" and header(document, "闸机") == "设备名称"
    )
    assert section(document, "须可网管。") == ("需求", "二、网络设备")


def test_a_second_table_has_its_own_titles_and_a_form_its_labels():
    document = read_rows(
        ["序号", "内容"], [1, "甲方内容"], [], ["参数", "要求"], ["内存", "不小于八兆"]
    )
    assert header(document, "不小于八兆") == "要求" and header(document, "甲方内容") == "内容"
    form = read_rows(["采购人：", "某市第一中学"], ["预算：", 120000])
    assert header(form, "某市第一中学") == "采购人"


def test_hidden_sheets_and_columns_are_set_aside_hidden_rows_read():
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    rows(["序号", "要求", "底价"], [1, "须备份。", "机密九百"], [2, "须留痕。", "机密八百"])(sheet)
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[3].hidden = True
    lists = book.create_sheet("字典")
    lists.append(["下拉选项"])
    lists.sheet_state = "hidden"
    document = read_xlsx(saved(book), "a.xlsx", Limits())
    assert "须留痕。" in document.text
    assert "机密" not in document.text and "下拉" not in document.text
    assert {aside.kind for aside in document.asides} == {AsideKind.HIDDEN}
    set_aside = " ".join(aside.text for aside in document.asides)
    assert "机密八百" in set_aside and "下拉选项" in set_aside
    assert sum("隐藏" in note for note in document.notes) == 3
    assert document.reason is Reason.OK


def test_all_hidden_is_empty():
    def fill(sheet: Worksheet) -> None:
        sheet.append(["只有这一格"])
        sheet.column_dimensions["A"].hidden = True

    assert reason(workbook(fill)) is Reason.EMPTY


def test_comments_stand_behind_their_cell():
    def fill(sheet: Worksheet) -> None:
        sheet.append(["要求", "说明"])
        sheet.append(["须双机热备。", "见附件"])
        sheet["A2"].comment = Comment("此项不得偏离。", "甲")
        sheet["D9"].comment = Comment("空格上的批注。", "乙")

    document = read_xlsx(workbook(fill), "a.xlsx", Limits())
    texts = [found.text for found in document.blocks]
    assert texts.index("此项不得偏离。") == texts.index("须双机热备。") + 1
    assert block(document, "此项不得偏离。").label == "批注"
    assert block(document, "空格上的批注。").cell is None


def test_text_boxes_are_read_before_the_cells_and_pictures_counted():
    data = workbook(rows(["要求"], ["须备份。"]))
    space = "http://schemas.openxmlformats.org/drawingml/2006"
    drawing = (
        f'<wsDr xmlns="{space}/spreadsheetDrawing" xmlns:a="{space}/main"><twoCellAnchor><sp><txBody>'
        "<a:p><a:r><a:t>图中要求：</a:t></a:r><a:r><a:t>须支持离线。</a:t></a:r></a:p></txBody></sp>"
        "</twoCellAnchor><twoCellAnchor><pic/></twoCellAnchor></wsDr>"
    )
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Target="../drawings/d.xml" Type="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships/drawing"/></Relationships>'
    )
    parts = {"xl/worksheets/_rels/sheet1.xml.rels": relation, "xl/drawings/d.xml": drawing}
    document = read_xlsx(with_parts(data, parts), "a.xlsx", Limits())
    assert [found.text for found in document.blocks] == [
        "需求", "图中要求：须支持离线。", "要求", "须备份。",
    ]  # fmt: skip
    assert any("1 张图片" in note for note in document.notes)


def test_formulas_without_a_value_are_told():
    document = read_rows(["合计", "=SUM(A1:A9)"], ["说明", "见附件"])
    assert document.reason is Reason.OK_PARTIAL and "1 个公式" in document.notes[0]


def test_a_lone_cell_in_the_last_corner_costs_nothing():
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "第一格"
        sheet["XFD1048576"] = "最后一格"

    data = merged(workbook(fill), "B2:XFC1048575")
    assert cells(read_xlsx(data, "a.xlsx", Limits())) == {
        (1, 1): "第一格",
        (1_048_576, 16_384): "最后一格",
    }


def test_limits_hold():
    data = workbook(rows(["甲" * 600], ["乙" * 600]))
    assert reason(data, limits=Limits(chars=1000)) is Reason.TOO_LARGE
    assert reason(data, limits=Limits(unpacked_bytes=2000)) is Reason.TOO_LARGE


def test_damaged_parts_are_told_and_the_rest_is_read():
    book = openpyxl.Workbook()
    rows(["第一张表的内容"])(book.worksheets[0])
    book.create_sheet("乙").append(["第二张表的内容"])
    data = replaced(saved(book), "xl/worksheets/sheet1.xml", lambda xml: "没有 XML")
    document = read_xlsx(data, "a.xlsx", Limits())
    assert "第二张" in document.text
    assert document.reason is Reason.OK_PARTIAL and "sheet1.xml" in document.notes[0]
    cut = replaced(
        workbook(rows(["甲行内容"], ["乙行内容"])),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml[: xml.index('<row r="2"') + 20],
    )
    document = read_xlsx(cut, "a.xlsx", Limits())
    assert "甲行内容" in document.text and document.reason is Reason.OK_PARTIAL


def test_no_readable_sheet_is_damaged_and_a_doctype_refused():
    data = workbook(rows(["内容"]))
    assert reason(replaced(data, "xl/worksheets/sheet1.xml", lambda _: "x")) is Reason.DAMAGED
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]>'
    entity = replaced(
        data, "xl/worksheets/sheet1.xml", lambda xml: bomb + xml[xml.index("<worksheet") :]
    )
    assert reason(entity) is Reason.DAMAGED


def test_content_decides_not_the_extension():
    table = workbook(rows(["功能", "描述"], ["打卡", "支持打卡。"]))
    document = read(table, "a.xls", Limits())
    assert document.format == "xlsx" and ".xls" in document.notes[0]
    page = "<html><table><tr><th>功能<th>描述<tr><td>打卡<td>支持人脸识别打卡。</table></html>"
    document = read(page.encode("gb18030"), "导出.xls", Limits())
    assert document.format == "html" and header(document, "支持人脸识别打卡。") == "描述"
    binary = replaced(table, "_rels/.rels", lambda xml: xml.replace("workbook.xml", "workbook.bin"))
    assert reason(binary) is Reason.UNSUPPORTED


def test_mutated_xlsx_ends_in_a_document_or_a_code():
    def fill(sheet: Worksheet) -> None:
        rows(["序号", "模块", "描述"], [1, "打卡", "支持打卡。"], [2, None, "支持补卡。"])(sheet)
        sheet.merge_cells("B2:B3")
        sheet["A2"].number_format = "0%"
        sheet["C2"].comment = Comment("批注。", "甲")

    data, chance = workbook(fill), random.Random(4)
    parts = [name for name in zipfile.ZipFile(io.BytesIO(data)).namelist() if "xl/" in name]
    values = ("", "-1", "99999999999", "A0", "XFE1048577", "&x;", "B9:A1")

    def spoil(xml: str) -> str:
        found = chance.choice(list(re.finditer(r'"[^"]*"', xml)))
        xml = f'{xml[: found.start()]}"{chance.choice(values)}"{xml[found.end() :]}'
        return flipped(xml.encode(), chance).decode("latin-1") if chance.random() < 0.5 else xml

    for _ in range(100):
        survives(flipped(data, chance), "a.xlsx")
        survives(replaced(data, chance.choice(parts), spoil), "a.xlsx")
