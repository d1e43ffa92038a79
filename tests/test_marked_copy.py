"""The marked PDF: highlights lie on their words, show everywhere, and change nothing else."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
from marked_files import BOTH, CONTROL, HELP, LABELS, PLAIN, report_on
from pdf_pages import HEIGHT, WIDTH, draw, needs_chinese_font, put, wrap
from reportlab.pdfgen.canvas import Canvas
from sample_report import make_report

import cli
from classifier import MarkingError, MarkingFault
from classifier.document import Block, Box, Document, Line, Page, ReadBy, TextLayer
from classifier.extract import router
from classifier.limits import Limits
from classifier.report.report import Report
from classifier.segment import segment


def page_of_text(canvas: Canvas) -> None:
    wrap(canvas, 100, PLAIN + CONTROL + HELP)
    wrap(canvas, 200, BOTH)


def marked(data: bytes, tmp_path: Path, **changes) -> bytes:
    out = tmp_path / "副本.pdf"
    copy = report_on(data, **changes).to_marked_copy(data, out)
    assert not copy.unplaced
    return out.read_bytes()


def ours(page: pikepdf.Page) -> list[pikepdf.Object]:
    return [a for a in page.obj.get("/Annots", []) if str(a.get("/T", "")) == "tenderlens"]


def text_under(page: pdfium.PdfPage, annotation: pikepdf.Object) -> str:
    """Characters whose middle lies in one of the annotation's quadrilaterals."""
    numbers = [float(x) for x in annotation.QuadPoints]
    found = ""
    with closing(page.get_textpage()) as textpage:
        for at in range(0, len(numbers), 8):
            xs, ys = numbers[at : at + 8 : 2], numbers[at + 1 : at + 8 : 2]
            for i in range(textpage.count_chars()):
                left, bottom, right, top = textpage.get_charbox(i, loose=True)
                x, y = (left + right) / 2, (bottom + top) / 2
                if min(xs) < x < max(xs) and min(ys) < y < max(ys):
                    found += chr(raw.FPDFText_GetUnicode(textpage.raw, i))
    return "".join(found.split())


def turned(data: bytes, angle: int) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            page.obj.Rotate = angle
            page.obj.CropBox = pikepdf.Array([40, 50, 570, 800])
        return saved(pdf)


def saved(pdf: pikepdf.Pdf, **options) -> bytes:
    buffer = io.BytesIO()
    pdf.save(buffer, **options)
    return buffer.getvalue()


def marked_texts(copy: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(copy)) as pdf, closing(pdfium.PdfDocument(copy)) as seen:
        return [text_under(seen[0], a) for a in ours(pdf.pages[0])]


def test_highlights_lie_on_their_words(tmp_path: Path) -> None:
    copy = marked(draw(page_of_text), tmp_path)
    assert marked_texts(copy) == [CONTROL, HELP, BOTH]
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        boxes = [len(a.QuadPoints) / 8 for a in ours(pdf.pages[0])]
    assert boxes == [2, 2, 1], "one box for each printed line"


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_highlights_lie_on_their_words_on_turned_and_cropped_pages(
    angle: int, tmp_path: Path
) -> None:
    def lines(canvas: Canvas) -> None:
        for top, text in ((200, HELP), (300, PLAIN), (400, BOTH)):
            put(canvas, top, text)

    copy = marked(turned(draw(lines), angle), tmp_path)
    assert sorted(marked_texts(copy)) == sorted([HELP, BOTH])


def test_notes_say_label_categories_probability_and_finding(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(marked(draw(page_of_text), tmp_path))) as pdf:
        control, help_, both = (str(a.Contents) for a in ours(pdf.pages[0]))
        colours = {tuple(map(float, a.C)) for a in ours(pdf.pages[0])}
    assert re.match(r"▼ 管控（概率 \d\d %）\n类别：C1 考勤查岗 \d\d %；C2 ", control)
    assert "发现：生物特征考勤。" in control
    assert help_.startswith("▲ 赋能")
    assert re.match(r"◆ 兼有（赋能概率 \d\d %，管控概率 \d\d %）", both)
    assert len(colours) == 3


def ink(copy: bytes, folder: Path, renderer: str, scale: int = 1) -> np.ndarray:
    """Blue, green and red of the first page, points times ``scale``."""
    if renderer == "pdfium":
        with closing(pdfium.PdfDocument(copy)) as pdf:
            return pdf[0].render(scale=scale).to_numpy()[:, :, :3].astype(int)
    path = folder / "a.pdf"
    path.write_bytes(copy)
    command = ["pdftoppm", "-r", "72", "-png", "-singlefile", str(path), str(folder / "a")]
    subprocess.run(command, check=True, capture_output=True)
    from PIL import Image

    return np.asarray(Image.open(folder / "a.png").convert("RGB")).astype(int)[:, :, ::-1]


