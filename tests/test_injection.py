"""Texts that try to act are shown and nothing else, in everything that leaves the program."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pikepdf
import pytest
from docx import Document as Word
from payloads import ALL, DIRECTIONS, FORMULAS, TERMINAL, file_names
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from store_files import packed
from typer.testing import CliRunner

from classifier import Classifier
from classifier.comparison.compare import compare
from classifier.document import Aside, AsideKind, Block, BlockKind, Cell, Document
from classifier.harmless import json_text, visible
from classifier.report.marked_copy import marked_copy
from classifier.report.report import Report
from classifier.review import doccano, exchange, label_studio
from classifier.review.export import export
from classifier.review.model import Label
from classifier.review.store import ReviewStore
from classifier.taxonomy import Orientation
from cli import app

SENTENCE = "员工须每日刷脸打卡，未打卡的扣发绩效。"
HELP = "系统自动带入已有信息，无需重复填写。"
DANGEROUS = re.compile(r"[\s\u200b\ufeff]*[=+\-@|%＝＋－＠]|[\t\r\n]")
LATER = re.compile(r"[\r\n\t;][^\S\r\n\t]*[=+\-@|%＝＋－＠]")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200b-\u200f]")
SAMPLE = ALL[::12]
"""One of every kind, where each costs a file or a start."""


def blocks() -> Iterator[Block]:
    for number, text in enumerate(ALL):
        text = text.encode("utf-8", "replace").decode()
        if number % 10 == 0:
            yield Block(f"{text}第{number}章", BlockKind.HEADING, 1, label=text, page=1)
        title = f"{text}列"
        yield Block(f"{text}{number}{SENTENCE}{text}", page=1)
        yield Block(f"{text}{HELP}", BlockKind.CELL, page=1, cell=Cell(1, number + 1, 1, title))


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load("lexical")


@pytest.fixture(scope="module")
def report(classifier: Classifier) -> Report:
    everything = "".join(ALL)[:3000]
    document = Document.from_blocks(
        f"{ALL[0]}{everything}.docx",
        "docx",
        list(blocks()),
        sha256="5f" * 32,
        member=f"外/{everything}",
        asides=tuple(Aside(AsideKind.HEADER, text, 1) for text in SAMPLE),
        notes=SAMPLE,
    )
    return classifier.analyze(document)


@dataclass(frozen=True)
class Archive:
    folder: Path
    store: Path
    said: str


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Files with hostile names, texts, titles and members, scanned by the command."""
    folder = tmp_path_factory.mktemp("hostile") / "archive"
    folder.mkdir()
    for number, name in enumerate(file_names()[::6]):
        text = f"{ALL[number]}\n{ALL[-number]}{number}{SENTENCE}\n{HELP}{ALL[number]}\n"
        (folder / name).write_bytes(text.encode("utf-8", "replace"))
    members = {f"{n:03}{text}/{text}.txt": SENTENCE.encode() for n, text in enumerate(SAMPLE)}
    clean = {k.encode("utf-8", "replace").decode(): v for k, v in members.items() if "\0" not in k}
    (folder / "附件.zip").write_bytes(packed(clean))
    word = Word()
    word.core_properties.title = word.core_properties.author = ALL[0] + FORMULAS[0]
    word.add_heading(f"{ALL[0]}{FORMULAS[0]}采购需求", 0)
    word.add_paragraph(SENTENCE)
    word.save(str(folder / "题名.docx"))
    store = folder.parent / "store"
    arguments = ["scan", str(folder), "-o", str(store), "--model", "lexical", "--xlsx"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code in (0, 4), result.output
    return Archive(folder, store, result.output)


def test_there_are_many_of_every_kind() -> None:
    assert len(ALL) >= 200 and len(set(ALL)) == len(ALL)


def test_the_terminal_hears_text_alone(archive: Archive, tmp_path: Path) -> None:
    assert not CONTROL.search(archive.said)
    source = tmp_path / file_names()[0]
    other = tmp_path / "\x1b]0;t\x07\u202e二\n三.txt"
    lines = "\n".join(f"{text}{n}{SENTENCE}" for n, text in enumerate(SAMPLE))
    source.write_bytes(lines.encode("utf-8", "replace"))
    other.write_bytes((lines.replace("每日", "每周") + HELP).encode("utf-8", "replace"))
    empty = tmp_path / "\x1b[2J空\r\n.txt"
    empty.write_bytes(b"")
    for arguments, code in (
        (["scan", str(other), "-o", str(tmp_path / "out")], 0),
        (["scan", str(empty), "-o", str(tmp_path / "out")], 3),
        (["scan", str(source), "--json"], 0),
        (["scan", str(empty), "--json"], 3),
        (["compare", str(source), str(other), "-o", str(tmp_path / "out")], 0),
        (["compare", str(source), str(other), "--json"], 0),
        (["mark", str(source), "-o", str(tmp_path / "out")], 3),
        (["explain", "".join(TERMINAL + DIRECTIONS).replace("\0", "") + SENTENCE], 0),
        (["explain", "\x1b[2J" + SENTENCE, "--json"], 0),
    ):
        result = CliRunner().invoke(app, [*arguments, "--model", "lexical"])
        assert result.exit_code == code, (arguments, result.output)
        assert not CONTROL.search(result.output), (arguments, CONTROL.search(result.output))


def test_only_our_own_styles_reach_a_terminal(tmp_path: Path) -> None:
    source = tmp_path / "\x1b[38;5;201m甲[red]:bomb:.txt"
    source.write_text(f"\x9b31m{SENTENCE}\u202e\n" * 20, encoding="utf-8")
    arguments = ["scan", str(source), "-o", str(tmp_path / "out"), "--model", "lexical"]
    ended = subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        capture_output=True,
        env={**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "300"},
    )
    said = ended.stdout.decode()
    assert ended.returncode == 0 and "\x1b[" in said
    assert "38;5;201m甲" not in re.sub("\ufffd.38;5;201m", "", said)
    assert not CONTROL.search(re.sub(r"\x1b\[[0-9;]*m", "", said))
    assert "[red]:bomb:" in said


