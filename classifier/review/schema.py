"""The tables of a review store and their rows."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classifier.document import Box, Cell
from classifier.errors import ReviewError
from classifier.orientation import Interval, OrientationScore, Verdict
from classifier.report.model import Analysis
from classifier.review.model import (
    Act,
    Decision,
    Label,
    SignOff,
    StoredDocument,
    StoredSentence,
)
from classifier.taxonomy import Orientation

# "tndr": SQLite's own field for telling one program's files from another's.
APPLICATION = 0x746E6472
VERSION = 1
BUSY_SECONDS = 10.0

_TABLES = """
CREATE TABLE documents (
    sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, member TEXT NOT NULL, format TEXT NOT NULL,
    original TEXT, page_sizes TEXT NOT NULL, model TEXT NOT NULL, model_version TEXT NOT NULL,
    score TEXT NOT NULL, sentences INTEGER NOT NULL, alarms TEXT NOT NULL, added REAL NOT NULL
);
CREATE TABLE sentences (
    document TEXT NOT NULL REFERENCES documents, number INTEGER NOT NULL, text TEXT NOT NULL,
    section TEXT NOT NULL, previous TEXT NOT NULL, kind TEXT NOT NULL, block INTEGER NOT NULL,
    page INTEGER, boxes TEXT NOT NULL, cell TEXT,
    orientation TEXT NOT NULL, categories TEXT NOT NULL, probabilities TEXT NOT NULL,
    doubtful INTEGER NOT NULL, counted INTEGER NOT NULL, influence REAL NOT NULL,
    alarms TEXT NOT NULL,
    PRIMARY KEY (document, number)
) WITHOUT ROWID;
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, sentence INTEGER NOT NULL,
    reviewer TEXT NOT NULL, act TEXT NOT NULL, orientation TEXT, categories TEXT,
    undone INTEGER NOT NULL, bulk INTEGER NOT NULL, at REAL NOT NULL,
    machine_orientation TEXT NOT NULL, machine_categories TEXT NOT NULL,
    model_version TEXT NOT NULL,
    FOREIGN KEY (document, sentence) REFERENCES sentences
);
CREATE INDEX decisions_by_document ON decisions (document);
CREATE INDEX decisions_by_reviewer ON decisions (reviewer);
CREATE TABLE sign_offs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL REFERENCES documents,
    reviewer TEXT NOT NULL, at REAL NOT NULL, last INTEGER NOT NULL, reviewed INTEGER NOT NULL,
    machine TEXT NOT NULL, human TEXT NOT NULL, model_version TEXT NOT NULL
);
"""
_FINAL = """
CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'entries are added and never changed'); END;
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open a store, or make an empty one where there is no file.

    Raises:
        ReviewError: the file is something else, damaged, or of another version.
    """
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise ReviewError(f"{path}: cannot be opened ({error})") from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        # A power cut must not cost a decision.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        _prepare(connection, path)
        connection.execute("COMMIT")
    except (sqlite3.Error, ReviewError) as error:
        connection.close()
        if isinstance(error, ReviewError):
            raise
        raise ReviewError(f"{path}: not a review store, or damaged ({error})") from error
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in an empty file, or check whose they are."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        for table in ("decisions", "sign_offs"):
            for verb in ("UPDATE", "DELETE"):
                connection.execute(_FINAL.format(table=table, verb=verb))
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    elif application != APPLICATION:
        raise ReviewError(f"{path}: a database, but no review store of tenderlens")
    elif version != VERSION:
        raise ReviewError(f"{path}: written by another version of tenderlens (form {version})")


def document_row(report: Analysis, original: Path | None, at: float) -> tuple[Any, ...]:
    document = report.document
    return (
        document.sha256,
        _text(document.name),
        _text(document.member),
        document.format,
        str(original.absolute()) if original is not None else None,
        json.dumps(document.page_sizes),
        report.model,
        report.model_version,
        score_text(report.orientation),
        len(report.sentences),
        _json({finding.rule.id: finding.rule.zh for finding in report.findings.alarms}),
        at,
    )


def sentence_rows(report: Analysis) -> list[tuple[Any, ...]]:
    alarms: dict[int, list[str]] = {}
    for finding in report.findings.alarms:
        for index in finding.evidence:
            alarms.setdefault(index, []).append(finding.rule.id)
    rows, previous = [], ""
    for labelled in report.sentences:
        sentence, place = labelled.sentence, labelled.sentence.place
        text = _text(sentence.text)
        rows.append(
            (
                report.document.sha256,
                sentence.index,
                text,
                _json([_text(title) for title in sentence.section]),
                previous,
                report.document.blocks[place.block].kind.value,
                place.block,
                place.page,
                _json([[page, box.x0, box.top, box.x1, box.bottom] for page, box in place.boxes]),
                _json(_cell(place.cell)),
                labelled.orientation.value,
                " ".join(labelled.categories),
                _json([round(p, 6) for p in labelled.probabilities]),
                labelled.review,
                labelled.counted,
                labelled.influence,
                " ".join(alarms.get(sentence.index, ())),
            )
        )
        previous = text
    return rows


def document_of(row: tuple[Any, ...]) -> StoredDocument:
    sha256, name, member, format, original, sizes, model, version, score, *rest = row
    sentences, alarms, added = rest
    return StoredDocument(
        sha256=sha256,
        name=name,
        member=member,
        format=format,
        original=Path(original) if original else None,
        page_sizes=tuple((width, height) for width, height in json.loads(sizes)),
        model=model,
        model_version=version,
        score=score_of(score),
        sentences=sentences,
        alarms=json.loads(alarms),
        added=added,
    )


def sentence_of(row: tuple[Any, ...]) -> StoredSentence:
    (document, number, text, section, previous, kind, block, page, boxes, cell), answers = (
        row[:10],
        row[10:],
    )
    orientation, categories, probabilities, doubtful, counted, influence, alarms = answers
    place = json.loads(cell)
    return StoredSentence(
        document=document,
        index=number,
        text=text,
        section=tuple(json.loads(section)),
        previous=previous,
        kind=kind,
        block=block,
        page=page,
        boxes=tuple((at, Box(*edges)) for at, *edges in json.loads(boxes)),
        cell=Cell(*place) if place else None,
        machine=Label(Orientation(orientation), tuple(categories.split())),
        probabilities=tuple(json.loads(probabilities)),
        doubtful=bool(doubtful),
        counted=bool(counted),
        influence=influence,
        alarms=tuple(alarms.split()),
    )


def decision_of(row: tuple[Any, ...]) -> Decision:
    number, document, sentence, reviewer, act, orientation, categories, undone, bulk, at = row[:10]
    label = Label(Orientation(orientation), tuple(categories.split())) if orientation else None
    return Decision(
        number, document, sentence, reviewer, Act(act), label, undone=undone, bulk=bulk, at=at
    )


def decision_row(entry: Decision, machine: Label, model_version: str) -> tuple[Any, ...]:
    """With what the machine says at the time, so that the trail stands on its own."""
    label = entry.label
    return (
        entry.number,
        entry.document,
        entry.sentence,
        entry.reviewer,
        entry.act.value,
        label.orientation.value if label else None,
        " ".join(label.categories) if label else None,
        entry.undone,
        entry.bulk,
        entry.at,
        machine.orientation.value,
        " ".join(machine.categories),
        model_version,
    )


def sign_off_of(row: tuple[Any, ...]) -> SignOff:
    number, document, reviewer, at, last, reviewed, machine, human, version = row
    scores = score_of(machine), score_of(human)
    return SignOff(number, document, reviewer, at, last, reviewed, *scores, version)


def score_text(score: OrientationScore) -> str:
    return (
        json.dumps(asdict(score), default=str)
        .replace("-Infinity", "null")
        .replace("Infinity", "null")
    )


def score_of(text: str) -> OrientationScore:
    plain = json.loads(text)
    intervals = {
        name: Interval(_or(value["low"], -math.inf), _or(value["high"], math.inf))
        for name, value in plain.items()
        if isinstance(value, dict)
    }
    return OrientationScore(**{**plain, **intervals, "verdict": Verdict(plain["verdict"])})


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _cell(cell: Cell | None) -> list[Any] | None:
    return None if cell is None else [cell.table, cell.row, cell.column, _text(cell.header)]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(text: str) -> str:
    """As SQLite can hold it: names out of archives may have bytes that are no text."""
    return text.encode("utf-8", "replace").decode("utf-8")
