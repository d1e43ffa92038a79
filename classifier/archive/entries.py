"""What one transaction of a run adds to the ledger."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

import numpy as np

from classifier.archive.ledger import FileEntry, now
from classifier.archive.outcome import Figures
from classifier.archive.rows import Alarm, Score
from classifier.archive.versions import Versions
from classifier.archive.walk import Found
from classifier.errors import Reason


@dataclass(frozen=True, slots=True)
class Extraction:
    """How a content was read, as the ledger keeps it."""

    content: str
    suffix: str
    format: str
    reason: str
    detail: str
    title: str
    pages: int
    sentences: int
    characters: int
    seconds: float
    signature: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """Writes rows within a transaction that somebody else has begun."""

    db: sqlite3.Connection
    versions: Versions
    run_id: int

    def file(
        self, found: Found, shown: tuple[str, str], content: str, entry: FileEntry | None
    ) -> int:
        """The row of a file that is being read; one with other content becomes history.

        ``shown`` are its root and path as the store may hold them.
        """
        place = (found.scope_key, *shown)
        state = (found.size, found.mtime_ns, found.inode)
        if entry is not None and entry.content == content:
            self.db.execute(
                "UPDATE file SET scope_key = ?, root = ?, path = ?, size = ?, mtime_ns = ?,"
                " inode = ?, state = 'open', last_run_id = ? WHERE id = ?",
                (*place, *state, self.run_id, entry.id),
            )
            return entry.id
        self.db.execute(
            "UPDATE file SET is_current = 0, last_run_id = ? WHERE key = ? AND is_current",
            (self.run_id, found.key),
        )
        return self._inserted(
            "INSERT INTO file (key, scope_key, root, path, size, mtime_ns, inode, content, state,"
            " settled_for, is_current, first_run_id, last_run_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', '', 1, ?, ?)",
            (found.key, *place, *state, content, self.run_id, self.run_id),
        )

    def file_done(self, file_id: int, state: str, documents: int, settled_for: str) -> None:
        """All documents of a file are finished."""
        self.db.execute(
            "DELETE FROM document WHERE file_id = ? AND ordinal >= ?", (file_id, documents)
        )
        self.db.execute(
            "UPDATE file SET state = ?, settled_for = ?, last_run_id = ? WHERE id = ?",
            (state, settled_for, self.run_id, file_id),
        )

    def extraction(self, made: Extraction, parts: dict[str, int]) -> int:
        """Add it, or put it in place of an earlier one of the same content and versions."""
        cursor = self.db.execute(
            "INSERT INTO extraction (content, suffix, extractor, segmenter, limits, format, reason,"
            " detail, title, pages, sentences, characters, seconds, signature, documents_part_id,"
            " sentences_part_id, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (content, suffix, extractor, segmenter) DO UPDATE SET"
            " limits = excluded.limits, format = excluded.format, reason = excluded.reason,"
            " detail = excluded.detail, title = excluded.title, pages = excluded.pages,"
            " sentences = excluded.sentences, characters = excluded.characters,"
            " seconds = excluded.seconds, signature = excluded.signature,"
            " documents_part_id = excluded.documents_part_id,"
            " sentences_part_id = excluded.sentences_part_id, run_id = excluded.run_id"
            " RETURNING id",
            (
                made.content,
                made.suffix,
                self.versions.extractor,
                self.versions.segmenter,
                self.versions.limits,
                made.format,
                made.reason,
                made.detail,
                made.title,
                made.pages,
                made.sentences,
                made.characters,
                round(made.seconds, 3),
                np.array(made.signature, "<u4").tobytes(),
                parts.get("documents") if Reason(made.reason).is_readable else None,
                parts.get("sentences") if made.sentences else None,
                self.run_id,
            ),
        )
        (extraction_id,) = cursor.fetchone()
        # What an earlier reading led to does not hold for this one.
        self.db.execute("DELETE FROM result WHERE extraction_id = ?", (extraction_id,))
        self.db.execute(
            "UPDATE document SET reason = ?, detail = ?, result_id = NULL WHERE extraction_id = ?",
            (made.reason, made.detail, extraction_id),
        )
        return extraction_id

    def result(
        self, extraction_id: int, made: Figures, report: str, seconds: float, parts: dict[str, int]
    ) -> int:
        """Add a score, and make it the present one of every document with this content."""
        self.db.execute(
            "DELETE FROM result WHERE extraction_id = ? AND model_version = ? AND scoring = ?",
            (extraction_id, self.versions.model_version, self.versions.scoring),
        )
        if report:
            # The page of an older model has been written over.
            self.db.execute(
                "UPDATE result SET report = '' WHERE extraction_id = ?", (extraction_id,)
            )
        score = made.score
        result_id = self._inserted(
            "INSERT INTO result (extraction_id, model, model_version, scoring, balance, low, high,"
            " salience, verdict, assistive, control, counted, profile, missing, report, seconds,"
            " predictions_part_id, run_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                extraction_id,
                self.versions.model,
                self.versions.model_version,
                self.versions.scoring,
                *_figures(score),
                json.dumps(score.profile, ensure_ascii=False),
                json.dumps(made.missing, ensure_ascii=False),
                report,
                round(seconds, 3),
                parts.get("predictions") if score.counted else None,
                self.run_id,
            ),
        )
        self.db.executemany(
            "INSERT INTO alarm (result_id, rank, rule, zh, count, text, page, sentence)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(result_id, rank, *_alarm(alarm)) for rank, alarm in enumerate(made.alarms, start=1)],
        )
        self.db.execute(
            "UPDATE document SET result_id = ? WHERE extraction_id = ?", (result_id, extraction_id)
        )
        return result_id

    def document(
        self,
        file_id: int,
        place: tuple[int, str],
        content: tuple[str, str],
        reason: tuple[str, str],
        ids: tuple[int | None, int | None] = (None, None),
    ) -> None:
        """A finished document.

        Args:
            place: ordinal in its file, and member path.
            content: SHA-256 and suffix.
            reason: code and detail.
            ids: of its extraction and result.
        """
        self.db.execute(
            "INSERT INTO document (file_id, ordinal, member, content, suffix, reason, detail,"
            " extraction_id, result_id, finished, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (file_id, ordinal) DO UPDATE SET member = excluded.member,"
            " content = excluded.content, suffix = excluded.suffix, reason = excluded.reason,"
            " detail = excluded.detail, extraction_id = excluded.extraction_id,"
            " result_id = excluded.result_id, finished = excluded.finished,"
            " run_id = excluded.run_id",
            (file_id, *place, *content, *reason, *ids, now(), self.run_id),
        )

    def _inserted(self, statement: str, values: tuple[object, ...]) -> int:
        row_id = self.db.execute(statement, values).lastrowid
        assert row_id is not None
        return row_id


def _figures(score: Score) -> tuple[object, ...]:
    return (
        score.balance,
        score.low,
        score.high,
        score.salience,
        score.verdict.value,
        score.assistive,
        score.control,
        score.counted,
    )


def _alarm(alarm: Alarm) -> tuple[object, ...]:
    return (alarm.rule, alarm.zh, alarm.count, alarm.text, alarm.page, alarm.sentence)
