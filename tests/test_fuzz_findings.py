"""What fuzzing has found: one small file or text for each finding, and how it ends now."""

from __future__ import annotations

import io
import zipfile
from itertools import pairwise

import pytest
from archive_files import DATA, TEXT, make_zip, read
from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_pages import draw
from reportlab.pdfgen.canvas import Canvas
from word_files import p, package

from classifier import Classifier
from classifier.document import Block, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract import sandbox
from classifier.extract.router import read as route
from classifier.limits import MIB, Limits
from classifier.segment import segment, segment_up_to
from classifier.splitting import LONGEST, split


def corrupt_lzma(files: dict[str, bytes]) -> bytes:
    """A ZIP file packed with LZMA whose first member has a byte of its stream changed."""
    data = bytearray(make_zip(files, zipfile.ZIP_LZMA))
    name = int.from_bytes(data[26:28], "little")
    # The header of the method takes nine bytes.
    data[30 + name + 9 + 6] ^= 0xFF
    return bytes(data)


def test_1_corrupt_lzma_in_an_archive_costs_only_its_member() -> None:
    long = TEXT.encode() * 40
    assert read(corrupt_lzma({"甲.txt": long, "乙.txt": DATA})) == {
        "甲.txt": "damaged",
        "乙.txt": TEXT,
    }


def test_2_corrupt_lzma_in_a_document_is_damage() -> None:
    with zipfile.ZipFile(io.BytesIO(package(p(TEXT)))) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    first = "word/document.xml"
    data = corrupt_lzma({first: parts.pop(first), **parts})
    with pytest.raises(ExtractionError) as caught:
        route(data, "a.docx", Limits())
    assert caught.value.reason is Reason.DAMAGED


def test_3_a_field_of_no_height_has_text_of_no_size() -> None:
    def page(canvas: Canvas) -> None:
        canvas.acroForm.textfield(name="f", value="Acme Ltd. 2025", x=9, y=9, width=2, height=0.2)

    assert route(draw(page), "a.pdf", Limits(ocr="off")).text == "Acme Ltd. 2025"


def test_4_empty_members_need_no_process_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask = sandbox.ask

    def counted(module: str, request: tuple, *rest, **named) -> bytes:
        asked.append(request[1])
        return ask(module, request, *rest, **named)

    monkeypatch.setattr(sandbox, "ask", counted)
    found = read(make_zip({f"{n}.txt": b" \n" for n in range(3000)} | {"a.txt": DATA}))
    assert found.pop("a.txt") == TEXT
    assert set(found.values()) == {"empty"}
    assert asked == ["a.txt"]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4 * LONGEST), st.sampled_from(["系", "系统，", "系 统 ", "（系", "1.系"]))
def test_5_what_never_ends_is_cut_into_parts(length: int, piece: str) -> None:
    text = (piece * length)[:length]
    spans = split(text)
    assert all(0 < span.end - span.start <= LONGEST for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    said = "".join(text[span.start : span.end] for span in spans)
    lost = len(text.replace(" ", "")) - len(said.replace(" ", ""))
    # Only a last piece too short to say anything is left out.
    assert lost <= 4


def test_6_cuts_fall_behind_commas() -> None:
    text = "系统自动带入已有信息，" * 400
    spans = split(text)
    assert len(spans) == 3
    assert all(text[span.end - 1] == "，" for span in spans)
    assert spans[-1].end == len(text)


def test_7_a_text_of_too_many_sentences_is_scored_in_part() -> None:
    document = Document.from_blocks("a.txt", "text", [Block("应登记。" * 50), Block(TEXT)])
    partial, sentences = segment_up_to(document, 10)
    assert sentences == segment(document)[:10]
    assert partial.reason is Reason.OK_PARTIAL
    assert any("前 10 句" in note for note in partial.notes)
    whole, sentences = segment_up_to(document, 51)
    assert (whole, len(sentences)) == (document, 51)
    report = Classifier.load("lexical", limits=Limits(sentences=10)).analyze(document)
    assert len(report.sentences) == 10
    assert report.document.reason is Reason.OK_PARTIAL


def test_8_spans_side_by_side_end_within_the_limit() -> None:
    row = f"<tr><td colspan=1000 rowspan=1000>{TEXT}<td>次</tr>"
    data = f"<html><table>{row * 600}</table>".encode()
    # It took minutes: every row looked at what all rows above had filled.
    assert len(sandbox.read(data, "a.html", Limits(seconds=60)).blocks) == 1200


def test_9_a_library_that_gets_no_memory_is_no_crash() -> None:
    """PDFium aborts without a word: here one letter of the font stands for a very long text."""
    mapping = b"begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <41> <%s> endbfchar"
    cmap = mapping % (b"7cfb" * 50_000)
    content = b"BT /F 9 Tf 72 700 Td (" + b"A" * 5000 + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
    )
    numbered = (b"%d 0 obj\n%s\nendobj\n" % pair for pair in enumerate(objects, start=1))
    data = b"%PDF-1.7\n" + b"".join(numbered) + b"trailer << /Root 1 0 R >>"
    with pytest.raises(ExtractionError) as caught:
        sandbox.read(data, "a.pdf", Limits(memory=700 * MIB, ocr="off"))
    assert caught.value.reason is Reason.OUT_OF_MEMORY


def test_10_members_in_their_thousands_end_some_day() -> None:
    data = make_zip({f"{n}.txt": DATA for n in range(9)})
    found = read(data, limits=Limits(container_seconds=0.0))
    assert found == {"": "timeout"}
    assert len(read(data, limits=Limits(container_seconds=600.0))) == 9


def test_11_many_members_come_from_a_warm_process_and_none_stays() -> None:
    """What ends a member's process ends that member alone, also among forks."""
    long = "".join(f"第{i}条：{TEXT}\n" for i in range(400_000)).encode()
    files = {f"{n}.txt": DATA for n in range(20)} | {"long.txt": long, "z.txt": DATA}
    found = read(make_zip(files), limits=Limits(seconds=2))
    assert found.pop("long.txt") == "too_large"
    assert set(found.values()) == {TEXT}
