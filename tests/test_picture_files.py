"""Picture files: every kind read as pages, and bombs refused by their header."""

from __future__ import annotations

import struct
import zlib

import pytest
from ocr_pages import (
    DPI,
    EXPECTED,
    HEIGHT,
    SIZE,
    WIDTH,
    WRAP,
    Image,
    assert_near,
    picture,
    prose,
    read,
    reason_of,
    saved,
    table,
    texts,
)
from pdf_pages import needs_chinese_font

from classifier.errors import Reason
from classifier.extract import router, sandbox
from classifier.limits import MIB, Limits

pytestmark = needs_chinese_font


@pytest.mark.parametrize(
    ("format", "suffix"),
    [("PNG", "png"), ("JPEG", "jpg"), ("TIFF", "tif"), ("BMP", "bmp"), ("WEBP", "webp")],
)
def test_picture_files(format: str, suffix: str):
    data = saved(format, picture(prose).crop((0, 60, picture(prose).width, 150)))
    assert router.detect(data) == "image"
    document = read(data, f"照片.{suffix}")
    assert (document.format, texts(document)) == ("image", EXPECTED[:1])
    assert len(document.pages) == 1


def test_frames_are_pages_in_points():
    frames = [picture(prose), picture(table)]
    data = saved("TIFF", frames[0], save_all=True, append_images=frames[1:], dpi=(DPI, DPI))
    document = read(data, "传真.tiff")
    for size in document.page_sizes:
        assert size == pytest.approx((WIDTH, HEIGHT), abs=1)
    assert [block.page for block in document.blocks][:4] == [1, 1, 1, 2]
    assert_near(document.blocks[1].lines[0].box, 72, 80, 48 + WRAP * SIZE, 80 + SIZE)
    without = read(saved("BMP", picture(prose).crop((0, 60, 800, 150))), "a.bmp")
    assert without.page_sizes[0] == pytest.approx((800 * 72 / 96, 90 * 72 / 96), rel=0.001)


def test_orientation_of_a_photograph():
    image = picture(prose).crop((0, 60, 800, 150))
    turned = Image.Exif()
    turned[0x0112] = 8
    data = saved("JPEG", image.rotate(-90, expand=True), exif=turned)
    document = read(data, "a.jpg")
    assert texts(document) == EXPECTED[:1]
    assert document.page_sizes[0][0] > document.page_sizes[0][1]


def test_transparent_ground_is_white():
    image = picture(prose).convert("L").crop((0, 60, 800, 150))
    ink = Image.merge("LA", (Image.new("L", image.size, 0), image.point(lambda v: 255 - v)))
    assert texts(read(saved("PNG", ink), "a.png")) == EXPECTED[:1]


def test_a_strip_of_one_line_costs_no_more_than_a_page():
    strip = Image.new("RGB", (3000, 90), "white")
    strip.paste(picture(prose).crop((0, 60, 800, 150)))
    document = sandbox.read(saved("PNG", strip), "a.png", Limits(memory=2000 * MIB))
    assert texts(document) == EXPECTED[:1]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_picture_bomb_is_refused_by_its_header(side: int):
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")
    assert reason_of(data, "a.png") is Reason.TOO_LARGE


def test_limits_of_pictures():
    assert reason_of(saved("PNG"), "a.png", Limits(pixels=1000)) is Reason.TOO_LARGE
    frames = [Image.new("1", (9, 9))] * 3
    many = saved("TIFF", frames[0], save_all=True, append_images=frames[1:])
    assert reason_of(many, "a.tif", Limits(pages=2)) is Reason.TOO_LARGE


def test_broken_and_wordless_pictures():
    assert reason_of(saved("PNG")[:2000], "a.png") is Reason.DAMAGED
    assert reason_of(b"\xff\xd8\xff\xe0" + bytes(50), "a.jpg") is Reason.DAMAGED
    assert reason_of(saved("PNG", Image.new("RGB", (400, 300), "white")), "a.png") is Reason.EMPTY


def test_a_broken_frame_costs_only_those_behind_it():
    first = picture(prose).crop((0, 60, 800, 150))
    data = saved("TIFF", first, save_all=True, append_images=[picture(table), first])
    second = struct.unpack_from("<I", data, _end_of_directory(data, 4))[0]
    # Without its width a frame cannot be set up.
    width = data.index(struct.pack("<H", 256), second)
    document = read(data[:width] + struct.pack("<H", 255) + data[width + 2 :], "传真.tif")
    assert texts(document)[:1] == EXPECTED[:1]
    assert [page.text_layer.value for page in document.pages] == ["missing", "damaged"]
    assert document.reason is Reason.OK_PARTIAL


def _end_of_directory(data: bytes, pointer: int) -> int:
    """Where a TIFF's directory names the next one."""
    start = struct.unpack_from("<I", data, pointer)[0]
    return start + 2 + 12 * struct.unpack_from("<H", data, start)[0]
