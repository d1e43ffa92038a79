"""Spreadsheets: every cell as it is shown, with its titles, and nothing lost silently."""

from __future__ import annotations

import base64
import contextlib
import datetime
import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from classifier.document import AsideKind, Block, BlockKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.office.ole import CompoundFile
from classifier.extract.router import read
from classifier.extract.sheet.number_format import shown
from classifier.extract.sheet.reader import read_csv, read_ods, read_xls, read_xlsx
from classifier.limits import Limits
from classifier.segment import segment

# Written with xlwt 1.3.0 (not a dependency) from text of our own: sheet 功能清单 with the title
# 考勤系统功能清单 merged over A1:E1, column titles in row 2, 打卡 merged over B3:B4, 30 % and a
# date formatted as such, row 4 and column F hidden, and the hidden sheet 字典.
XLS = zlib.decompress(
    base64.b64decode(
        "eNrtGFtIVFFwzn24T/dhGmhgm5SVjzL68Ue3B+VXm7tLbKVUrrtImWssfWQPXbOFoELLn4ogBPvoI6uf3kX+REGx"
        "UR9BEGklBH1U0AtStzmz9/rYNnDBBOXO5cw5M2dmzpwzcx67z2P2gZ7reYOQBJUgwmjcABkTeAyLQSVsgP3xOG+q"
        "tR5LXINZBQY9BjJDhruZT3U8hjzegyDANakfMcA7LLWwD1zNoaBjBmEd+VDHuA8VTMLcE+ACFgvkkl9ZhOsJzyN8"
        "lWTvEV5DnFOEK1B2gG2HmNNVVK7k8VahgPosiBncJJ3XxFkFOfCY53FbF0vIyrA2vLtu71zpyJfM0AsY66pgKBjm"
        "tBUugRGgBaG0qak0EBiAbMyDXvgedwB8Uzf8Q4fGn1k+A+T/mszX/YOvx5M5Fd+AwU3mdwsSQATiuxjP/ige5f0S"
        "75HYRc9IRA5t8UbBDNt0PGsE5qs54B6GbjChhIlOeSZGPnh+H37bqoqjmc4dP724Szln0R6fT2nG6r90Yuf6hmen"
        "kXOyxuYfCi5sQI7XX+dFh1cGWf0dV3n7oxPFHs4SyozArgTdbYtd1tofwaj7szd43LFZKEPtqPtjl81f0oBNk+uJ"
        "39DVctbILyQ6wGyTDrBM2tZmxAGwUttOm9uGzg9f/vpik7/auZM4Ebq0+EQZLOHLAnFo5xrmI6gv43fGZKWLDwQL"
        "SdJK0ShFZKGY8FEaZQG18whnoy7WhdU5SmNjB8kco95CHHc1wUvn0gntZdiOfnLfyo++dy7Hdl/V4MHsvlfOHijA"
        "UAbITwYdUMJK2PlzHG471Zoph+Ibwrl/HZB6wUa+yxBX7nMrjPCdj2An/AAstBZ25ZNIh6XQYaTDcYJSVzhBCUiJ"
        "Y5RIllRKQkpWvBGSLLcKRuLZaX25fCJ24xS3zMN8n+YqIj5E81sRExRvRYpOwqZDsSmSTSPNUI8UI9+5RZEs8hwQ"
        "Mb4iWVS2iTPRL2M/f/QM0YgCaTNFRoJKIQtucJfxyhmH6cxLSMpLNQ/ZGJ6techS5iGvaVUh1apqoIEGGmiggQbT"
        "APwBwS9lUXnayspTRaf8rzOCZVT7m2TOggea8duPvxA3QAjrMLSklT/zQWaqLTZFHfX/Qg4+HD0MjeAnPxrTzl98"
        "arKJ85myom36tlC644+m4+d/Hv8P60VB5w=="
    )
)


def workbook(fill: Callable[[Worksheet], None], title: str = "需求") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    fill(sheet)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rows(*values: Iterable[object]) -> Callable[[Worksheet], None]:
    def fill(sheet: Worksheet) -> None:
        for row in values:
            sheet.append(list(row))

    return fill


def replaced(package: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The package with one part changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, change(data.decode()) if name == part else data)
    return buffer.getvalue()


def with_parts(package: bytes, parts: dict[str, str]) -> bytes:
    """The package with further parts."""
    buffer = io.BytesIO(package)
    with zipfile.ZipFile(buffer, "a") as target:
        for name, xml in parts.items():
            target.writestr(name, xml)
    return buffer.getvalue()


def merged(package: bytes, area: str) -> bytes:
    """The workbook with an area of its first sheet merged."""
    merge = f'</sheetData><mergeCells><mergeCell ref="{area}"/></mergeCells>'
    part = "xl/worksheets/sheet1.xml"
    return replaced(package, part, lambda xml: xml.replace("</sheetData>", merge))


