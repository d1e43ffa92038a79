"""XLS of Excel 97 to 2003: read as XLSX is, text boxes too; a locked workbook is told apart."""

from __future__ import annotations

import random
import struct

import pytest
from sheet_files import XLS, cells, flipped, header, section, survives

from classifier.errors import ExtractionError, Reason
from classifier.extract.office.ole import CompoundFile
from classifier.extract.router import read
from classifier.extract.sheet.reader import read_xls
from classifier.limits import Limits


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


def test_mutated_xls_ends_in_a_document_or_a_code():
    chance = random.Random(4)
    for _ in range(200):
        survives(flipped(XLS, chance), "a.xls")
