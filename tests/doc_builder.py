"""Writes small Word 97 files for the tests of the reader, from [MS-CFB] and [MS-DOC]."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

SECTOR = 512
END, FREE, FAT_SECTOR, NO_STREAM = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF


def sprm(code: int, *operand: int) -> bytes:
    """One property modifier; operands are bytes."""
    return struct.pack("<H", code) + bytes(operand)


DELETED, INSERTED, BOLD, HIDDEN = (sprm(c, 1) for c in (0x0800, 0x0801, 0x0835, 0x083C))
PICTURE = sprm(0x0855, 1)
IN_TABLE = sprm(0x2416, 1)


def depth(level: int) -> bytes:
    return IN_TABLE + sprm(0x6649, level, 0, 0, 0)


def row_end(*edges: int, header: bool = False, level: int = 1) -> bytes:
    """Modifiers of a row end with the edges of its cells in twips."""
    table = bytes([len(edges) - 1]) + struct.pack(f"<{len(edges)}h", *edges)
    table += bytes(20 * (len(edges) - 1))
    ends = sprm(0x2417, 1) if level == 1 else sprm(0x244C, 1)
    defined = struct.pack("<HH", 0xD608, len(table) + 1) + table
    return depth(level) + ends + (sprm(0x3404, 1) if header else b"") + defined


@dataclass(frozen=True)
class Run:
    """Text of one format; ``width`` 1 is stored as Windows-1252, 2 as UTF-16."""

    text: str
    chpx: bytes = b""
    width: int = 2

    @property
    def encoded(self) -> bytes:
        return self.text.encode("cp1252" if self.width == 1 else "utf-16-le")

    @property
    def chars(self) -> int:
        return len(self.encoded) // self.width


@dataclass(frozen=True)
class Par:
    """Runs, the last of which ends in the paragraph's mark."""

    runs: tuple[Run, ...]
    papx: bytes = b""
    style: int = 0


def par(*runs: str | Run, papx: bytes = b"", style: int = 0, mark: str = "\r") -> Par:
    full = [run if isinstance(run, Run) else Run(run) for run in runs]
    return Par((*full, Run(mark)) if mark else tuple(full), papx, style)


def cell(*runs: str | Run) -> Par:
    return par(*runs, papx=IN_TABLE, mark="\x07")


def row(*texts: str, edges: Sequence[int] = (), header: bool = False) -> list[Par]:
    edges = edges or [1000 * i for i in range(len(texts) + 1)]
    end = par(papx=row_end(*edges, header=header), mark="\x07")
    return [*map(cell, texts), end]


@dataclass(frozen=True)
class Level:
    """One level of a list: ``text`` has ``\\0`` for the number of level 0 and so on."""

    text: str
    format: int = 0
    start: int = 1

    @property
    def lvl(self) -> bytes:
        numbers = bytes(i for i, char in enumerate(self.text, start=1) if char < "\x09")
        head = struct.pack("<iBB9sBii4B", self.start, self.format, 0, numbers, *[0] * 7)
        return head + struct.pack("<H", len(self.text)) + self.text.encode("utf-16-le")