@pytest.mark.parametrize(
    "renderer",
    [
        "pdfium",
        pytest.param(
            "poppler",
            marks=pytest.mark.skipif(not shutil.which("pdftoppm"), reason="apt: poppler-utils"),
        ),
    ],
)
def test_highlights_show_in_readers_that_draw_only_appearances(
    renderer: str, tmp_path: Path
) -> None:
    data = draw(page_of_text)
    before = ink(data, tmp_path, renderer)
    after = ink(marked(data, tmp_path), tmp_path, renderer)
    changed = np.abs(after - before).sum(axis=2) > 40
    boxes = [
        box
        for s in report_on(data).sentences
        if s.orientation != "neutral"
        for _, box in s.sentence.place.boxes
    ]
    for box in boxes:
        inside = changed[round(box.top) + 2 : round(box.bottom) - 2, round(box.x0) : round(box.x1)]
        assert inside.mean() > 0.5
    plain = report_on(data).sentences[0].sentence.place.boxes[0][1]
    assert not changed[round(plain.top) : round(plain.bottom), : round(plain.x1) - 2].any()


@needs_chinese_font
def test_text_under_a_highlight_stays_dark(tmp_path: Path) -> None:
    data = draw(page_of_text)
    before, after = (ink(x, tmp_path, "pdfium", 3) for x in (data, marked(data, tmp_path)))
    dark = before.sum(axis=2) < 150
    assert dark.sum() > 100
    assert (after[dark].sum(axis=1) < 200).all()


def test_the_copy_reads_as_the_original(tmp_path: Path) -> None:
    data = draw(page_of_text, lambda canvas: put(canvas, 100, PLAIN))
    before = router.read(data, "原件.pdf", Limits())
    after = router.read(marked(data, tmp_path), "原件.pdf", Limits())
    assert replace(after, sha256=before.sha256) == before


def test_encryption_is_kept(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(draw(page_of_text))) as pdf:
        locked = saved(pdf, encryption=pikepdf.Encryption(owner="geheim", user=""))
    with pikepdf.open(io.BytesIO(marked(locked, tmp_path))) as pdf:
        assert pdf.is_encrypted and not pdf.owner_password_matched
        assert len(ours(pdf.pages[0])) == 3


def test_fields_of_a_form_stay(tmp_path: Path) -> None:
    def form(canvas: Canvas) -> None:
        page_of_text(canvas)
        canvas.acroForm.textfield(name="dept", value="A", x=72, y=300)

    with pikepdf.open(io.BytesIO(marked(draw(form), tmp_path))) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        first, *others = pdf.pages[0].obj.Annots
        assert (str(field.T), str(field.V), first.Subtype) == ("dept", "A", "/Widget")
        assert [a.Subtype for a in others] == ["/Highlight"] * 3


def test_pages_that_share_one_list_of_annotations_get_their_own(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(draw(page_of_text, lambda c: put(c, 100, PLAIN)))) as pdf:
        shared = pdf.make_indirect(pikepdf.Array([]))
        for page in pdf.pages:
            page.obj.Annots = shared
        data = saved(pdf)
    with pikepdf.open(io.BytesIO(marked(data, tmp_path))) as pdf:
        assert [len(ours(page)) for page in pdf.pages] == [3, 0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: re.sub(rb"startxref\s+\d+", b"startxref\n12", data),
        lambda data: re.sub(rb"\d(\d{9}) 00000 n", rb"9\1 00000 n", data),
        lambda data: b"\r\n  " + data,
    ],
    ids=["wrong startxref", "wrong offsets", "garbage before"],
)
def test_broken_tables_are_mended(spoil, tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(marked(spoil(draw(page_of_text)), tmp_path))) as pdf:
        assert len(ours(pdf.pages[0])) == 3


def test_marks_never_get_on_other_pages(tmp_path: Path) -> None:
    data = draw(page_of_text)
    report = report_on(data, pages=(Page(WIDTH, HEIGHT), Page(WIDTH, HEIGHT)))
    with pytest.raises(MarkingError) as caught:
        report.to_marked_copy(data, tmp_path / "a.pdf")
    assert caught.value.fault is MarkingFault.NOT_EDITABLE
    assert "另存" in caught.value.fault.next_step
    assert not (tmp_path / "a.pdf").exists()


