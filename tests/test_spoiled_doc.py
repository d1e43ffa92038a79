"""DOC files that are cut or spoiled on purpose: a document or a reason, and in short time."""

from __future__ import annotations

import random
import struct
import time

from doc_builder import DELETED, PICTURE, Level, Run, build, par, row, sprm

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.doc.reader import read_doc
from classifier.limits import Limits

NORMAL = (0, "Normal", b"", b"")


def sample() -> bytes:
    return build(
        [
            par("第一章 总则", style=1),
            par("系统应支持", Run("export", width=1), Run("删", DELETED), "。"),
            *row("序号", "要求"),
            *row("1", "应支持导出"),
            par("见\x13 REF a \x14附件\x15", Run("\x08", PICTURE)),
        ],
        styles=[NORMAL, (1, "标题 1", sprm(0x460B, 1, 0), b"")],
        levels=[Level("第\0章", format=37)],
        boxes=[(33, 7, [par("框内文字")])],
        footnotes=[[par("\x02注一")]],
        headers=[[par("页眉")]],
        fonts=["Symbol"],
    )


def assert_ends_well(data: bytes) -> None:
    started = time.monotonic()
    try:
        assert isinstance(read_doc(data, "a.doc", Limits()), Document)
    except ExtractionError as error:
        assert error.reason in (
            *(Reason.DAMAGED, Reason.EMPTY, Reason.ENCRYPTED, Reason.TOO_LARGE),
            Reason.UNSUPPORTED,
        )
    assert time.monotonic() - started < 2


def test_spoiled_files_end_in_a_reason_or_a_document():
    data = sample()
    chance = random.Random(4)
    filled = [at for at, byte in enumerate(data) if byte and at >= 8]
    for _ in range(300):
        spoiled = bytearray(data)
        for _ in range(chance.choice((1, 3, 30))):
            spoiled[chance.choice(filled)] = chance.choice((0, 1, 0x7F, 0xFF, 7, 200))
        assert_ends_well(bytes(spoiled))


def test_spoiled_tables_end_in_a_reason_or_a_document():
    data = sample()
    main = data.index(struct.pack("<HH", 0xA5EC, 0xC1))
    chance = random.Random(5)
    for _ in range(150):
        spoiled = bytearray(data)
        for _ in range(3):
            at = main + chance.choice((0x4C, 0x9A)) + 4 * chance.randrange(150)
            number = chance.choice((0, 1, 7, 100, 5000, 2**31 - 1, 2**32 - 1))
            struct.pack_into("<I", spoiled, at, number)
        assert_ends_well(bytes(spoiled))


def test_cut_files_end_in_a_reason_or_a_document():
    data = sample()
    for end in range(8, len(data), 173):
        assert_ends_well(data[:end])


def test_chains_without_end_are_not_followed():
    data = bytearray(sample())
    fat = struct.unpack_from("<I", data, 76)[0]
    for sector in range(20):
        struct.pack_into("<I", data, 512 * (fat + 1) + 4 * sector, sector)
    entry = data.index("WordDocument".encode("utf-16-le"))
    struct.pack_into("<Q", data, entry + 120, 2**40)
    assert_ends_well(bytes(data))
    for at in (44, 64, 72):
        spoiled = bytearray(sample())
        struct.pack_into("<I", spoiled, at, 2**31)
        assert_ends_well(bytes(spoiled))
