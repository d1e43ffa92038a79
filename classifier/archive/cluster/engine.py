"""A run over a Ray cluster: this process lists, keeps the ledger and writes; actors do the rest.

Files go out in windows, and within one Ray Data streams: what is finished is written while the
rest is still being read. What waits anywhere is bounded by the window and by Ray Data.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import ray
from pyarrow.fs import FileSystem
from ray.exceptions import RayError

from classifier.archive.cluster.actors import Setting
from classifier.archive.cluster.pipeline import register_on_this_machine, results
from classifier.archive.cluster.units import Scored, Unit
from classifier.archive.errors import ClusterError
from classifier.archive.intake import Piece, Task, piece_of
from classifier.archive.outcome import Failure
from classifier.archive.predictor import Predictor
from classifier.archive.progress import Progress, Quiet, Totals
from classifier.archive.session import Options, Session, recorded, retire, tell_of
from classifier.archive.store import Store
from classifier.archive.stored import StoredReadings
from classifier.archive.walk import Listing
from classifier.archive.writer import Settled
from classifier.errors import Reason
from classifier.extract.processes import Fresh

WINDOW: Final = 2048
"""Files that are listed ahead; a window ends before the next begins."""
ROUNDS: Final = 3
"""How often a file goes out whose documents do not all come back."""

Content = tuple[str, str]


@dataclass(slots=True, eq=False)
class Expected:
    """A file that is out, or documents of one."""

    number: int
    task: Task
    pieces: dict[int, Piece] = field(default_factory=dict)
    is_spoiled: bool = False


def scan_on_cluster(
    walk: Listing,
    store: Store,
    predictor: Predictor,
    options: Options,
    cpus: float,
    sources: Mapping[str, FileSystem] | None = None,
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Totals:
    """Bring a store up to date, as :func:`classifier.archive.run.scan_archive` does.

    Ray must be connected (:func:`classifier.archive.cluster.connection.connected`).

    Args:
        walk: local files must lie at the same place on all nodes.
        cpus: of the cluster.
        sources: file systems of inputs that are not local, by the key of the input.

    Raises:
        ClusterError: the cluster cannot go on; what is finished is in the store.
        ModelError, OSError, sqlite3.OperationalError: as there.
    """
    with recorded(store, predictor, options) as session:
        run = _Run(session, predictor, cpus, sources or {}, progress or Quiet())
        try:
            run.go(walk, stopped)
        except RayError as error:
            run.writer.flush()
            lines = str(error).strip().splitlines()
            raise ClusterError(
                "集群不能继续，完成的都已保存；再运行一次即从这里继续。 The cluster cannot go on; "
                f"all that is finished is kept: run it again. {lines[-1][:300] if lines else ''}"
            ) from error
    return session.totals


class _Run:
    def __init__(
        self,
        session: Session,
        predictor: Predictor,
        cpus: float,
        sources: Mapping[str, FileSystem],
        progress: Progress,
    ) -> None:
        self.session, self.store, self.progress = session, session.store, progress
        self.totals, self.workers = session.totals, session.options.workers
        self.intake = session.intake(Fresh())
        self.writer = session.writer(self.intake)
        self.stored = StoredReadings(self.store.folder)
        self.predictor, self.cpus, self.sources = predictor, cpus, sources
        self.numbers = itertools.count()
        self.expected: dict[int, Expected] = {}
        self.settled: dict[Content, Settled] = {}
        self.copies: dict[Content, list[Piece]] = {}

    @cached_property
    def setting(self) -> Setting:
        # A model that cannot be opened is told of here, once.
        assert self.predictor.model
        return Setting(
            register=register_on_this_machine(self.session),
            versions=self.session.versions,
            limits=self.session.options.limits,
            sources=self.sources,
            model=self.predictor.place,
            screened=self.predictor.screened,
            threads=max(1, int(self.cpus) // self.workers),
            explaining=self.writer.writes_pages,
        )

    def go(self, walk: Listing, stopped: Callable[[], bool]) -> None:
        tasks = self.intake.tasks(walk)
        while not self.totals.stopped and (window := list(itertools.islice(tasks, WINDOW))):
            self._window(window, walk, stopped)
        if not self.totals.stopped:
            retire(self.store, walk, self.intake.seen, self.session.run_id, self.totals)
        self._tell(walk, last=True)

    def _window(
        self,
        window: list[tuple[Task, list[Piece] | None]],
        walk: Listing,
        stopped: Callable[[], bool],
    ) -> None:
        units = [unit for task, pieces in window for unit in self._units(task, pieces)]
        for _ in range(ROUNDS):
            if units:
                self._round(units, walk, stopped)
            self._flush()
            if self.totals.stopped:
                return
            if units:
                self._forget()
            units = [unit for left in list(self.expected.values()) for unit in self._again(left)]
            if not units:
                return
        raise ClusterError(
            f"集群没有送回 {len(self.expected)} 个文件的结果：请再运行一次。 "
            f"The cluster lost {len(self.expected)} files: run it again."
        )

    def _round(self, units: list[Unit], walk: Listing, stopped: Callable[[], bool]) -> None:
        with closing(results(units, self.setting, self.workers)) as found:
            for unit in found:
                self._take(unit)
                if self.writer.is_due():
                    self._flush()
                if stopped():
                    self.totals.stopped = True
                    return
                self._tell(walk)

    def _forget(self) -> None:
        self.copies.clear()
        ray.get(self.setting.register.forget.remote())

    def _units(self, task: Task, pieces: list[Piece] | None) -> Iterator[Unit]:
        """What must be done for a file; what the store has is settled at once."""
        expected = Expected(next(self.numbers), task)
        if pieces is None:
            self.expected[expected.number] = expected
            yield Unit(expected.number, found=task.found)
            return
        task.pieces, task.is_whole = len(pieces), True
        self.writer.tasks[id(task)] = task
        out = [unit for piece in pieces if (unit := self._stored(expected, piece)) is not None]
        if out:
            self.expected[expected.number] = expected
            yield from out
            yield Unit(expected.number, len(out), is_last=True)

    def _stored(self, expected: Expected, piece: Piece) -> Unit | None:
        """A document out of the store, where it is for the model to answer again."""
        content = (piece.content, piece.suffix)
        known = self.intake.known(*content)
        assert known is not None
        if known.is_final:
            self._settle(Settled([piece], stored=known), Reason(known.reason))
            return None
        if content in self.copies:
            self.copies[content].append(piece)
            return None
        self.copies[content] = []
        number = len(expected.pieces)
        expected.pieces[number] = piece
        return Unit(expected.number, number, result=self.stored.read(*content, known))

    def _again(self, left: Expected) -> Iterator[Unit]:
        """A file whose documents did not all come back goes out once more."""
        del self.expected[left.number]
        self.writer.tasks.pop(id(left.task), None)
        found = left.task.found
        yield from self._units(Task(found, self.store.ledger.file(found.key)), None)

    def _take(self, unit: Unit) -> None:
        expected = self.expected.get(unit.file)
        if expected is None or expected.is_spoiled:
            return
        if unit.opened is None and not unit.is_last:
            self._finish(expected.pieces.pop(unit.ordinal), unit)
            return
        task = expected.task
        if unit.is_last:
            whole = not expected.pieces if task.is_whole else task.pieces == unit.ordinal
            if whole:
                task.is_whole = True
                self.writer.tasks[id(task)] = task
                del self.expected[unit.file]
            return
        if unit.ordinal != task.pieces:
            # Given twice, or lost; the first is no harm.
            expected.is_spoiled = unit.ordinal > task.pieces
            return
        assert unit.opened is not None
        task.content, task.is_open = unit.opened.content, unit.opened.is_open
        self._finish(piece_of(task, unit.opened), unit)

    def _finish(self, piece: Piece, unit: Unit) -> None:
        """Settle a document by what has become of it, or by what an earlier copy has."""
        piece.data = None
        if piece.error is not None:
            self.writer.errors.append(piece)
            self._count(piece.error.reason)
            return
        content = (piece.content, piece.suffix)
        if content in self.settled:
            self.settled[content].pieces.append(piece)
            return
        known = self.intake.known(*content)
        if known is not None and known.is_final:
            self._settle(Settled([piece], stored=known), Reason(known.reason))
        elif isinstance(unit.result, Failure):
            self._settle(Settled([piece], failure=unit.result), unit.result.error.reason)
        elif isinstance(unit.result, Scored):
            pieces = [piece, *self.copies.pop(content, ())]
            settled = Settled(pieces, reading=unit.result.reading, stored=known)
            self._scored(settled, unit.result)
        else:
            # Its first copy has not come: the whole file goes out again.
            self.expected[unit.file].is_spoiled = True

    def _scored(self, settled: Settled, result: Scored) -> None:
        self.writer.scored(settled, settled.pieces[0], result.report)
        self.settled[settled.pieces[0].content, settled.pieces[0].suffix] = settled
        settled.seconds = result.seconds
        self.totals.asked += result.asked
        self.totals.answered += result.answered
        self.totals.sentences += result.asked
        self.totals.pages += len(result.reading.document.pages)
        self._count(result.reading.document.reason)

    def _settle(self, settled: Settled, reason: Reason) -> None:
        first = settled.pieces[0]
        self.settled[first.content, first.suffix] = settled
        self.writer.settled.append(settled)
        self._count(reason)

    def _flush(self) -> None:
        self.totals.copies += sum(len(one.pieces) - 1 for one in self.writer.settled)
        self.writer.flush()
        self.settled.clear()

    def _count(self, reason: Reason) -> None:
        self.totals.documents += 1
        self.totals.reasons[reason] += 1

    def _tell(self, walk: Listing, last: bool = False) -> None:
        tell_of(self.totals, walk, self.intake)
        self.progress.tell(self.totals, last)