def test_a_recognised_page_is_marked_too(tmp_path: Path) -> None:
    data = draw(lambda canvas: canvas.rect(72, 600, 300, 20))
    line = Line(0, len(CONTROL), 1, Box(72, 222, 372, 242), confidence=0.6)
    pages = (Page(WIDTH, HEIGHT, TextLayer.MISSING, ReadBy.OCR, 0.6),)
    document = Document.from_blocks(
        "扫描.pdf", "pdf", [Block(CONTROL, page=1, lines=(line,))], pages=pages
    )
    report = replace(make_report(list(document.blocks), ["C1"]), document=document)
    copy = report.to_marked_copy(data, tmp_path / "a.pdf")
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        (note,) = ours(pdf.pages[0])
        left, bottom, right, top = map(float, note.Rect)
    assert (left, right, top) == (72, 372, HEIGHT - 222)
    assert HEIGHT - 246 < bottom < HEIGHT - 242
    assert "识别" in str(note.Contents)
    assert copy.marked == 1


def test_a_sentence_without_a_place_is_named(tmp_path: Path) -> None:
    data = draw(page_of_text)
    report = report_on(data)
    lost = report.document.blocks[-1]
    document = Document.from_blocks(
        "原件.pdf",
        "pdf",
        [*report.document.blocks[:-1], replace(lost, lines=())],
        pages=report.document.pages,
    )
    given = [LABELS.get(s.text, "") for s in segment(document)]
    report = replace(make_report(list(document.blocks), given), document=document)
    copy = report.to_marked_copy(data, tmp_path / "a.pdf")
    assert (copy.marked, copy.unplaced) == (2, (BOTH,))


def test_a_signature_is_remarked_on(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(draw(page_of_text))) as pdf:
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[], SigFlags=3)
        data = saved(pdf)
    copy = report_on(data).to_marked_copy(data, tmp_path / "a.pdf")
    assert "签章" in copy.remarks[0]


def test_the_original_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "原件.pdf"
    path.write_bytes(draw(page_of_text))
    report = report_on(path.read_bytes())
    with pytest.raises(ValueError, match="original"):
        report.to_marked_copy(path, path)
    assert report.to_marked_copy(path, tmp_path / "副本.pdf").marked == 3


def fault_of(report: Report, original: bytes, folder: Path) -> MarkingFault:
    with pytest.raises(MarkingError) as caught:
        report.to_marked_copy(original, folder / "a")
    assert not (folder / "a").exists()
    return caught.value.fault


def test_another_file_is_refused(tmp_path: Path) -> None:
    data = draw(page_of_text)
    other = draw(lambda canvas: put(canvas, 100, PLAIN))
    assert fault_of(report_on(data), other, tmp_path) is MarkingFault.OTHER_FILE
    inside = report_on(data, member="附件/原件.pdf")
    assert fault_of(inside, other, tmp_path) is MarkingFault.IN_CONTAINER


def test_other_formats_are_refused_by_naming_those_that_work(tmp_path: Path) -> None:
    text = (CONTROL + HELP).encode()
    fault = fault_of(report_on(text, "需求.txt"), text, tmp_path)
    assert fault is MarkingFault.FORMAT
    assert "PDF" in fault.next_step and "DOCX" in fault.next_step


Mark = Callable[..., tuple[int, str]]


@pytest.fixture
def mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Mark:
    """``tenderlens mark --model lexical``: its exit code and all that it said."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.app(["mark", "--model", "lexical", *arguments])
        assert isinstance(ended.value.code, int)
        return ended.value.code, "".join(capsys.readouterr())

    return call


def test_the_command_writes_a_copy_beside_the_original(mark: Mark, tmp_path: Path) -> None:
    (tmp_path / "原件.pdf").write_bytes(draw(page_of_text))
    code, said = mark("原件.pdf")
    assert code == 0 and "原件.marked.pdf" in said
    with pikepdf.open(tmp_path / "原件.marked.pdf") as pdf:
        assert f"已标注 {len(ours(pdf.pages[0]))} 句" in said
        assert CONTROL in marked_texts((tmp_path / "原件.marked.pdf").read_bytes())


def test_the_command_says_what_it_cannot_do(mark: Mark, tmp_path: Path) -> None:
    (tmp_path / "需求.txt").write_text(CONTROL + HELP, encoding="utf-8")
    (tmp_path / "坏.pdf").write_bytes(b"%PDF-1.4\nno more")
    (tmp_path / "原件.pdf").write_bytes(draw(page_of_text))
    before = (tmp_path / "原件.pdf").read_bytes()
    code, said = mark("需求.txt")
    assert code == 3 and "format_not_marked" in said and "DOCX" in said
    code, said = mark("坏.pdf")
    assert code == 3 and "damaged" in said
    assert mark("没有.pdf")[0] == 2
    assert mark("原件.pdf", "-o", "原件.pdf")[0] == 2
    assert mark("原件.pdf", "-o", "副本.docx")[0] == 2
    assert (tmp_path / "原件.pdf").read_bytes() == before