def cells(document: Document) -> dict[tuple[int, int], str]:
    """Texts by row and column, paragraphs of one cell joined."""
    found: dict[tuple[int, int], str] = {}
    for block in document.blocks:
        if block.cell:
            at = (block.cell.row, block.cell.column)
            found[at] = f"{found[at]}\n{block.text}" if at in found else block.text
    return found


def block(document: Document, text: str) -> Block:
    return next(block for block in document.blocks if block.text == text)


def header(document: Document, text: str) -> str:
    cell = block(document, text).cell
    assert cell is not None
    return cell.header


def section(document: Document, text: str) -> tuple[str, ...]:
    return next(s.section for s in segment(document) if s.text == text)


def reason(data: bytes, name: str = "a.xlsx", limits: Limits | None = None) -> Reason:
    with pytest.raises(ExtractionError) as caught:
        read(data, name, limits or Limits())
    return caught.value.reason


def read_rows(*values: Iterable[object]) -> Document:
    return read_xlsx(workbook(rows(*values)), "a.xlsx", Limits())


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (12.5, "General", "12.5"),
        (0.1 + 0.2, "General", "0.3"),
        (1e21, "General", "1E+21"),
        (0.3, "0%", "30%"),
        (0.125, "0.0%", "12.5%"),
        (2.675, "0.00", "2.68"),
        (1200, '#,##0.00"元"', "1,200.00元"),
        (7, "000", "007"),
        (-5, "0_);[Red]\\(0\\)", "(5)"),
        (-0.001, "0.00", "0.00"),
        (0, '0;-0;"无"', "无"),
        (1234.5, '_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', "¥1,234.50"),
        (12345678, '0.0,,"百万"', "12.3百万"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (5, "[>=100]0.0;0", "5"),
        (0.5, "# ?/?", "0.5"),
        (46027, "yyyy-mm-dd", "2026-01-05"),
        (46027, 'yyyy"年"m"月"d"日";@', "2026年1月5日"),
        (46027.604166667, "yyyy/m/d h:mm", "2026/1/5 14:30"),
        (46027, "[$-F800]dddd, mmmm dd, yyyy", "2026-01-05"),
        (46027, "[$-804]aaaa", "星期一"),
        (0.5, '上午/下午h"时"mm"分"', "下午12时00分"),
        (1.5, "[h]:mm", "36:00"),
        (59, "yyyy-mm-dd", "1900-02-28"),
        (-1, "yyyy-mm-dd", "-1"),
        (float("inf"), "0.00", "inf"),
    ],
)
def test_numbers_look_as_their_format_shows_them(value: float, code: str, text: str):
    assert shown(value, code) == text


def test_dates_of_the_1904_calendar():
    assert shown(44565, "yyyy-mm-dd", date1904=True) == "2026-01-05"


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


def test_xls_is_read_like_xlsx():
    document = read(XLS, "a.xls", Limits())
    found = cells(document)
    assert found[3, 4] == "30%" and found[3, 5] == "2026-01-05" and found[3, 1] == "1"
    assert section(document, "断网两小时内可补传。") == ("功能清单", "考勤系统功能清单", "打卡")
    assert header(document, "断网两小时内可补传。") == "功能描述"
    set_aside = " ".join(aside.text for aside in document.asides)
    assert "内部成本" in set_aside and "下拉选项" in set_aside
    assert "内部成本" not in document.text and len(document.notes) == 3
    assert (document.format, document.reason) == ("xls", Reason.OK)


