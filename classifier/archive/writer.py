"""The one place of a run that writes: reports at once, the rest in parts and transactions.

A document counts as finished when the transaction that says so is through. Before it begins,
the reports and columnar files it speaks of are on the disk.
"""

from __future__ import annotations

import errno
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from classifier.archive.entries import Entries, Extraction
from classifier.archive.intake import Piece, Task
from classifier.archive.ledger import ExtractionEntry
from classifier.archive.outcome import Failure, Figures, Reading, figures
from classifier.archive.parts import Key, Part, Rows, remove
from classifier.archive.rows import Alarm
from classifier.archive.store import REPORTS, Store
from classifier.archive.versions import Versions
from classifier.console import output_name
from classifier.redact import redact
from classifier.report.html import render
from classifier.report.report import REPORT_SUFFIX, Report
from classifier.report.workbook import workbook
from classifier.whole_files import TEMPORARY, sync_file, write_bytes, write_text

MOST_SENTENCES: Final = 4_000
MOST_DOCUMENTS: Final = 500
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
"""Seconds between transactions: the first comes soon, later ones are worth more."""
LONGER: Final = 1.5

_LONGEST_PATH: Final = 1000
# A name that the file system does not take, whatever the reason.
_NAME_ERRORS: Final = frozenset(
    (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.EISDIR, errno.ENOTDIR, errno.EEXIST)
)


