"""A store: the folder with an archive's ledger, its columnar files, and its reports."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import numpy as np

from classifier.archive.errors import StoreDamaged, StoreDiffers, StoreInUse, StoreMissing
from classifier.archive.ledger import Ledger
from classifier.archive.rows import Alarm, DocumentRow, Score
from classifier.archive.walk import STORE_MARK
from classifier.errors import Reason
from classifier.orientation import Verdict

REPORTS: Final = "reports"
_LOCK: Final = "ledger.lock"
_ROWS: Final = """
SELECT f.path, d.member, d.content, coalesce(e.format, ''), d.reason, d.detail,
    coalesce(e.title, ''), coalesce(e.pages, 0), coalesce(e.sentences, 0),
    coalesce(e.seconds, 0) + coalesce(r.seconds, 0), coalesce(r.report, ''), e.signature,
    r.id, r.balance, r.low, r.high, r.salience, r.verdict, r.assistive, r.control, r.counted,
    r.profile, r.missing
FROM file f
JOIN document d ON d.file_id = f.id
LEFT JOIN extraction e ON e.id = d.extraction_id
LEFT JOIN result r ON r.id = d.result_id
WHERE f.is_current
ORDER BY f.path, d.member, f.root, f.key, d.ordinal
"""
_ALARMS: Final = (
    "SELECT rule, zh, count, text, page, sentence FROM alarm WHERE result_id = ? ORDER BY rank"
)

_REASONS: Final = """
SELECT d.reason, count(*) FROM file f JOIN document d ON d.file_id = f.id
WHERE f.is_current AND f.scope_key = ? GROUP BY d.reason
"""


class Store:
    """An open store; see :meth:`open` and :meth:`writing`.

    Attributes:
        folder: with ``ledger.sqlite``, ``documents/``, ``sentences/``,
            ``predictions/<model version>/`` and ``reports/``.
        keeps_text: whether sentences and documents are in it, or their hashes alone.
        is_redacted: whether personal data is masked in all it holds.
    """

    def __init__(self, folder: Path, ledger: Ledger, lock: IO[bytes] | None) -> None:
        self.folder = folder
        self.ledger = ledger
        self._lock = lock
        self.moved_aside: Path | None = None
        self.keeps_text = ledger.setting("text") != "hashes"
        self.is_redacted = ledger.setting("redacted") == "yes"

    @classmethod
    def open(cls, folder: Path) -> Store:
        """For reading, also while a run writes.

        Raises:
            StoreError: there is none, it is damaged, or a later version's.
        """
        path = folder / STORE_MARK
        if not path.is_file():
            raise StoreMissing(folder)
        return cls(folder, Ledger(path, writing=False), None)

    @classmethod
    def writing(cls, folder: Path, no_text: bool = False, redacted: bool = False) -> Store:
        """For a run, alone; made where there is none.

        ``no_text`` and ``redacted`` hold for the store's whole life.

        Raises:
            StoreError: in use, damaged, of a later version, or made without these options.
            OSError: the folder cannot be made or written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        lock = _locked(folder)
        try:
            ledger, moved_aside = _sound_ledger(folder)
        except BaseException:
            lock.close()
            raise
        store = cls(folder, ledger, lock)
        store.moved_aside = moved_aside
        try:
            store._agree(no_text, redacted)
        except BaseException:
            store.close()
            raise
        return store

    def _agree(self, no_text: bool, redacted: bool) -> None:
        wanted = {"text": ("hashes" if no_text else "yes"), "redacted": "yes" if redacted else "no"}
        if self.ledger.setting("text") is None:
            with self.ledger.transaction():
                for name, value in wanted.items():
                    self.ledger.set(name, value)
            self.keeps_text, self.is_redacted = not no_text, redacted
        if no_text and self.keeps_text:
            raise StoreDiffers("--no-text")
        if redacted and not self.is_redacted:
            raise StoreDiffers("--redact")

    @property
    def can_predict_again(self) -> bool:
        """Whether a new model can do with what is stored, without the documents."""
        return self.keeps_text and not self.is_redacted

    def rows(self) -> Iterator[DocumentRow]:
        """The present state, a row for every document, sorted by path and member."""
        with self.ledger.damage_told():
            for row in self.ledger.db.execute(_ROWS):
                yield self._row(row)

    def roots(self) -> tuple[Path, ...]:
        """The folders that the rows' paths are relative to, one for most stores."""
        with self.ledger.damage_told():
            found = self.ledger.db.execute("SELECT DISTINCT root FROM file WHERE is_current")
            return tuple(Path(root) for (root,) in found)

    def reasons(self, scope_keys: Iterable[str]) -> Counter[Reason]:
        """Documents by reason code, of the files that were found under these inputs."""
        counts: Counter[Reason] = Counter()
        for scope in scope_keys:
            for reason, number in self.ledger.db.execute(_REASONS, (scope,)):
                counts[Reason(reason)] += number
        return counts

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read within is of one moment, also while a run writes."""
        self.ledger.db.execute("BEGIN")
        try:
            yield
        finally:
            self.ledger.db.execute("ROLLBACK")

    def _row(self, row: tuple) -> DocumentRow:
        (path, member, content, format, reason, detail, title, pages, sentences, seconds) = row[:10]
        report, signature, result_id, *figures, profile, missing = row[10:]
        score, alarms = None, ()
        if result_id is not None:
            balance, low, high, salience, verdict, assistive, control, counted = figures
            score = Score(
                balance=balance,
                low=low,
                high=high,
                salience=salience,
                verdict=Verdict(verdict),
                assistive=assistive,
                control=control,
                counted=counted,
                profile=json.loads(profile),
            )
            alarms = tuple(Alarm(*alarm) for alarm in self.ledger.db.execute(_ALARMS, (result_id,)))
        return DocumentRow(
            path=path,
            member=member,
            content=content,
            format=format,
            reason=Reason(reason),
            detail=detail,
            title=title,
            pages=pages,
            sentences=sentences,
            seconds=seconds,
            score=score,
            alarms=alarms,
            missing=tuple(json.loads(missing)) if missing else (),
            report=report,
            signature=tuple(np.frombuffer(signature or b"", "<u4").tolist()) if score else (),
        )

    def close(self) -> None:
        self.ledger.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _sound_ledger(folder: Path) -> tuple[Ledger, Path | None]:
    """The ledger, or a new one beside the damaged one, whose new name it tells."""
    path = folder / STORE_MARK
    ledger: Ledger | None = None
    try:
        ledger = Ledger(path, writing=True)
        if not ledger.ended_cleanly():
            ledger.check()
        return ledger, None
    except StoreDamaged:
        if ledger is not None:
            ledger.close()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = folder / f"{STORE_MARK}.damaged-{stamp}"
    for ending in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{ending}").rename(f"{aside}{ending}")
    return Ledger(path, writing=True), aside


def _locked(folder: Path) -> IO[bytes]:
    """The lock of a store, held until it is closed or the process ends."""
    lock = (folder / _LOCK).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        if isinstance(error, BlockingIOError):
            raise StoreInUse(folder) from None
        raise
    with contextlib.suppress(OSError):
        os.set_inheritable(lock.fileno(), False)
    return lock
