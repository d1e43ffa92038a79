"""Archives and mails: every file in them ends in a document or a reason code, under its path."""

from __future__ import annotations

import base64
import bz2
import email.message
import gzip
import io
import lzma
import os
import stat
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path

import docx
import pytest

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract import sandbox
from classifier.extract.container.libarchive_members import is_installed
from classifier.limits import MIB, Limits

TEXT = "系统应支持在线预约，已有信息自动带入。"
DATA = TEXT.encode()
needs_libarchive = pytest.mark.skipif(
    not is_installed(), reason="no libarchive: install the extra archives and the system library"
)

Results = dict[str, str]


def read(data: bytes, name: str = "a", limits: Limits | None = None) -> Results:
    """Per member its text, or the reason it has none."""
    members = list(sandbox.read_members(data, name, limits or Limits()))
    found = {member.path: _shown(member.result) for member in members}
    assert len(found) == len(members) > 0
    return found


def _shown(result: Document | ExtractionError) -> str:
    return result.text if isinstance(result, Document) else result.reason.value


def make_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()


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


def make_tar(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as target:
        for info in others:
            target.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            target.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def make_docx(text: str) -> bytes:
    source = docx.Document()
    source.add_paragraph(text)
    buffer = io.BytesIO()
    source.save(buffer)
    return buffer.getvalue()


def vint(number: int) -> bytes:
    """Variable-length integer of RAR 5."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + vint(rest) if rest else bytes([low])


def make_rar(files: dict[str, bytes], locked: str = "") -> bytes:
    """A RAR 5 archive of files stored as they are, after its published technical note."""

    def block(kind: int, fields: bytes, data: bytes = b"", extra: bytes = b"") -> bytes:
        flags = (1 if extra else 0) | (2 if data else 0)
        sizes = (vint(len(extra)) if extra else b"") + (vint(len(data)) if data else b"")
        body = vint(kind) + vint(flags) + sizes + fields + extra
        header = vint(len(body)) + body
        return struct.pack("<I", zlib.crc32(header)) + header + data

    result = b"Rar!\x1a\x07\x01\x00" + block(1, vint(0))
    for name, data in files.items():
        raw = name.encode()
        fields = vint(4) + vint(len(data)) + vint(0o100644) + struct.pack("<I", zlib.crc32(data))
        fields += vint(0) + vint(1) + vint(len(raw)) + raw
        record = vint(1) + vint(0) + vint(0) + bytes([15]) + bytes(32)
        extra = vint(len(record)) + record if name == locked else b""
        result += block(2, fields, data, extra)
    return result + block(5, vint(0))


def make_7z(files: dict[str, bytes], folder: Path) -> bytes:
    import libarchive

    path = folder / "made.7z"
    with libarchive.file_writer(str(path), "7zip") as target:
        for name, data in files.items():
            target.add_file_from_memory(name, len(data), data)
    return path.read_bytes()


def test_a_plain_file_comes_alone_under_no_path() -> None:
    assert read(DATA, "需求.txt") == {"": TEXT}
    assert read(b"", "需求.txt") == {"": "empty"}


def test_an_office_document_is_no_container() -> None:
    assert read(make_docx(TEXT), "需求.zip") == {"": TEXT}
    assert list(read(make_docx(TEXT)[:9000])) == [""]


def test_a_folder_named_like_a_part_of_word_makes_no_document() -> None:
    assert read(make_zip({"word/需求.txt": DATA})) == {"word/需求.txt": TEXT}


def test_members_know_where_they_come_from() -> None:
    inner = make_zip({"采购需求.docx": make_docx(TEXT)})
    (member,) = sandbox.read_members(make_zip({"附件.zip": inner}), "全部.zip", Limits())
    assert isinstance(member.result, Document)
    assert member.path == member.result.member == "附件.zip/采购需求.docx"
    assert member.result.name == "采购需求.docx"


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


def test_links_and_devices_in_tar_are_not_followed() -> None:
    others = []
    for name, kind in (("l", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE), ("d", tarfile.CHRTYPE)):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        others.append(info)
    found = read(make_tar({"a.txt": DATA}, *others))
    assert found == {"l": "unsupported", "h": "unsupported", "d": "unsupported", "a.txt": TEXT}


def test_names_cannot_steer_the_terminal() -> None:
    (path,) = read(make_zip({"a\x1b[2J\u202etxt.doc": DATA}))
    assert path.isprintable()


def test_system_and_lock_files_are_left_out_and_counted(caplog) -> None:
    junk = ("__MACOSX/._a.txt", ".DS_Store", "图/Thumbs.db", "~$a.docx", "图/._b.txt")
    with caplog.at_level("INFO", logger="classifier"):
        assert read(make_zip({"a.txt": DATA, **dict.fromkeys(junk, b"x")}), "包.zip") == {
            "a.txt": TEXT
        }
    assert [record.getMessage() for record in caplog.records] == [
        "包.zip：跳过 5 个系统文件或临时文件。"
    ]
    assert read(make_zip({".DS_Store": b"x"})) == {"": "empty"}
    assert read(make_zip({})) == {"": "empty"}


def test_unreadable_members_each_have_their_reason() -> None:
    files = {
        "a.txt": DATA,
        "b.txt": b"",
        "c.pdf": b"%PDF-1.7\n1 0 obj",
        "d.mp3": b"ID3" + bytes(99),
    }
    found = read(make_zip(files))
    assert found == {"a.txt": TEXT, "b.txt": "empty", "c.pdf": "damaged", "d.mp3": "unsupported"}


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


def test_without_the_library_the_error_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "libarchive.py").write_text("raise ImportError('not installed')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (member,) = sandbox.read_members(make_rar({"a.txt": DATA}), "a.rar", Limits())
    assert isinstance(member.result, ExtractionError)
    assert member.result.reason is Reason.UNSUPPORTED
    assert "tenderlens[archives]" in member.result.detail


def make_mail(**headers: str) -> email.message.EmailMessage:
    mail = email.message.EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "b@example.org"
    mail["Subject"] = "关于征集采购需求的通知"
    for name, value in headers.items():
        mail[name] = value
    return mail


def test_mail_with_its_text_and_attachments() -> None:
    mail = make_mail()
    mail.set_content(TEXT)
    mail.add_alternative(f"<p>{TEXT}</p>", subtype="html")
    mail.add_attachment(DATA, maintype="application", subtype="octet-stream", filename="需求.txt")
    inner = make_mail()
    inner.set_content("请各单位按时报送材料。")
    mail.add_attachment(inner)
    assert read(mail.as_bytes()) == {
        "正文.html": f"关于征集采购需求的通知\n{TEXT}",
        "需求.txt": TEXT,
        "关于征集采购需求的通知.eml/正文.txt": "关于征集采购需求的通知\n请各单位按时报送材料。",
    }


@pytest.mark.parametrize(
    "parameter",
    [
        '; filename="=?GBK?B?{base64}?="',
        "; filename*=gb2312''{percent}",
        "; filename*0*=GBK''{percent_first}; filename*1*={percent_rest}",
        '; filename="{raw}"',
    ],
)
def test_attachment_names_in_gbk(parameter: str) -> None:
    raw = "采购需求（終稿）.txt".encode("gbk")
    percent = [f"%{byte:02X}" for byte in raw]
    value = parameter.format(
        base64=base64.b64encode(raw).decode(),
        percent="".join(percent),
        percent_first="".join(percent[:7]),
        percent_rest="".join(percent[7:]),
        raw="{raw}",
    )
    body = "支持在线查询进度。".encode("gb18030")
    lines = [
        b"From: a@example.org",
        b"Date: Mon, 23 Nov 2026 10:00:00 +0800",
        b"Subject: =?gb2312?B?" + base64.b64encode("采购通知".encode("gbk")) + b"?=",
        b'Content-Type: multipart/mixed; boundary="=_x"',
        b"",
        b"--=_x",
        b"Content-Type: text/plain; charset=gb2312",
        b"Content-Transfer-Encoding: 8bit",
        b"",
        body,
        b"--=_x",
        b"Content-Type: application/octet-stream",
        b"Content-Disposition: attachment" + value.encode().replace(b"{raw}", raw),
        b"Content-Transfer-Encoding: base64",
        b"",
        base64.b64encode(DATA),
        b"--=_x--",
    ]
    assert read(b"\r\n".join(lines)) == {
        "正文.txt": "采购通知\n支持在线查询进度。",
        "采购需求（終稿）.txt": TEXT,
    }


def test_pictures_within_a_mail_are_part_of_it_and_locked_mail_is_said_to_be() -> None:
    mail = make_mail()
    mail.set_content(f"<p>{TEXT}<img src='cid:x'></p>", subtype="html")
    mail.add_related(b"\x89PNG\r\n", maintype="image", subtype="png", cid="<x>")
    assert list(read(mail.as_bytes())) == ["正文.html"]
    locked = make_mail(**{"Content-Type": "application/pkcs7-mime; name=smime.p7m"})
    locked.set_payload("AAAA")
    assert read(locked.as_bytes()) == {"smime.p7m": "encrypted"}


def test_a_saved_web_page_is_no_mail() -> None:
    page = (
        b"From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b--\r\n'
    )
    assert list(read(page)) == [""]


def test_a_bomb_fails_alone() -> None:
    found = read(make_zip({"bomb.txt": bytes(30 * MIB), "a.txt": DATA}))
    assert found == {"bomb.txt": "too_large", "a.txt": TEXT}
    assert read(gzip.compress(bytes(30 * MIB)), "a.gz") == {"": "too_large"}


def test_what_nested_archives_unpack_to_is_added_up() -> None:
    noise = make_zip({"a.txt": DATA, "b.txt": DATA * 20_000}, zipfile.ZIP_STORED)
    found = read(
        make_zip({"1.zip": noise, "2.zip": noise, "3.txt": DATA}),
        limits=Limits(unpacked_bytes=4 * MIB, ratio=10_000),
    )
    assert found["1.zip/a.txt"] == TEXT
    assert found[""] == "too_large"
    assert "3.txt" not in found


def test_nesting_without_end_stops() -> None:
    data, expected = DATA, "a.txt"
    for _ in range(8):
        data = make_zip({"a.zip" if data is not DATA else "a.txt": data, "z.txt": DATA})
    found = read(data, limits=Limits(depth=3))
    assert found["a.zip/a.zip/a.zip"] == "too_large"
    assert found["a.zip/a.zip/z.txt"] == TEXT
    assert expected not in found


def test_too_many_members() -> None:
    found = read(make_zip({f"{i}.txt": DATA for i in range(9)}), limits=Limits(members=3))
    assert found == {"0.txt": TEXT, "1.txt": TEXT, "2.txt": TEXT, "": "too_large"}


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


def test_a_member_that_exhausts_its_process_costs_only_itself() -> None:
    long = "".join(f"第{i}条：{TEXT}\n" for i in range(120_000)).encode()
    found = read(make_zip({"long.txt": long, "a.txt": DATA}), limits=Limits(memory=120 * MIB))
    assert found == {"long.txt": "out_of_memory", "a.txt": TEXT}


def test_unpacking_has_a_time_limit() -> None:
    assert read(make_zip({"a.txt": DATA}), limits=Limits(seconds=0.001)) == {"": "timeout"}


def test_unpacking_has_a_memory_limit() -> None:
    found = read(make_zip({"a.txt": bytes(9 * MIB)}), limits=Limits(memory=40 * MIB))
    assert set(found.values()) == {"out_of_memory"}


def test_who_stops_asking_leaves_no_process_behind(tmp_path: Path) -> None:
    members = sandbox.read_members(make_zip({f"{i}.txt": DATA for i in range(99)}), "a", Limits())
    next(members)
    members.close()  # pyright: ignore[reportAttributeAccessIssue]
    children = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "serve_members" not in children.stdout