def with_text_box(stream: bytes, text: str) -> bytes:
    """A workbook stream with a text box at the end of its first sheet (records of [MS-XLS])."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    common = struct.pack("<HHHHH12x", 0x15, 18, 6, 1, 0) + bytes(4)
    added = record(0x5D, common) + record(0x1B6, struct.pack("<HH6xHHH", 0, 0, len(text), 0, 0))
    added += record(0x3C, b"\x01" + text.encode("utf-16-le"))
    at, ends = 0, []
    changed = bytearray(stream)
    boundaries = []
    while at + 4 <= len(stream) and len(ends) < 2:
        kind, size = struct.unpack_from("<HH", stream, at)
        boundaries += [at + 4] if kind == 0x85 else []
        ends += [at] if kind == 0x0A else []
        at += 4 + size
    second = struct.unpack_from("<I", stream, boundaries[1])[0] + len(added)
    struct.pack_into("<I", changed, boundaries[1], second)
    return bytes(changed[: ends[1]]) + added + bytes(changed[ends[1] :])


def test_text_boxes_of_xls_are_read():
    stream = with_text_box(CompoundFile(XLS).stream("Workbook"), "图中要求：须支持离线。")
    document = read_xls(stream, "a.xls", Limits())
    assert document.blocks[1].text == "图中要求：须支持离线。"
    assert "下拉选项" not in document.text and len(document.asides) == 2


def test_encrypted_workbooks_are_told_apart():
    stream = CompoundFile(XLS).stream("Workbook")
    size = struct.unpack_from("<H", stream, 2)[0]
    password = struct.pack("<HHH", 0x2F, 6, 1) + b"\x01\x00\x01\x00"
    locked = stream[: 4 + size] + password + stream[4 + size :]
    with pytest.raises(ExtractionError) as caught:
        read_xls(locked, "a.xls", Limits())
    assert caught.value.reason is Reason.ENCRYPTED


def ods(body: str, styles: str = "", manifest: str = "") -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{p}="{space}:{p}:1.0"' for p in ("office", "table", "text", "style"))
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}"
        "</office:automatic-styles><office:body><office:spreadsheet>"
        f"{body}</office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        target.writestr("content.xml", content)
        target.writestr("META-INF/manifest.xml", manifest or "<manifest/>")
    return buffer.getvalue()


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*inner: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(inner)}</table:table-row>"


def test_ods_shows_its_text_with_repeats_merges_and_hidden_tables():
    body = (
        '<table:table table:name="清单">'
        '<table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:visibility="collapse"/>'
        + row(cell("模块"), cell("描述"), cell("内部备注"))
        + row(
            cell("打卡", 'table:number-rows-spanned="2"'), cell("支持<text:s/>打卡。"), cell("机密")
        )
        + row("<table:covered-table-cell/>", cell("支持补卡。"))
        + row("<table:table-cell/>", attributes='table:number-rows-repeated="1048000"')
        + row(cell("重复", 'table:number-columns-repeated="2"'))
        + '</table:table><table:table table:name="字典" table:style-name="t1">'
        + row(cell("下拉选项"))
        + "</table:table>"
    )
    styles = (
        '<style:style style:name="t1"><style:table-properties table:display="false"/></style:style>'
    )
    document = read(ods(body, styles), "a.ods", Limits())
    assert cells(document)[2, 2] == "支持 打卡。" and cells(document)[1_048_004, 2] == "重复"
    assert section(document, "支持补卡。") == ("清单", "打卡")
    assert "机密" not in document.text and "下拉" not in document.text
    assert len(document.asides) == 2


def test_ods_with_a_password_and_with_endless_repeats():
    locked = ods(row(cell("内容")), manifest="<m><encryption-data/></m>")
    assert reason(locked, "a.ods") is Reason.ENCRYPTED
    endless = row(
        cell("甲", 'table:number-columns-repeated="16384"'),
        attributes='table:number-rows-repeated="1048576"',
    )
    with pytest.raises(ExtractionError) as caught:
        read_ods(ods(f"<table:table>{endless}</table:table>"), "a", Limits(chars=10_000))
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_a_table(encoding: str):
    text = '序号,功能名称,功能描述\n1,打卡,"支持人脸识别,\n并可补传。"\n2,请假,支持在线申请假期。\n'
    document = read(text.encode(encoding), "需求.csv", Limits())
    assert document.format == "csv" and document.notes == ()
    assert cells(document)[2, 3] == "支持人脸识别,\n并可补传。"
    assert header(document, "支持在线申请假期。") == "功能描述"


def test_delimiters_and_open_quotes_of_csv():
    assert cells(read_csv("甲项;乙项\n一,二;三\n".encode(), "a.csv", Limits()))[2, 1] == "一,二"
    assert cells(read_csv("甲项\t乙项\n".encode(), "a.tsv", Limits()))[1, 2] == "乙项"
    text = '甲,"没有关上的引号\n' + "乙,很长的内容\n" * 20_000
    assert cells(read_csv(text.encode(), "a.csv", Limits()))[20_001, 2] == "很长的内容"


def test_content_decides_not_the_extension():
    table = workbook(rows(["功能", "描述"], ["打卡", "支持打卡。"]))
    document = read(table, "a.xls", Limits())
    assert document.format == "xlsx" and ".xls" in document.notes[0]
    page = "<html><table><tr><th>功能<th>描述<tr><td>打卡<td>支持人脸识别打卡。</table></html>"
    document = read(page.encode("gb18030"), "导出.xls", Limits())
    assert document.format == "html" and header(document, "支持人脸识别打卡。") == "描述"
    binary = replaced(table, "_rels/.rels", lambda xml: xml.replace("workbook.xml", "workbook.bin"))
    assert reason(binary) is Reason.UNSUPPORTED


def survives(data: bytes, name: str) -> None:
    with contextlib.suppress(ExtractionError):
        assert isinstance(read(data, name, Limits()), Document)


def flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] = chance.choice([0, 255, chance.randrange(256)])
    return bytes(changed[: chance.randrange(len(data))] if chance.random() < 0.2 else changed)


def test_mutated_xls_ends_in_a_document_or_a_code():
    chance = random.Random(4)
    for _ in range(200):
        survives(flipped(XLS, chance), "a.xls")


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
