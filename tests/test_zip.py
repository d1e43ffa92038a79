"""ZIP: names in every code page, members that fail alone, and what a cut file still gives."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

from archive_files import DATA, TEXT, make_zip, needs_libarchive, read


def make_zip_named(names: list[bytes], extra: bytes = b"") -> bytes:
    """A ZIP as Windows writes it: names in a code page, without the UTF-8 mark."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for i in range(len(names)):
            info = zipfile.ZipInfo("x" * len(names[i]))
            info.extra = extra
            target.writestr(info, f"第{i}份文件：{TEXT}")
    data = buffer.getvalue()
    for name in names:
        for _ in ("header", "directory"):
            data = data.replace(b"x" * len(name), name, 1)
    return data


def test_zip_names_in_gbk() -> None:
    names = ["招标文件/采购需求.txt", "评分标准.txt"]
    data = make_zip_named([name.encode("gbk") for name in names])
    assert list(read(data)) == names


def test_zip_names_in_big5() -> None:
    names = ["採購需求說明.txt", "評分標準.txt"]
    assert list(read(make_zip_named([name.encode("big5") for name in names]))) == names


def test_zip_names_with_backslashes_and_a_gbk_character_that_ends_in_one() -> None:
    data = make_zip_named(["附件\\誠信承诺.txt".encode("gbk")])
    assert b"\\" in "誠".encode("gbk")
    assert list(read(data)) == ["附件/誠信承诺.txt"]


def test_zip_names_in_unmarked_utf_8_and_in_the_unicode_path_field() -> None:
    assert list(read(make_zip_named(["采购需求.txt".encode()]))) == ["采购需求.txt"]
    raw, name = b"????.txt", "采购需求.txt".encode()
    field = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + name
    data = make_zip_named([raw], struct.pack("<HH", 0x7075, len(field)) + field)
    assert list(read(data)) == ["采购需求.txt"]


def test_an_encrypted_member_fails_alone() -> None:
    data = bytearray(make_zip({"a.txt": DATA, "b.txt": DATA}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert read(bytes(data)) == {"a.txt": "encrypted", "b.txt": TEXT}


def test_a_member_with_a_wrong_checksum_fails_alone() -> None:
    data = make_zip({"a.txt": DATA, "b.txt": DATA}, zipfile.ZIP_STORED)
    assert read(data.replace(DATA, b"X" + DATA[1:], 1)) == {"a.txt": "damaged", "b.txt": TEXT}


def test_names_that_lead_out_and_links_are_not_followed() -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("../../etc/a.txt", DATA)
        target.writestr("/etc/passwd", DATA)
        target.writestr("C:\\windows\\a.txt", DATA)
        target.writestr(link, "/etc/passwd")
        target.writestr("好.txt", DATA)
    assert read(buffer.getvalue()) == {
        "../../etc/a.txt": "unsupported",
        "etc/passwd": "unsupported",
        "C:/windows/a.txt": "unsupported",
        "link.txt": "unsupported",
        "好.txt": TEXT,
    }


@needs_libarchive
def test_a_cut_zip_gives_what_stands_before_the_break() -> None:
    files = {f"文件{i}.txt": f"第{i}份：{TEXT}".encode() * 20 for i in range(3)}
    data = make_zip(files, zipfile.ZIP_STORED)
    found = read(data[: int(len(data) * 0.6)])
    assert TEXT in found["文件0.txt"]
    assert found[""] == "damaged"


@needs_libarchive
def test_a_wrong_checksum_before_the_break_is_noticed() -> None:
    data = make_zip({"a.txt": DATA, "b.txt": DATA, "c.txt": DATA * 90}, zipfile.ZIP_STORED)
    data = data.replace(DATA, b"X" + DATA[1:], 1)
    found = read(data[: len(data) // 2])
    assert (found["a.txt"], found["b.txt"], found[""]) == ("damaged", TEXT, "damaged")
