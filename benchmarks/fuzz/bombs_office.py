"""Word, Excel, PowerPoint and OpenDocument files with depths and numbers nobody writes by hand."""

from __future__ import annotations

import struct
from typing import Final

import doc_builder as word97
import sheet_files as sheets
import word_files as word

from .bomb import READ, REFUSED, Bomb
from .bombs_container import replaced_member
from .seeds import PROSE, seeds

_ANY: Final = (*READ, *REFUSED)
_MAIN: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_SECTOR: Final = 512


def _tables(depth: int) -> bytes:
    inner = word.p(PROSE[0])
    opened = "<w:tbl><w:tr><w:tc>" * depth
    return word.package(opened + inner + "</w:tc></w:tr></w:tbl>" * depth)


def _boxes(depth: int) -> bytes:
    start = "<w:p><w:r><w:drawing><wps:txbx><w:txbxContent>" * depth
    end = "</w:txbxContent></wps:txbx></w:drawing></w:r></w:p>" * depth
    return word.package(start + word.p(PROSE[0]) + end)


def _numbered(level: str, start: str) -> bytes:
    levels = word.level(0, "chineseCounting", "%1、").replace(
        'w:start w:val="1"', f'w:start w:val="{start}"'
    )
    body = word.numbered(PROSE[0]).replace('w:ilvl w:val="0"', f'w:ilvl w:val="{level}"')
    return word.package(body * 50, numbering=word.numbering(levels))


def _grid_span() -> bytes:
    cell = word.tc(word.p(PROSE[0]), '<w:gridSpan w:val="2147483647"/>')
    return word.package(word.table(*[cell * 30] * 30))


def _docx_part_loop() -> bytes:
    """A document whose header, notes and main part are all the main part."""
    data = word.package(word.p(PROSE[0]), header1="", footnotes="", styles=word.STYLES)
    links = word.rels(
        ("a", "header", "document.xml"),
        ("b", "footnotes", "document.xml"),
        ("c", "styles", "../word/document.xml"),
        ("d", "officeDocument", "document.xml"),
    )
    return replaced_member(data, "word/_rels/document.xml.rels", links.encode())


def _sheet(body: str) -> bytes:
    xml = f"<worksheet {_MAIN}>{body}</worksheet>"
    return replaced_member(seeds("xlsx")[0], "xl/worksheets/sheet1.xml", xml.encode())


def _cell(reference: str, text: str = PROSE[0]) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def _far_cells() -> bytes:
    row = f'<row r="1048576">{_cell("A1048576")}{_cell("XFD1048576")}</row>'
    return _sheet(f'<dimension ref="A1:XFD1048576"/><sheetData>{row}</sheetData>')


def _beyond() -> bytes:
    row = f'<row r="99999999999">{_cell("ZZZZZZZ99999999999")}{_cell("")}{_cell("A-1")}</row>'
    return _sheet(f"<sheetData>{row}</sheetData>")


def _merged(count: int) -> bytes:
    ranges = '<mergeCell ref="A1:XFD1048576"/>' * count
    data = f'<row r="1">{_cell("A1")}{_cell("B1")}</row>'
    return _sheet(f"<sheetData>{data}</sheetData><mergeCells>{ranges}</mergeCells>")


def _many_merged() -> bytes:
    ranges = "".join(f'<mergeCell ref="A{n}:Z{n + 50}"/>' for n in range(1, 60_000))
    rows = "".join(f'<row r="{n}">{_cell(f"A{n}", "考勤")}</row>' for n in range(1, 3000))
    return _sheet(f"<sheetData>{rows}</sheetData><mergeCells>{ranges}</mergeCells>")


def _million_rows() -> bytes:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 1_000_000))
    return _sheet(f"<sheetData>{rows}</sheetData>")


def _shared_strings(count: int) -> bytes:
    item = f"<si><t>{PROSE[0]}</t></si>"
    strings = f"<sst {_MAIN}>{item * count}</sst>"
    return replaced_member(seeds("xlsx")[0], "xl/sharedStrings.xml", strings.encode())


def _formats() -> bytes:
    data = seeds("xlsx")[0]
    format = "0" * 100_000 + "[" * 100_000 + '"' + ";" * 100_000 + "yyyy" * 50_000
    style = (
        (
            f'<styleSheet {_MAIN}><numFmts><numFmt numFmtId="164" formatCode="{format}"/></numFmts>'
            '<cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>'
        )
        .replace('"yyyy', "yyyy")
        .replace('["', "[&quot;")
    )
    data = replaced_member(data, "xl/styles.xml", style.encode())
    row = '<row r="1"><c r="A1" s="0"><v>1e308</v></c><c r="B1" s="0"><v>-1e308</v></c></row>'
    return replaced_member(
        data,
        "xl/worksheets/sheet1.xml",
        f"<worksheet {_MAIN}><sheetData>{row}</sheetData></worksheet>".encode(),
    )