@dataclass(slots=True, eq=False)
class Settled:
    """A content and what became of it, with every document that has it.

    Exactly one of these is set: ``failure``, ``reading`` (and then ``made``), or ``stored``
    (with ``made`` where a new model answered, else with the result it has).
    """

    pieces: list[Piece]
    failure: Failure | None = None
    reading: Reading | None = None
    stored: ExtractionEntry | None = None
    made: Figures | None = None
    report: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Writer:
    """Collects what is settled and writes it to the store."""

    store: Store
    versions: Versions
    run_id: int
    settled_for: str
    with_reports: bool
    with_xlsx: bool
    seen: set[int]
    settled: list[Settled] = field(default_factory=list)
    errors: list[Piece] = field(default_factory=list)
    tasks: dict[int, Task] = field(default_factory=dict)
    rows: Rows = field(init=False)
    _pages: list[Path] = field(default_factory=list)
    _number: int = 0
    _since: float = field(default_factory=time.monotonic)
    _wait: float = FIRST_WAIT

    def __post_init__(self) -> None:
        self.rows = Rows(self.store.keeps_text)

    @property
    def writes_pages(self) -> bool:
        return self.with_reports and self.store.keeps_text

    def scored(self, settled: Settled, piece: Piece, report: Report) -> None:
        """Write a document's report, and keep its rows for the next part."""
        shown = report.redacted() if self.store.is_redacted else report
        if self.writes_pages:
            settled.report = self._write_report(shown, piece)
        key = Key(piece.content, piece.suffix, self.versions.extractor)
        if settled.reading is not None and settled.stored is None:
            self.rows.add_reading(key, shown)
        self.rows.add_predictions(key, shown)
        settled.made = self._figures(shown)
        self.settled.append(settled)

    def _figures(self, report: Report) -> Figures:
        made = figures(report)
        if self.store.keeps_text:
            return made
        hidden = tuple(Alarm(a.rule, a.zh, a.count, "", a.page, a.sentence) for a in made.alarms)
        return Figures(made.score, hidden, made.missing, "")

    def is_due(self) -> bool:
        documents = len(self.settled) + len(self.errors)
        if len(self.rows) >= MOST_SENTENCES or documents >= MOST_DOCUMENTS:
            return True
        return bool(documents) and time.monotonic() - self._since >= self._wait

    def flush(self) -> None:
        """Have everything so far on the disk and in the ledger.

        Raises:
            OSError, sqlite3.OperationalError: it cannot be written; the ledger is as before.
        """
        for page in self._pages:
            sync_file(page)
        self._number += 1
        name = f"{self.run_id:06d}-{self._number:06d}"
        parts = self.rows.write(self.store.folder, self.versions.model_version, name)
        try:
            with self.store.ledger.transaction() as db:
                self._enter(Entries(db, self.versions, self.run_id), parts)
        except BaseException:
            remove(self.store.folder, parts)
            raise
        self._pages, self.settled, self.errors = [], [], []
        self.rows = Rows(self.store.keeps_text)
        self._since = time.monotonic()
        self._wait = min(self._wait * LONGER, LONGEST_WAIT)

    def _enter(self, entries: Entries, parts: list[Part]) -> None:
        ids = self.store.ledger.add_parts(parts, self.run_id)
        for settled in self.settled:
            self._enter_settled(entries, settled, ids)
        for piece in self.errors:
            assert piece.error is not None
            reason = (piece.error.reason.value, self._said(piece.error.detail))
            self._enter_piece(entries, piece, reason, (None, None))
        for key, task in list(self.tasks.items()):
            if task.written == task.pieces and task.is_whole:
                assert task.file_id is not None
                state = "done" if task.is_open else "unread"
                entries.file_done(task.file_id, state, task.pieces, self.settled_for)
                self.seen.add(task.file_id)
                del self.tasks[key]

    def _enter_settled(self, entries: Entries, settled: Settled, ids: dict[str, int]) -> None:
        first = settled.pieces[0]
        result_id: int | None = None
        if settled.stored is not None:
            extraction_id, result_id = settled.stored.id, settled.stored.result_id
            reason = (settled.stored.reason, settled.stored.detail)
        else:
            made = self._extraction(settled, first)
            extraction_id = entries.extraction(made, ids)
            reason = (made.reason, made.detail)
        if settled.made is not None:
            result_id = entries.result(
                extraction_id, settled.made, settled.report, settled.seconds, ids
            )
        for piece in settled.pieces:
            self._enter_piece(entries, piece, reason, (extraction_id, result_id))

    def _enter_piece(
        self,
        entries: Entries,
        piece: Piece,
        reason: tuple[str, str],
        ids: tuple[int | None, int | None],
    ) -> None:
        task = piece.task
        if task.file_id is None:
            shown = self._masked(task)
            task.file_id = entries.file(task.found, shown, task.content, task.entry)
        content = (piece.content, piece.suffix)
        place = (piece.ordinal, self._said(piece.member))
        entries.document(task.file_id, place, content, reason, ids)
        task.written += 1
        self.tasks[id(task)] = task

    def _extraction(self, settled: Settled, piece: Piece) -> Extraction:
        if settled.failure is not None:
            error = settled.failure.error
            return Extraction(
                content=piece.content,
                suffix=piece.suffix,
                format="",
                reason=error.reason.value,
                detail=self._said(error.detail),
                title="",
                pages=0,
                sentences=0,
                characters=0,
                seconds=settled.failure.seconds,
                signature=(),
            )
        assert settled.reading is not None
        assert settled.made is not None
        document = settled.reading.document
        return Extraction(
            content=piece.content,
            suffix=piece.suffix,
            format=document.format,
            reason=document.reason.value,
            detail="",
            title=settled.made.title,
            pages=len(document.pages),
            sentences=len(settled.reading.sentences),
            characters=len(document.text),
            seconds=settled.reading.seconds,
            signature=settled.reading.signature,
        )

    def _masked(self, task: Task) -> tuple[str, str]:
        return self._said(task.found.root), self._said(task.found.path)

    def _said(self, text: str) -> str:
        """Names and details as the store may hold them."""
        text = text.encode("utf-8", "replace").decode("utf-8")
        return redact(text) if self.store.is_redacted else text

    def _write_report(self, report: Report, piece: Piece) -> str:
        """Write the page where its document's place suggests; its path relative to the store."""
        place = f"{self._said(piece.task.found.path)}/{self._said(piece.member)}".strip("/")
        path = _page_path(place, piece.content)
        try:
            self._write_page(report, path)
        except OSError as error:
            if error.errno not in _NAME_ERRORS:
                raise
            path = f"{REPORTS}/{piece.content[:32]}{piece.suffix}{REPORT_SUFFIX}"
            self._write_page(report, path)
        return path

    def _write_page(self, report: Report, path: str) -> None:
        page = self.store.folder / path
        page.parent.mkdir(parents=True, exist_ok=True)
        write_text(page, render(report), sync=False)
        self._pages.append(page)
        if self.with_xlsx:
            book = page.with_suffix(".xlsx")
            write_bytes(book, workbook(report), sync=False)
            self._pages.append(book)


def _page_path(place: str, content: str) -> str:
    """Folders as in the archive; the content's hash keeps an older version's page apart."""
    *folders, name = (_component(part) for part in place.split("/"))
    path = "/".join((REPORTS, *folders, f"{name}-{content[:8]}{REPORT_SUFFIX}"))
    if len(path.encode()) > _LONGEST_PATH:
        return f"{REPORTS}/{content[:32]}{PurePosixPath(name).suffix}{REPORT_SUFFIX}"
    return path


def _component(part: str) -> str:
    """A part of a path that leads nowhere else and that every file system takes."""
    made = output_name(part, "")
    return f"_{made}" if made.startswith((".", TEMPORARY)) else made or "_"
