"""OFD and pictures: circles, depths, and sizes that only a header claims."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import ofd_files as ofd

from .bomb import READ, REFUSED, Bomb
from .bombs_container import replaced_member
from .seeds import PROSE, seeds

_ANY: Final = (*READ, *REFUSED, "needs_ocr", "encrypted")
_SLOW: Final = (*_ANY, "timeout", "out_of_memory")


def _ofd_pages(count: int) -> bytes:
    """A document whose page list names one page many times."""
    link = '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>'
    data = ofd.make_ofd([ofd.page(ofd.text(PROSE[0], 20, 30))])
    return replaced_member(
        data,
        "Doc_0/Document.xml",
        lambda xml: xml.replace(b"</ofd:Pages>", link.encode() * count + b"</ofd:Pages>"),
    )


def _ofd_template_circle() -> bytes:
    common = '<ofd:TemplatePage ID="50" BaseLoc="Pages/Page_0/Content.xml"/>'
    page = ofd.page(ofd.text(PROSE[0], 20, 30), templates='<ofd:Template TemplateID="50"/>')
    return ofd.make_ofd([page], common=common)


def _ofd_composites(depth: int) -> bytes:
    """Vector graphics that draw themselves."""
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="60" Width="9" Height="9">'
        "<ofd:Content>"
        + '<ofd:CompositeObject ID="61" Boundary="0 0 9 9" ResourceID="60"/>' * depth
        + "</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
    )
    drawn = '<ofd:CompositeObject ID="62" Boundary="0 0 200 200" ResourceID="60"/>'
    return ofd.make_ofd([ofd.page(ofd.text(PROSE[0], 20, 30), drawn)], resources=unit)


def _ofd_blocks(depth: int) -> bytes:
    inner = "<ofd:PageBlock>" * depth + ofd.text(PROSE[0], 20, 30) + "</ofd:PageBlock>" * depth
    return ofd.make_ofd([ofd.page(inner)])


def _ofd_huge(number: str) -> bytes:
    one = ofd.text(PROSE[0], 20, 30, delta=f"g {number} {number}")
    two = one.replace('Boundary="20', f'Boundary="{number}').replace(
        'Size="4.0"', f'Size="{number}"'
    )
    area = f"<ofd:PhysicalBox>0 0 {number} {number}</ofd:PhysicalBox>"
    return ofd.make_ofd([ofd.page(one, two, one.replace("0.86", number), area=area)])


def _png(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"IDAT", data or zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def _png_text() -> bytes:
    packed = b"Comment\0\0" + zlib.compress(bytes(80 << 20))
    data = seeds("png")[0]
    chunk = (
        struct.pack(">I", len(packed))
        + b"zTXt"
        + packed
        + struct.pack(">I", zlib.crc32(b"zTXt" + packed))
    )
    return data[:33] + chunk + data[33:]


def _jpeg(width: int, height: int) -> bytes:
    data = bytearray(seeds("jpeg")[0])
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def _tiff(tags: list[tuple[int, int, int, int]], next_frame: int = 0) -> bytes:
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + struct.pack("<I", next_frame)
    )


_GREY: Final = [
    (258, 3, 1, 8),
    (259, 3, 1, 1),
    (262, 3, 1, 1),
    (273, 4, 1, 8),
    (278, 4, 1, 9),
    (279, 4, 1, 9),
]

BOMBS: Final = (
    Bomb("ofd-5000-times-one-page", "ofd", lambda: _ofd_pages(5000), ("too_large",)),
    Bomb("ofd-template-in-a-circle", "ofd", _ofd_template_circle, _ANY),
    Bomb("ofd-graphics-in-a-circle", "ofd", lambda: _ofd_composites(1), _ANY),
    Bomb("ofd-graphics-doubling", "ofd", lambda: _ofd_composites(10), _SLOW),
    Bomb("ofd-blocks-200-deep", "ofd", lambda: _ofd_blocks(200), _ANY),
    Bomb("ofd-blocks-9000-deep", "ofd", lambda: _ofd_blocks(9000), _ANY),
    *(
        Bomb(f"ofd-numbers-{n}", "ofd", lambda n=n: _ofd_huge(n), _ANY)
        for n in ("1e308", "-1e308", "1e9", "nan", "inf", "0", "9" * 400)
    ),
    Bomb("png-2147483647", "png", lambda: _png(2**31 - 1, 2**31 - 1), REFUSED),
    Bomb(
        "png-9000-true", "png", lambda: _png(9000, 9000, zlib.compress(bytes(9000 * 27_001))), _SLOW
    ),
    Bomb("png-30000-wide", "png", lambda: _png(30_000, 3000), _ANY),
    Bomb("png-text-80-MiB", "png", _png_text, _ANY),
    Bomb("jpeg-65535", "jpeg", lambda: _jpeg(65_535, 65_535), REFUSED),
    Bomb("jpeg-9000", "jpeg", lambda: _jpeg(9000, 9000), _SLOW),
    Bomb(
        "tiff-2147483647",
        "tiff",
        lambda: _tiff([*_GREY, (256, 4, 1, 2**31 - 1), (257, 4, 1, 2**31 - 1)]),
        REFUSED,
    ),
    Bomb(
        "tiff-frames-in-a-circle",
        "tiff",
        lambda: _tiff([*_GREY, (256, 4, 1, 3), (257, 4, 1, 3)], 8),
        _ANY,
    ),
    Bomb(
        "tiff-tag-of-4-GiB",
        "tiff",
        lambda: _tiff([*_GREY, (256, 4, 1, 3), (257, 4, 1, 3), (270, 2, 2**32 - 1, 8)]),
        _ANY,
    ),
)