@pytest.mark.parametrize(
    "arguments", [["compare", "\x1b[2J", "x"], ["scan"], ["compare", "a", "b", "\x1b]0;t\x07"]]
)
def test_usage_errors_repeat_nothing_that_acts(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert not CONTROL.search(result.output)


def test_json_comes_back_and_holds_nothing_that_acts(report: Report) -> None:
    for value in (report.to_json(), compare(report, report).to_json()):
        text = json_text(value)
        assert json.loads(text) == json.loads(json.dumps(value))
        assert not CONTROL.search(text)
        assert "每日刷脸" in text


def cells(path: Path | io.BytesIO) -> list[Any]:
    book = openpyxl.load_workbook(path)
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row]


def test_no_workbook_calculates(report: Report, archive: Archive, tmp_path: Path) -> None:
    report.to_xlsx(tmp_path / "a.xlsx")
    found = cells(tmp_path / "a.xlsx")
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in found)
    for book in list(archive.store.rglob("*.xlsx"))[:5]:
        found += cells(book)
    for cell in found:
        assert cell.data_type != "f", cell.value
        if isinstance(cell.value, str) and re.match(r"[=+\-@＝＋－＠]", cell.value):
            assert cell.quotePrefix, cell.value
        if cell.hyperlink is not None:
            assert not cell.hyperlink.target or "invalid" not in cell.hyperlink.target


