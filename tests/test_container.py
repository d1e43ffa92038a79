"""Containers of any kind: each file in them ends in a document or a reason code, under its path."""

from __future__ import annotations

import io
from pathlib import Path

import docx
from archive_files import DATA, TEXT, make_rar, make_zip, read

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract import sandbox
from classifier.limits import Limits


def make_docx(text: str) -> bytes:
    source = docx.Document()
    source.add_paragraph(text)
    buffer = io.BytesIO()
    source.save(buffer)
    return buffer.getvalue()


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


def test_without_the_library_the_error_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    # Where libarchive-c looks for the system library, before it searches for one.
    monkeypatch.setenv("LIBARCHIVE", str(tmp_path / "missing.so"))
    (member,) = sandbox.read_members(make_rar({"a.txt": DATA}), "a.rar", Limits())
    assert isinstance(member.result, ExtractionError)
    assert member.result.reason is Reason.UNSUPPORTED
    assert "tenderlens[archives]" in member.result.detail