def build(
    body: Sequence[Par],
    *,
    footnotes: Sequence[Sequence[Par]] = (),
    headers: Sequence[Sequence[Par]] = (),
    comments: Sequence[Par] = (),
    boxes: Sequence[tuple[int, int, Sequence[Par]]] = (),
    styles: Sequence[tuple[int, str, bytes, bytes]] = (),
    levels: Sequence[Level] = (),
    fonts: Sequence[str] = (),
    prm: bytes = b"",
    backwards: bool = False,
    flags: int = 0,
    version: int = 0xC1,
    data: bytes = b"",
) -> bytes:
    """A document file.

    ``headers`` are the stories of the first section in the order of the format; ``boxes`` have
    the CP of their anchor and the number of their shape; ``styles`` are (sti, name, papx, chpx)
    by index; ``prm`` holds for the second half of the pieces; ``backwards`` stores the pieces in
    reverse order, as fast saving may.
    """
    stories = [
        list(body),
        [p for note in footnotes for p in note],
        [p for story in headers for p in story],
        [],
        list(comments),
        [],
        [p for _, _, box in boxes for p in box],
        [],
    ]
    counts = [sum(run.chars for p in story for run in p.runs) for story in stories]
    runs = [(run, p) for story in stories for p in story for run in p.runs]
    text, places = _place([run for run, _ in runs], backwards)
    first = 0x400
    main = bytearray(first) + text
    chpx = sorted(
        (first + at, _chpx(run.chpx), len(run.encoded))
        for (run, _), at in zip(runs, places, strict=True)
    )
    papx = sorted(
        (first + at, _papx(p), len(run.encoded)) for (run, p), at in zip(runs, places, strict=True)
    )
    bins = [_bins(main, chpx, 1), _bins(main, papx, 13)]

    notes, tops = _plc(footnotes), _plc([[]] * 6 + list(headers)) if headers else b""
    shapes = [(anchor, struct.pack("<i22x", shape)) for anchor, shape, _ in boxes]
    texts = b"".join(struct.pack("<14xi4x", shape) for _, shape, _ in boxes) + bytes(22)
    structures = {
        1: _stsh(styles),
        3: notes,
        11: tops,
        12: bins[0],
        13: bins[1],
        15: _fonts(fonts),
        33: _clx([run for run, _ in runs], places, first, prm),
        40: b"".join(struct.pack("<I", cp) for cp, _ in shapes) + struct.pack("<I", counts[0]) + b"".join(s for _, s in shapes) if boxes else b"",
        56: _plc([box for _, _, box in boxes], extra=True) + texts if boxes else b"",
        73: _lists(levels),
        74: struct.pack("<Ii8xB3xI", 1, 7, 0, 0xFFFFFFFF) if levels else b"",
    }  # fmt: skip
    table = bytearray()
    for index, structure in structures.items():
        # Levels of lists stand behind the size that the FIB states.
        size = 2 + 28 if index == 73 and structure else len(structure)
        struct.pack_into("<II", main, 0x9A + 8 * index, len(table), size)
        table += structure
    struct.pack_into("<HHHHHH", main, 0, 0xA5EC, version, 0, 0x0804, 0, flags | 0x0200)
    struct.pack_into("<8i", main, 0x4C, *counts)
    streams = {"1Table": bytes(table), "WordDocument": bytes(main)}
    return compound({"Data": data} | streams if data else streams)


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of version 3; streams are padded past the size that needs a mini stream."""
    names = sorted(streams, key=lambda name: (len(name), name))
    entries = [_entry("Root Entry", 5, child=1)]
    sectors, fat = [], []
    for i, name in enumerate(names, start=1):
        content = streams[name].ljust(4096, b"\0")
        content += bytes(-len(content) % SECTOR)
        entries.append(
            _entry(
                name,
                2,
                right=i + 1 if i < len(names) else NO_STREAM,
                start=len(fat),
                size=len(content),
            )
        )
        count = len(content) // SECTOR
        fat += [*range(len(fat) + 1, len(fat) + count), END]
        sectors.append(content)
    directory = len(fat)
    entries += [bytes(128)] * (-len(entries) % 4)
    fat += [*range(directory + 1, directory + len(entries) // 4), END]
    sectors.append(b"".join(entries))
    fat_start = len(fat)
    count = -(-(len(fat) + 8) // 128)
    fat += [FAT_SECTOR] * count
    fat += [FREE] * (count * 128 - len(fat))
    header = struct.pack(
        "<8s16x5H10xI I4xII4xII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
        count, directory, 4096, END, END, 0,
    )  # fmt: skip
    difat = [*range(fat_start, fat_start + count), *[FREE] * (109 - count)]
    header = header[:76] + struct.pack("<109I", *difat)
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


def _entry(
    name: str,
    kind: int,
    child: int = NO_STREAM,
    right: int = NO_STREAM,
    start: int = END,
    size: int = 0,
) -> bytes:
    encoded = name.encode("utf-16-le").ljust(64, b"\0")
    head = struct.pack("<64sHBBIII", encoded, 2 * len(name) + 2, kind, 1, NO_STREAM, right, child)
    return head + bytes(36) + struct.pack("<IQ", start if size else (END if kind == 5 else 0), size)


def _place(runs: list[Run], backwards: bool) -> tuple[bytes, list[int]]:
    """Bytes of all runs and the offset of each."""
    order = list(reversed(range(len(runs)))) if backwards else list(range(len(runs)))
    text, places = b"", [0] * len(runs)
    for i in order:
        places[i] = len(text)
        text += runs[i].encoded
    return text, places


def _clx(runs: list[Run], places: list[int], first: int, prm: bytes) -> bytes:
    cps, pcds, at = [], [], 0
    for i, (run, place) in enumerate(zip(runs, places, strict=True)):
        cps.append(at)
        at += run.chars
        fc = (first + place) * 2 | 0x40000000 if run.width == 1 else first + place
        pcds.append(struct.pack("<HIH", 0, fc, 1 if prm and i >= len(runs) // 2 else 0))
    plc = struct.pack(f"<{len(cps) + 1}I", *cps, at) + b"".join(pcds)
    modifiers = b"\x01" + struct.pack("<H", len(prm)) + prm if prm else b""
    return modifiers + b"\x02" + struct.pack("<I", len(plc)) + plc


def _chpx(grpprl: bytes) -> bytes:
    return bytes([len(grpprl)]) + grpprl if grpprl else b""


def _papx(p: Par) -> bytes:
    content = struct.pack("<H", p.style) + p.papx
    if len(content) % 2:
        return bytes([(len(content) + 1) // 2]) + content
    return bytes([0, len(content) // 2]) + content


def _bins(main: bytearray, runs: list[tuple[int, bytes, int]], step: int) -> bytes:
    """Append the formatted pages of these runs to the stream; the PLC of the pages."""
    fcs, pages, at = [], [], 0
    while at < len(runs):
        count, free = 0, 511 - 4
        while at + count < len(runs) and free - 4 - step - len(runs[at + count][1]) - 1 >= 0:
            free -= 4 + step + len(runs[at + count][1]) + 1
            count += 1
        chosen = runs[at : at + count]
        main += bytes(-len(main) % SECTOR)
        fcs.append(chosen[0][0])
        pages.append(len(main) // SECTOR)
        main += _page(chosen, step)
        at += count
    last = runs[-1][0] + runs[-1][2]
    return struct.pack(f"<{len(fcs) + 1}I", *fcs, last) + struct.pack(f"<{len(pages)}I", *pages)


def _page(runs: list[tuple[int, bytes, int]], step: int) -> bytes:
    page = bytearray(SECTOR)
    page[-1] = len(runs)
    fcs = [fc for fc, _, _ in runs] + [runs[-1][0] + runs[-1][2]]
    struct.pack_into(f"<{len(fcs)}I", page, 0, *fcs)
    end = SECTOR - 1
    for i, (_, formatted, _) in enumerate(runs):
        if formatted:
            end = (end - len(formatted)) & ~1
            page[end : end + len(formatted)] = formatted
            page[4 * len(fcs) + i * step] = end // 2
    return bytes(page)


def _plc(parts: Sequence[Sequence[Par]], *, extra: bool = False) -> bytes:
    """Positions of the parts of a story, with the one more that the format asks for."""
    if not parts:
        return b""
    cps = [0]
    for part in parts:
        cps.append(cps[-1] + sum(run.chars for p in part for run in p.runs))
    cps.append(cps[-1] + 1)
    return struct.pack(f"<{len(cps)}I", *cps)


def _stsh(styles: Sequence[tuple[int, str, bytes, bytes]]) -> bytes:
    sheet = struct.pack("<HHH14x", 18, len(styles), 10)
    for sti, name, papx, chpx in styles:
        std = struct.pack("<HHHHH", sti, 0xFFF1, 2, 0, 0)
        std += struct.pack("<H", len(name)) + name.encode("utf-16-le") + b"\0\0"
        for upx in (b"\0\0" + papx, chpx):
            std += struct.pack("<H", len(upx)) + upx + bytes(len(upx) % 2)
        sheet += struct.pack("<H", len(std)) + std
    return sheet


def _fonts(fonts: Sequence[str]) -> bytes:
    table = struct.pack("<HH", len(fonts), 0)
    for font in fonts:
        ffn = bytes(39) + font.encode("utf-16-le") + b"\0\0"
        table += bytes([len(ffn)]) + ffn
    return table


def _lists(levels: Sequence[Level]) -> bytes:
    if not levels:
        return b""
    padded = [*levels, *[Level("")] * (9 - len(levels))]
    styles = struct.pack("<9H", *[0xFFF] * 9)
    return struct.pack("<Hii", 1, 7, 0) + styles + b"\0\0" + b"".join(level.lvl for level in padded)