def test_tables_of_an_archive_calculate_nothing(archive: Archive, tmp_path: Path) -> None:
    kinds = ("csv", "xlsx", "parquet", "jsonl")
    named = [part for kind in kinds for part in (f"--{kind}", str(tmp_path / f"a.{kind}"))]
    result = CliRunner().invoke(app, ["report", str(archive.store), *named])
    assert result.exit_code == 0, result.output
    assert not CONTROL.search(result.output)
    text = (tmp_path / "a.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for cell in (cell for row in rows for cell in row):
        number = re.fullmatch(r"-?[\d.]+(e-?\d+)?", cell)
        assert number or not DANGEROUS.match(cell), cell
        assert not LATER.search(cell), cell
    assert not any(cell.data_type == "f" for cell in cells(tmp_path / "a.xlsx"))
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    paths = [json.loads(line)["path"] for line in lines]
    stored = duckdb.connect().execute(f"select path from '{tmp_path}/a.parquet'").fetchall()
    assert paths == [path for (path,) in stored] and len(paths) == len(rows) - 1
    on_disk = {
        os.fsencode(path.name).decode("utf-8", "replace") for path in archive.folder.iterdir()
    }
    assert {path.split("/", 1)[0] for path in paths} == on_disk


def test_reports_stay_in_their_folder(archive: Archive) -> None:
    inside = (archive.store / "reports").resolve()
    pages = list(archive.store.rglob("*.report.html"))
    assert len(pages) > 15
    assert all(inside in page.resolve().parents for page in pages)
    assert {path.name for path in archive.folder.parent.iterdir()} == {"archive", "store"}


def test_the_checklist_is_a_list_and_nothing_more(report: Report) -> None:
    for text in (*FORMULAS, *SAMPLE):
        document = replace(report.document, name=text, member="")
        made = replace(report, document=document).checklist()
        lines = made.to_markdown().split("\n")
        (title,) = [line for line in lines if line.startswith("# ")]
        assert not re.search(r"(?<!\\)[<>\[\]|`*~]", title), title
        assert not CONTROL.search("".join(lines))
        for row in csv.reader(io.StringIO(made.to_csv().removeprefix("\ufeff"), newline="")):
            assert not any(DANGEROUS.match(cell) or LATER.search(cell) for cell in row), row


def test_a_marked_word_file_holds_comments_and_nothing_else(classifier: Classifier) -> None:
    word = Word()
    for number, text in enumerate(ALL):
        shown = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd]", "", text)
        word.add_paragraph(f"{shown}{number}{SENTENCE}")
    saved = io.BytesIO()
    word.save(saved)
    report = classifier.analyze(saved.getvalue(), "甲.docx")
    copy = marked_copy(report, saved.getvalue())
    assert copy.marked > 100
    with zipfile.ZipFile(io.BytesIO(copy.content)) as package:
        every = b"".join(
            package.read(n) for n in package.namelist() if n.endswith((".xml", "rels"))
        )
        relations = package.read("word/_rels/document.xml.rels")
    assert b'TargetMode="External"' not in relations
    assert not re.search(rb"<w:(fldSimple|instrText|object|altChunk)\b", every)


PDF_SYNTAX = (
    ") /A << /S /JavaScript /JS (app.alert\\(1\\)) >> (",
    "/URI (http://x.invalid)",
    ">> endobj 9 0 obj << /OpenAction << /S /Launch /F (x) >> >>",
    "endstream endobj trailer << /Root 1 0 R >>",
    "\\) /AA << /O << /S /SubmitForm >> >> \\(",
)


def test_a_marked_pdf_holds_highlights_and_does_nothing(classifier: Classifier) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    shown = [text for text in (*PDF_SYNTAX, *ALL) if text.isprintable() and len(text) < 60]
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.setTitle(PDF_SYNTAX[0])
    for start in range(0, len(shown), 20):
        canvas.setFont("STSong-Light", 8)
        for line, text in enumerate(shown[start : start + 20]):
            canvas.drawString(30, 800 - 36 * line, f"{text}{SENTENCE}")
        canvas.showPage()
    canvas.save()
    report = classifier.analyze(made.getvalue(), f"{PDF_SYNTAX[0]}.pdf")
    copy = marked_copy(report, made.getvalue())
    assert copy.marked > 100
    with pikepdf.open(io.BytesIO(copy.content)) as pdf:
        dictionaries = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary)]
        notes = [note for page in pdf.pages for note in page.obj.get("/Annots", ())]
        assert {str(note.Subtype) for note in notes} <= {"/Highlight", "/Text", "/Popup"}
        assert len(notes) >= copy.marked
        for one in (*dictionaries, *notes):
            assert not {"/A", "/AA", "/JS", "/OpenAction", "/URI", "/Launch"} & set(one.keys())


def test_exports_for_annotation_say_what_was_said(report: Report, tmp_path: Path) -> None:
    people = [text for text in ALL if text.isprintable() and 0 < len(text.strip()) <= 60][:40]
    with ReviewStore.open(tmp_path / "a.review.sqlite") as store:
        key = store.add(report, None)
        for index, person in enumerate(people):
            store.decide([(key, index)], person, Label(Orientation.CONTROL, ("C1",)))
        texts = [sentence.text for sentence in store.sentences(key)]
        tasks = json.loads("".join(label_studio.write(exchange.tasks(store))))
        lines = "".join(doccano.write(exchange.tasks(store))).split("\n")[:-1]
        exported = json.loads(json.dumps(export(store, key)))
    assert [task["data"]["text"] for task in tasks] == texts
    assert [json.loads(line)["text"] for line in lines] == texts
    assert len(exported["sentences"]) == len(texts)
    assert "x.invalid" not in label_studio.labelling_config()


def test_what_is_shown_is_as_long_as_it_was() -> None:
    for text in ALL:
        assert len(visible(text)) == len(text)
        assert not CONTROL.search(visible(text))
