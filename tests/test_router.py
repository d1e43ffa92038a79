"""The router: the content decides, and every input ends in a document or a reason code."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import time
import zipfile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.router import READABLE_SUFFIXES, detect, read
from classifier.extract.suffixes import FORMATS
from classifier.limits import Limits

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def make_docx(text: str) -> bytes:
    source = docx.Document()
    source.add_paragraph(text)
    buffer = io.BytesIO()
    source.save(buffer)
    return buffer.getvalue()


def make_zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name in names:
            target.writestr(name, "内容")
    return buffer.getvalue()


def reason(data: bytes, name: str = "a") -> tuple[Reason, str]:
    with pytest.raises(ExtractionError) as caught:
        read(data, name, Limits())
    return caught.value.reason, caught.value.detail


@pytest.mark.parametrize(
    ("data", "name", "format"),
    [
        (b"\n\n%PDF-1.7\n", "a.txt", "pdf"),
        (make_docx("甲"), "a.pdf", "docx"),
        (b"<!DOCTYPE html><p>x", "a.txt", "html"),
        ("\ufeff<html><body>甲".encode(), "a.doc", "html"),
        ("<html>甲".encode("utf-16"), "a", "html"),
        ("甲<b>乙</b></p>".encode(), "a.html", "html"),
        ("甲<b>乙</b></p>".encode(), "a.txt", "text"),
        ("<div align=center>标志</div>\n# 甲".encode(), "a.md", "text"),
        ("普通文字".encode("gb18030"), "a.docx", "text"),
    ],
)
def test_content_decides(data: bytes, name: str, format: str):
    assert detect(data, name) == format


@pytest.mark.parametrize(
    "head",
    [
        b"<!---->" * 26 + "甲".encode(),
        b"<!-- a -->\n" * 26 + "甲".encode(),
        b"Subject: a\r\n" * 26 + "甲".encode(),
    ],
)
def test_repeated_openings_cost_linear_time(head: bytes):
    start = time.process_time()
    assert detect(head, "a.txt") == "text"
    assert time.process_time() - start < 0.5


def test_comments_before_a_page_and_headers_before_an_archive_are_passed_over():
    assert detect(b"<?xml version='1.0'?> <!-- a --><!---->\n<html>", "a") == "html"
    assert reason(b"From: a\r\nSubject: b\r\nMIME-Version: 1.0\r\n")[0] is Reason.UNSUPPORTED


def test_every_readable_suffix_is_read_without_a_note():
    text = "系统应支持导出。"
    for suffix in READABLE_SUFFIXES:
        if FORMATS[suffix] in ("docx", "html", "text"):
            page = f"<html><p>{text}" if "ht" in suffix else text
            data = make_docx(text) if suffix.startswith(".do") else page.encode()
            document = read(data, f"a{suffix}", Limits())
            assert (document.text, document.notes) == (text, ())
    named = ".pdf .docx .docm .dotx .html .htm .xhtml .txt .md .markdown"
    assert {*named.split()} <= {*READABLE_SUFFIXES}


def test_rare_and_compatibility_han_count_as_chinese():
    for han in ("\U00020bb7", "\ufa11"):
        assert read((han * 50).encode(), "a.txt", Limits()).text


def test_wrong_extension_is_read_with_a_note_and_hash():
    data = make_docx("系统应支持导出。")
    document = read(data, "需求.txt", Limits())
    assert document.text == "系统应支持导出。"
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert any(".txt" in note for note in document.notes)
    assert read(data, "需求.DOCX", Limits()).notes == ()


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (make_zip("readme.txt"), "ZIP"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "PPT"),
        (b"GIF89a" + b"\0" * 50, "GIF"),
        (b"Rar!\x1a\x07\x00", "RAR"),
        (bytes(range(1, 256)) * 20, "binary"),
    ],
)
def test_unsupported_names_what_it_is(data: bytes, detail: str):
    code, found = reason(data)
    assert code is Reason.UNSUPPORTED and detail in found


def test_encrypted_damaged_and_empty():
    assert reason(OLE + "EncryptedPackage".encode("utf-16-le"))[0] is Reason.ENCRYPTED
    assert reason(make_docx("甲")[:-200])[0] is Reason.DAMAGED
    assert reason(b"")[0] is Reason.EMPTY
    assert reason("\ufeff \u3000\n".encode())[0] is Reason.EMPTY
    assert reason(b"<html><body><script>x</script></body></html>")[0] is Reason.EMPTY
    assert reason(make_docx(" "))[0] is Reason.EMPTY


def test_not_chinese_counts_letters_only():
    assert (
        reason(b"This requirement document is written in English, all of it.")[0]
        is Reason.NOT_CHINESE
    )
    mixed = "支持 REST API、OAuth 与 JSON 导出 2024 2025 2026 ........ 1234567890"
    assert read(mixed.encode(), "a.txt", Limits()).text == mixed
    assert read(b"OK", "a.txt", Limits()).text == "OK"


def test_size_limit_comes_first():
    with pytest.raises(ExtractionError) as caught:
        read(b"\xe7\x94\xb2" * 100, "a.txt", Limits(bytes=200))
    assert caught.value.reason is Reason.TOO_LARGE


def test_readers_are_imported_only_when_needed():
    code = (
        "import sys; from classifier.extract.router import read; from classifier.limits import Limits\n"
        "read('系统'.encode(), 'a.txt', Limits())\n"
        "print(sorted(m for m in ('pypdfium2', 'pdfplumber', 'docx', 'classifier.extract.office.ooxml') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def ends_well(data: bytes, name: str) -> None:
    try:
        document = read(data, name, Limits())
    except ExtractionError:
        return
    assert isinstance(document, Document) and document.text.strip()


prefixes = st.sampled_from(
    [b"", b"PK\x03\x04", OLE[:8], b"<html>", b"\xff\xfe", b"\xef\xbb\xbf", b"# ", b"|a|\n|-|\n|"]
)
names = st.sampled_from(["a", "a.txt", "a.md", "a.html", "a.docx"])


@settings(max_examples=300, deadline=None)
@given(prefixes, st.binary(max_size=400), names)
def test_any_bytes_end_in_a_document_or_a_code(prefix: bytes, data: bytes, name: str):
    ends_well(prefix + data, name)


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("甲乙，。<>/#*|`-1. \n\t&;[](){}\\pdivtable"), max_size=200), names)
def test_any_markup_ends_in_a_document_or_a_code(text: str, name: str):
    ends_well(text.encode(), name)


DOCX = make_docx("系统应支持导出。" * 20)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(DOCX) - 1), st.binary(min_size=1, max_size=20))
def test_damaged_docx_ends_in_a_document_or_a_code(at: int, garbage: bytes):
    ends_well(DOCX[:at] + garbage + DOCX[at + len(garbage) :], "a.docx")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_document_xml_ends_in_a_document_or_a_code(data: st.DataObject):
    source, target = zipfile.ZipFile(io.BytesIO(DOCX)), io.BytesIO()
    part = data.draw(
        st.sampled_from(["word/document.xml", "word/styles.xml", "word/numbering.xml"])
    )
    xml = bytearray(source.read(part))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(xml) - 1))
        xml[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=10))
        xml = xml or bytearray(b"<")
    with zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            out.writestr(name, bytes(xml) if name == part else source.read(name))
    ends_well(target.getvalue(), "a.docx")
