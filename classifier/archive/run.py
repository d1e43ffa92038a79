"""A run over an archive: many documents read at once, one model, one writer.

Documents are read in child processes while the model works. Their sentences wait until there
are enough for the model to take them sorted by length; then each document is finished, in
whatever order. What waits anywhere is bounded, so memory does not grow with the archive.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.archive import outcome
from classifier.archive.intake import Piece, Task
from classifier.archive.ledger import ExtractionEntry
from classifier.archive.outcome import Failure, Reading
from classifier.archive.predictor import Predictor
from classifier.archive.progress import Progress, Quiet, Totals
from classifier.archive.session import Options, Session, recorded, retire, tell_of
from classifier.archive.store import Store
from classifier.archive.stored import StoredReadings
from classifier.archive.walk import Walk
from classifier.archive.writer import Settled
from classifier.errors import Reason
from classifier.extract.container.walk import Packed
from classifier.extract.processes import ForkServer
from classifier.limits import MIB

BATCH: Final = 1024
"""Sentences that make it worth asking the model: sorted by length, they hardly need padding."""
PATIENCE: Final = 5.0
"""Seconds after which the model is asked about fewer."""
READ_AHEAD: Final = 32
BYTES_AHEAD: Final = 256 * MIB
OPEN_PIECES: Final = 10_000


@dataclass(slots=True, eq=False)
class Job:
    """A content that is being settled, and every document that has it."""

    pieces: list[Piece]
    stored: ExtractionEntry | None = None
    size: int = 0
    reading: Reading | None = None
    since: float = 0.0


def scan_archive(
    inputs: Sequence[Path],
    store: Store,
    predictor: Predictor,
    options: Options | None = None,
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Totals:
    """Bring a store up to date with files and folders.

    Args:
        store: opened for writing.
        stopped: asked often; once it says so the run ends, with all that is finished kept.

    Raises:
        OSError, sqlite3.OperationalError: the store cannot be written; it is as it was before
            the last transaction.
        ModelError: the model cannot be opened.
    """
    options = options or Options()
    with recorded(store, predictor, options) as session, ForkServer() as forks:
        _Run(session, predictor, forks, progress or Quiet()).go(Walk(inputs), stopped)
    return session.totals


class _Run:
    def __init__(
        self, session: Session, predictor: Predictor, forks: ForkServer, progress: Progress
    ) -> None:
        self.store, self.options = session.store, session.options
        self.predictor, self.forks, self.progress = predictor, forks, progress
        self.run_id, self.totals = session.run_id, session.totals
        self.intake = session.intake(forks)
        self.writer = session.writer(self.intake)
        self.stored = StoredReadings(self.store.folder)
        self.jobs: dict[tuple[str, str], Job] = {}
        self.reading: dict[Future[Reading | Failure], Job] = {}
        self.waiting: list[Job] = []
        self.open_pieces = self.bytes_ahead = self.sentences_waiting = 0

    def go(self, walk: Walk, stopped: Callable[[], bool]) -> None:
        workers = self.options.workers
        with (
            ThreadPoolExecutor(max_workers=workers) as self.pool,
            closing(self.intake.pieces(walk, workers)) as pieces,
        ):
            try:
                for piece in pieces:
                    self._take(piece)
                    self._advance(block=False)
                    while self._is_full() and not stopped():
                        self._advance(block=True)
                    if stopped():
                        self.totals.stopped = True
                        break
                    self._tell(walk)
                while self.reading and not self.totals.stopped:
                    self._advance(block=True)
                    self.totals.stopped = stopped()
                    self._tell(walk)
                if not self.totals.stopped:
                    self._predict()
            finally:
                # Nobody waits for what is still being read: its processes end with the server.
                for future in self.reading:
                    future.cancel()
                if self.reading:
                    self.forks.close()
        self.writer.flush()
        if not self.totals.stopped:
            retire(self.store, walk, self.intake.seen, self.run_id, self.totals)
        self._tell(walk, last=True)

    def _take(self, piece: Piece | Task) -> None:
        if isinstance(piece, Task):
            self.writer.tasks[id(piece)] = piece
            return
        self.open_pieces += 1
        if piece.error is not None:
            self.writer.errors.append(piece)
            self._count(piece.error.reason)
            return
        key = (piece.content, piece.suffix)
        if key in self.jobs:
            self.jobs[key].pieces.append(piece)
            piece.data = None
            return
        known = self.intake.known(*key)
        job = Job([piece], known, since=time.monotonic())
        if known is None:
            self._read(job, piece)
        elif known.is_final:
            self.writer.settled.append(Settled(job.pieces, stored=known))
            self._count(Reason(known.reason))
            return
        elif self.intake.is_predictable(known):
            job.reading = self.stored.read(*key, known)
            self._await_model(job)
        else:
            self.totals.read_again += 1
            job.stored = None
            self._read(job, piece)
        self.jobs[key] = job

    def _read(self, job: Job, piece: Piece) -> None:
        assert piece.data is not None
        packed = Packed(piece.member, piece.data)
        job.size, piece.data = len(piece.data), None
        self.bytes_ahead += job.size
        future = self.pool.submit(outcome.read, packed, piece.name, self.options.limits, self.forks)
        self.reading[future] = job

    def _is_full(self) -> bool:
        if self.open_pieces >= OPEN_PIECES:
            return True
        return len(self.reading) >= READ_AHEAD or self.bytes_ahead >= BYTES_AHEAD

    def _advance(self, block: bool) -> None:
        """Take what has been read, ask the model if it is worth it, write if it is time."""
        if self.reading and block:
            wait(self.reading, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in [future for future in self.reading if future.done()]:
            job = self.reading.pop(future)
            self.bytes_ahead -= job.size
            result = future.result()
            if isinstance(result, Failure):
                self.writer.settled.append(Settled(job.pieces, failure=result))
                self._count(result.error.reason)
            else:
                job.reading = result
                self._await_model(job)
        late = bool(self.waiting) and time.monotonic() - self.waiting[0].since > PATIENCE
        idle = block and not self.reading
        if self.sentences_waiting >= BATCH or late or idle:
            self._predict()
        if self.writer.is_due() or (idle and self.open_pieces >= OPEN_PIECES):
            self._flush()

    def _await_model(self, job: Job) -> None:
        assert job.reading is not None
        job.since = time.monotonic()
        self.waiting.append(job)
        self.sentences_waiting += len(job.reading.sentences)

    def _predict(self) -> None:
        """Answer all sentences that wait, and finish their documents."""
        if not self.waiting:
            return
        jobs, self.waiting, self.sentences_waiting = self.waiting, [], 0
        started = time.monotonic()
        asked = [job.reading.questions() for job in jobs if job.reading is not None]
        answers = self.predictor.probabilities(asked)
        each = (time.monotonic() - started) / max(sum(map(len, asked)), 1)
        self.totals.sentences += sum(map(len, asked))
        # The words behind a label are for readers of pages.
        explaining = self.predictor.model if self.writer.writes_pages else None
        for job, probabilities in zip(jobs, answers, strict=True):
            begun = time.monotonic()
            assert job.reading is not None
            report = outcome.conclude(
                job.reading, probabilities, self.predictor.answering, explaining
            )
            settled = Settled(job.pieces, reading=job.reading, stored=job.stored)
            self.writer.scored(settled, job.pieces[0], report)
            settled.seconds = time.monotonic() - begun + each * len(probabilities)
            self.totals.pages += len(job.reading.document.pages)
            self._count(job.reading.document.reason)
            if self.writer.is_due():
                self._flush()

    def _flush(self) -> None:
        done = [(s.pieces, s) for s in self.writer.settled]
        errors = len(self.writer.errors)
        self.writer.flush()
        for pieces, _ in done:
            self.open_pieces -= len(pieces)
            self.totals.copies += len(pieces) - 1
            self.jobs.pop((pieces[0].content, pieces[0].suffix), None)
        self.open_pieces -= errors

    def _count(self, reason: Reason) -> None:
        self.totals.documents += 1
        self.totals.reasons[reason] += 1

    def _tell(self, walk: Walk, last: bool = False) -> None:
        tell_of(self.totals, walk, self.intake)
        self.totals.asked, self.totals.answered = self.predictor.asked, self.predictor.answered
        self.progress.tell(self.totals, last)