def _ods(repeat: int, rows: int) -> bytes:
    cell = sheets.cell(PROSE[0], f'table:number-columns-repeated="{repeat}"')
    row = sheets.row(cell, attributes=f'table:number-rows-repeated="{rows}"')
    return sheets.ods(f'<table:table table:name="x">{row}</table:table>')


def _pptx_groups(depth: int) -> bytes:
    data = seeds("pptx")[0]
    with_groups = "<p:grpSp><p:nvGrpSpPr/><p:grpSpPr/>" * depth + "</p:grpSp>" * depth
    return replaced_member(
        data,
        "ppt/slides/slide1.xml",
        lambda xml: xml.replace(b"</p:spTree>", with_groups.encode() + b"</p:spTree>"),
    )


def _ole(data: bytes, change: str) -> bytes:
    """A compound file whose chains run in circles."""
    spoiled = bytearray(data)
    (fat,) = struct.unpack_from("<I", data, 76)
    at = _SECTOR * (fat + 1)
    count = _SECTOR // 4
    match change:
        case "fat-circle":
            struct.pack_into(f"<{count}I", spoiled, at, *[0] * count)
        case "fat-pairs":
            struct.pack_into(f"<{count}I", spoiled, at, *[n ^ 1 for n in range(count)])
        case "difat-circle":
            struct.pack_into("<II", spoiled, 68, fat, 0x7FFFFFFF)
        case "directory-circle":
            (first,) = struct.unpack_from("<I", data, 48)
            struct.pack_into("<I", spoiled, at + 4 * first, first)
        case "siblings-circle":
            (first,) = struct.unpack_from("<I", data, 48)
            for entry in range(4):
                struct.pack_into("<III", spoiled, _SECTOR * (first + 1) + 128 * entry + 68, 1, 1, 1)
        case "mini-fat":
            struct.pack_into("<II", spoiled, 60, 0, 0x7FFFFFFF)
    return bytes(spoiled)


def _doc_cells() -> bytes:
    edges = [32_000, -32_000, *range(0, 60, 10)]
    return word97.build([*word97.row(*["考勤"] * 7, edges=edges)] * 500 + [word97.par(PROSE[0])])


BOMBS: Final = (
    *(Bomb(f"docx-{n}-tables-deep", "docx", lambda n=n: _tables(n), _ANY) for n in (60, 80, 5000)),
    *(Bomb(f"docx-{n}-boxes-deep", "docx", lambda n=n: _boxes(n), _ANY) for n in (40, 50, 3000)),
    Bomb("docx-level-9999999", "docx", lambda: _numbered("9999999", "1"), _ANY),
    Bomb("docx-start-1e18", "docx", lambda: _numbered("0", "1" + "0" * 18), _ANY),
    Bomb("docx-start-4000-digits", "docx", lambda: _numbered("0", "9" * 5000), _ANY),
    Bomb("docx-span-2147483647", "docx", _grid_span, _ANY),
    Bomb("docx-parts-in-a-circle", "docx", _docx_part_loop, _ANY),
    Bomb("xlsx-far-cells", "xlsx", _far_cells, _ANY),
    Bomb("xlsx-beyond-the-sheet", "xlsx", _beyond, _ANY),
    Bomb("xlsx-all-merged", "xlsx", lambda: _merged(1000), _ANY),
    Bomb("xlsx-60000-merged", "xlsx", _many_merged, _ANY),
    Bomb("xlsx-a-million-rows", "xlsx", _million_rows, (*_ANY, "timeout")),
    Bomb(
        "xlsx-a-million-strings",
        "xlsx",
        lambda: _shared_strings(1_000_000),
        (*_ANY, "out_of_memory"),
    ),
    Bomb("xlsx-long-format", "xlsx", _formats, _ANY),
    Bomb("ods-repeated-1e9", "ods", lambda: _ods(10**9, 10**9), _ANY),
    Bomb("ods-repeated-1000", "ods", lambda: _ods(1000, 1000), _ANY),
    Bomb("pptx-groups-60-deep", "pptx", lambda: _pptx_groups(60), _ANY),
    Bomb("pptx-groups-9000-deep", "pptx", lambda: _pptx_groups(9000), _ANY),
    *(
        Bomb(f"{format}-{change}", format, lambda f=format, c=change: _ole(seeds(f)[0], c), _ANY)
        for format in ("doc", "xls")
        for change in (
            "fat-circle",
            "fat-pairs",
            "difat-circle",
            "directory-circle",
            "siblings-circle",
            "mini-fat",
        )
    ),
    Bomb("doc-edges-out-of-order", "doc", _doc_cells, _ANY),
)
