"""The ledger: one SQLite database that says what became of every file, and by what.

All writing happens in :meth:`Ledger.transaction`; whoever kills the program leaves the ledger
as it was before or after one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from classifier import __version__
from classifier.archive.errors import StoreDamaged
from classifier.archive.parts import Part
from classifier.archive.schema import migrate
from classifier.archive.versions import Versions
from classifier.archive.walk import Found
from classifier.errors import Reason

_BUSY: Final = 30.0
# The messages of SQLite for a file that is none of its own or has been spoiled.
_DAMAGE: Final = ("malformed", "not a database", "corrupt", "disk image")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the ledger knows of a file's present state."""

    id: int
    scope_key: str
    size: int
    mtime_ns: int
    inode: int
    content: str
    state: str
    settled_for: str

    def is_untouched(self, found: Found) -> bool:
        return (self.size, self.mtime_ns, self.inode) == (found.size, found.mtime_ns, found.inode)


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A document as the ledger has it: in which file, as which member, with what bytes."""

    ordinal: int
    member: str
    content: str
    suffix: str
    reason: str
    extraction_id: int | None


@dataclass(frozen=True, slots=True)
class ExtractionEntry:
    id: int
    reason: str
    detail: str
    limits: str
    run_id: int
    extractor: str
    segmenter: str
    documents_part: str | None
    sentences_part: str | None
    signature: bytes
    seconds: float
    result_id: int | None

    @property
    def is_final(self) -> bool:
        """Whether nothing is left to do for it: it has its result, or no text to predict from."""
        return self.result_id is not None or not Reason(self.reason).is_readable


class Ledger:
    """An open ledger. One thread at a time; several processes may read while one writes."""

    def __init__(self, path: Path, writing: bool) -> None:
        """Open it, and make it where there is none and ``writing``.

        Raises:
            StoreDamaged: it is no database, or a spoiled one.
            StoreTooNew: a later version wrote it.
            OSError, sqlite3.OperationalError: it cannot be opened or written.
        """
        self.path = path
        uri = f"{path.absolute().as_uri()}?mode={'rwc' if writing else 'rw'}"
        self.db = sqlite3.connect(uri, timeout=_BUSY, isolation_level=None, uri=True)
        try:
            with self.damage_told():
                self.db.execute("PRAGMA foreign_keys = ON")
                if writing:
                    self.db.execute("PRAGMA journal_mode = WAL")
                    self.db.execute("PRAGMA synchronous = NORMAL")
                migrate(self.db)
        except BaseException:
            self.db.close()
            raise

    @contextmanager
    def damage_told(self) -> Iterator[None]:
        """Turns SQLite's word for a spoiled file into ours."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if any(word in str(error) for word in _DAMAGE):
                raise StoreDamaged(self.path, str(error)) from error
            raise

    def check(self) -> None:
        """Look through the whole file; raises StoreDamaged."""
        with self.damage_told():
            found = [row[0] for row in self.db.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise StoreDamaged(self.path, "; ".join(found)[:200])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self.damage_told():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        self.db.close()

    def setting(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set(self, name: str, value: str) -> None:
        self.db.execute(
            "INSERT INTO setting (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def ended_cleanly(self) -> bool:
        """Whether the last run could say that it ended."""
        query = "SELECT state FROM run ORDER BY id DESC LIMIT 1"
        with self.damage_told():
            row = self.db.execute(query).fetchone()
        return row is None or row[0] != "running"

    def begin_run(self, versions: Versions) -> int:
        with self.transaction() as db:
            db.execute(
                "UPDATE run SET state = 'failed', ended = ? WHERE state = 'running'", (now(),)
            )
            cursor = db.execute(
                "INSERT INTO run (started, state, tenderlens, extractor, segmenter, scoring, model,"
                " model_version, limits) VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?)",
                (
                    now(),
                    __version__,
                    versions.extractor,
                    versions.segmenter,
                    versions.scoring,
                    versions.model,
                    versions.model_version,
                    versions.limits,
                ),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end_run(self, run_id: int, state: str) -> None:
        with self.transaction() as db:
            db.execute("UPDATE run SET state = ?, ended = ? WHERE id = ?", (state, now(), run_id))

    def file(self, key: str) -> FileEntry | None:
        row = self.db.execute(
            "SELECT id, scope_key, size, mtime_ns, inode, content, state, settled_for"
            " FROM file WHERE key = ? AND is_current",
            (key,),
        ).fetchone()
        return FileEntry(*row) if row else None

    def documents(self, file_id: int) -> list[DocumentEntry]:
        rows = self.db.execute(
            "SELECT ordinal, member, content, suffix, reason, extraction_id FROM document"
            " WHERE file_id = ? ORDER BY ordinal",
            (file_id,),
        )
        return [DocumentEntry(*row) for row in rows]

    def extraction(self, content: str, suffix: str, versions: Versions) -> ExtractionEntry | None:
        """Of this content by this run's extractor, and its result by this run's model if any."""
        row = self.db.execute(
            "SELECT e.id, e.reason, e.detail, e.limits, e.run_id, e.extractor, e.segmenter,"
            " d.path, s.path, e.signature, e.seconds, r.id FROM extraction e"
            " LEFT JOIN part d ON d.id = e.documents_part_id"
            " LEFT JOIN part s ON s.id = e.sentences_part_id"
            " LEFT JOIN result r ON r.extraction_id = e.id"
            " AND r.model_version = ? AND r.scoring = ?"
            " WHERE e.content = ? AND e.suffix = ? AND e.extractor = ? AND e.segmenter = ?",
            (
                versions.model_version,
                versions.scoring,
                content,
                suffix,
                versions.extractor,
                versions.segmenter,
            ),
        ).fetchone()
        return ExtractionEntry(*row) if row else None

    def current_files(self) -> int:
        return self.db.execute("SELECT count(*) FROM file WHERE is_current").fetchone()[0]

    def retire(self, scope_keys: Iterable[str], seen: set[int], run_id: int) -> int:
        """Make history of the files under these folders that are no longer there; how many."""
        gone = [
            file_id
            for scope in scope_keys
            for (file_id,) in self.db.execute(
                "SELECT id FROM file WHERE is_current AND scope_key = ?", (scope,)
            )
            if file_id not in seen
        ]
        with self.transaction() as db:
            db.executemany(
                "UPDATE file SET is_current = 0, last_run_id = ? WHERE id = ?",
                [(run_id, file_id) for file_id in gone],
            )
        return len(gone)

    def add_parts(self, parts: Iterable[Part], run_id: int) -> dict[str, int]:
        """Register files, in a transaction; the id of each kind."""
        ids: dict[str, int] = {}
        for part in parts:
            cursor = self.db.execute(
                "INSERT INTO part (kind, path, rows, bytes, run_id) VALUES (?, ?, ?, ?, ?)",
                (part.kind, part.path, part.rows, part.bytes, run_id),
            )
            assert cursor.lastrowid is not None
            ids[part.kind] = cursor.lastrowid
        return ids

    def parts(self) -> dict[str, int]:
        """Size in bytes of every registered file by its path."""
        return dict(self.db.execute("SELECT path, bytes FROM part"))


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
