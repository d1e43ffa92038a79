"""TAR, packed files, 7z and RAR: their members, their names, and what a cut file still gives."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from pathlib import Path

import pytest
from archive_files import DATA, TEXT, make_rar, make_tar, make_zip, needs_libarchive, read


def make_7z(files: dict[str, bytes], folder: Path) -> bytes:
    import libarchive

    path = folder / "made.7z"
    with libarchive.file_writer(str(path), "7zip") as target:
        for name, data in files.items():
            target.add_file_from_memory(name, len(data), data)
    return path.read_bytes()


def test_links_and_devices_in_tar_are_not_followed() -> None:
    others = []
    for name, kind in (("l", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE), ("d", tarfile.CHRTYPE)):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        others.append(info)
    found = read(make_tar({"a.txt": DATA}, *others))
    assert found == {"l": "unsupported", "h": "unsupported", "d": "unsupported", "a.txt": TEXT}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_and_a_packed_tar(pack) -> None:
    assert read(pack(DATA), "需求.txt.xz") == {"需求.txt": TEXT}
    nested = make_tar({"文件/a.txt": DATA, "内层.zip": make_zip({"b.txt": DATA})})
    assert read(pack(nested), "all.tgz") == {"文件/a.txt": TEXT, "内层.zip/b.txt": TEXT}


def test_tar_names_in_gbk() -> None:
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", encoding="gbk", format=tarfile.GNU_FORMAT
    ) as target:
        info = tarfile.TarInfo("采购需求.txt")
        info.size = len(DATA)
        target.addfile(info, io.BytesIO(DATA))
    assert list(read(buffer.getvalue())) == ["采购需求.txt"]


@needs_libarchive
def test_zstandard(tmp_path: Path) -> None:
    import libarchive

    path = tmp_path / "a.tar.zst"
    with libarchive.file_writer(str(path), "ustar", "zstd") as target:
        target.add_file_from_memory("a.txt", len(DATA), DATA)
    assert read(path.read_bytes(), "a.tar.zst") == {"a.txt": TEXT}


@needs_libarchive
def test_7z(tmp_path: Path) -> None:
    data = make_7z({"采购/需求.txt": DATA, "内.zip": make_zip({"b.txt": DATA})}, tmp_path)
    assert read(data) == {"采购/需求.txt": TEXT, "内.zip/b.txt": TEXT}
    assert set(read(data[: len(data) // 2]).values()) == {"damaged"}


@needs_libarchive
def test_7z_names_whatever_the_locale(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    assert list(read(make_7z({"采购.txt": DATA}, tmp_path))) == ["采购.txt"]


@needs_libarchive
def test_rar() -> None:
    files = {"采购/需求.txt": DATA, "b.txt": DATA}
    data = make_rar(files)
    assert read(data) == {"采购/需求.txt": TEXT, "b.txt": TEXT}
    assert read(make_rar(files, locked="b.txt")) == {"采购/需求.txt": TEXT, "b.txt": "encrypted"}
    found = read(data[:-60])
    assert found["采购/需求.txt"] == TEXT
    assert "damaged" in found.values()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_cut_tar_gives_what_stands_before_the_break(pack) -> None:
    data = make_tar({"a.txt": DATA, "b.txt": bytes(range(256)) * 400})
    packed = pack(data)
    found = read(packed[: len(packed) * 2 // 3])
    assert found["a.txt"] == TEXT
    assert found[""] == "damaged"


@pytest.mark.parametrize("end", [512 * 2, 512 * 2 + 100])
def test_a_tar_that_ends_between_members_is_said_to_be_cut(end: int) -> None:
    assert read(make_tar({"a.txt": DATA, "b.txt": DATA})[:end]) == {"a.txt": TEXT, "": "damaged"}


def test_a_spoiled_header_in_a_tar_is_not_taken_for_its_end() -> None:
    data = bytearray(make_tar({"a.txt": DATA, "b.txt": DATA}))
    data[1024:1100] = b"!" * 76
    assert read(bytes(data)) == {"a.txt": TEXT, "": "damaged"}
