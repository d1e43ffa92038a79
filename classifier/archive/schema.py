"""Tables of the ledger, and how an older ledger becomes one of today.

A new version of the tables is a new function at the end with :func:`migration` on it; those
before it stay as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from classifier.archive.errors import StoreTooNew

Migration = Callable[[sqlite3.Connection], None]
MIGRATIONS: Final[list[Migration]] = []


def migration(step: Migration) -> Migration:
    """Appends a step; its place in the list is the version it leads to."""
    MIGRATIONS.append(step)
    return step


def migrate(db: sqlite3.Connection) -> None:
    """Bring the tables to today's version, each step whole or not at all.

    Raises:
        StoreTooNew: a later tenderlens wrote them.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StoreTooNew(version, len(MIGRATIONS))
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            step(db)
            db.execute(f"PRAGMA user_version = {number}")
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise


@migration
def first_tables(db: sqlite3.Connection) -> None:
    for statement in _FIRST.split(";"):
        if statement.strip():
            db.execute(statement)


# document.result_id is the newest result of its extraction; profile and missing are JSON.
_FIRST = """
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    started TEXT NOT NULL,
    ended TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'stopped', 'failed')),
    tenderlens TEXT NOT NULL,
    extractor TEXT NOT NULL,
    segmenter TEXT NOT NULL,
    scoring TEXT NOT NULL,
    model TEXT NOT NULL,
    model_version TEXT NOT NULL,
    limits TEXT NOT NULL
);
CREATE TABLE part (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('documents', 'sentences', 'predictions')),
    path TEXT NOT NULL UNIQUE,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run(id)
);
CREATE TABLE extraction (
    id INTEGER PRIMARY KEY,
    content TEXT NOT NULL,
    suffix TEXT NOT NULL,
    extractor TEXT NOT NULL,
    segmenter TEXT NOT NULL,
    limits TEXT NOT NULL,
    format TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    title TEXT NOT NULL,
    pages INTEGER NOT NULL,
    sentences INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    seconds REAL NOT NULL,
    signature BLOB NOT NULL,
    documents_part_id INTEGER REFERENCES part(id),
    sentences_part_id INTEGER REFERENCES part(id),
    run_id INTEGER NOT NULL REFERENCES run(id),
    UNIQUE (content, suffix, extractor, segmenter)
);
CREATE TABLE result (
    id INTEGER PRIMARY KEY,
    extraction_id INTEGER NOT NULL REFERENCES extraction(id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    model_version TEXT NOT NULL,
    scoring TEXT NOT NULL,
    balance REAL NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    salience REAL NOT NULL,
    verdict TEXT NOT NULL,
    assistive REAL NOT NULL,
    control REAL NOT NULL,
    counted INTEGER NOT NULL,
    profile TEXT NOT NULL,
    missing TEXT NOT NULL,
    report TEXT NOT NULL,
    seconds REAL NOT NULL,
    predictions_part_id INTEGER REFERENCES part(id),
    run_id INTEGER NOT NULL REFERENCES run(id),
    UNIQUE (extraction_id, model_version, scoring)
);
CREATE TABLE alarm (
    result_id INTEGER NOT NULL REFERENCES result(id) ON DELETE CASCADE,
    rank INTEGER NOT NULL,
    rule TEXT NOT NULL,
    zh TEXT NOT NULL,
    count INTEGER NOT NULL,
    text TEXT NOT NULL,
    page INTEGER NOT NULL,
    sentence INTEGER NOT NULL,
    PRIMARY KEY (result_id, rank)
);
CREATE TABLE file (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    scope_key TEXT NOT NULL,
    root TEXT NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'unread')),
    settled_for TEXT NOT NULL,
    is_current INTEGER NOT NULL CHECK (is_current IN (0, 1)),
    first_run_id INTEGER NOT NULL REFERENCES run(id),
    last_run_id INTEGER NOT NULL REFERENCES run(id)
);
CREATE UNIQUE INDEX file_current ON file (key) WHERE is_current;
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    member TEXT NOT NULL,
    content TEXT NOT NULL,
    suffix TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    extraction_id INTEGER REFERENCES extraction(id),
    result_id INTEGER REFERENCES result(id) ON DELETE SET NULL,
    finished TEXT NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run(id),
    UNIQUE (file_id, ordinal)
);
CREATE INDEX document_extraction ON document (extraction_id);
CREATE INDEX document_result ON document (result_id);
CREATE INDEX document_content ON document (content)
"""
