"""What ``scan`` does with folders and archives: a run over a store, told on the terminal."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import typer

from classifier.archive.cluster.command import run_on_ray, walk_over
from classifier.archive.errors import ClusterError, SourceError, StoreError
from classifier.archive.live import progress_for
from classifier.archive.overview.html import FILE_NAME, write_overview
from classifier.archive.predictor import Predictor
from classifier.archive.progress import Totals
from classifier.archive.remote import RemoteWalk
from classifier.archive.run import Options, scan_archive
from classifier.archive.store import REPORTS, Store
from classifier.archive.terminal import listing, summary
from classifier.archive.walk import Walk
from classifier.console import Exit, err, fail, out
from classifier.limits import Limits

MOST_LISTED: Final = 100
"""Documents up to which a run ends with a table of them all."""


@dataclass(frozen=True, slots=True)
class ArchiveScan:
    """The options of a run over a store; see the command's help."""

    store: Path
    model: str
    screened: bool
    limits: Limits
    workers: int
    reports: bool
    workbooks: bool
    fresh: bool
    no_text: bool
    redacting: bool
    engine: str = "local"
    address: str | None = None

    def scan(self, inputs: Sequence[Path]) -> None:
        """Bring the store up to date with files and folders, and end with an exit code."""
        if any(item.is_dir() and item.resolve() == self.store.resolve() for item in inputs):
            fail(
                f"{self.store} 是要扫描的文件夹本身：请用 -o 或 --store 指定另一个文件夹。 "
                "This is the folder to be scanned: name another one with -o or --store.",
                Exit.USAGE,
            )
        self._over(Walk(inputs))

    def scan_urls(self, inputs: Sequence[str]) -> None:
        """The same for what may lie behind URLs; on a cluster."""
        try:
            walk = walk_over(inputs)
        except SourceError as error:
            fail(str(error), Exit.USAGE)
        if isinstance(walk, Walk):
            self.scan(walk.inputs)
        else:
            self._over(walk)

    def _over(self, walk: Walk | RemoteWalk) -> None:
        predictor = Predictor(self.model, self.screened)
        try:
            with Store.writing(self.store, self.no_text, self.redacting) as store:
                self._run(walk, store, predictor)
        except (StoreError, ClusterError) as error:
            fail(str(error), Exit.FAILED)

    def scan_bytes(self, data: bytes, name: str) -> None:
        """The same for what came on standard input."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(data)
            self.scan([file])

    def _run(self, walk: Walk | RemoteWalk, store: Store, predictor: Predictor) -> None:
        if store.moved_aside:
            err.print(
                f"台账已损坏，已移到 {store.moved_aside}；正在重新扫描，建立新台账。 "
                f"The ledger was damaged and is now {store.moved_aside}: everything is scanned "
                "again for a new one.",
                markup=False,
                soft_wrap=True,
            )
        options = Options(self.limits, self.workers, self.reports, self.workbooks, self.fresh)
        # What is listed over a network is not listed twice, for the time left alone.
        counted = walk.inputs if isinstance(walk, Walk) else None
        with _interruptible() as stopped, progress_for(counted) as progress:
            run = (store, predictor, options)
            if self.engine == "ray":
                totals = run_on_ray(walk, *run, self.address, progress, stopped)
            else:
                assert isinstance(walk, Walk)
                totals = scan_archive(walk.inputs, *run, progress, stopped)
        self._tell(store, totals)
        if totals.stopped:
            err.print(
                "已停止，完成的都已保存；再运行一次即从这里继续。 "
                "Stopped; all that is finished is kept: run it again to go on from here.",
                soft_wrap=True,
            )
            raise typer.Exit(Exit.INTERRUPTED)
        reasons = store.reasons(totals.scopes)
        failed = sum(number for reason, number in reasons.items() if not reason.is_readable)
        if failed:
            every = failed == sum(reasons.values())
            raise typer.Exit(Exit.UNREADABLE if every else Exit.SOME_UNREADABLE)

    def _tell(self, store: Store, totals: Totals) -> None:
        if totals.skipped:
            err.print(
                f"跳过 {totals.skipped} 个其他格式的文件 "
                f"skipped {totals.skipped} files of other formats"
            )
        if totals.read_again:
            err.print(
                f"存储中没有可用的原文，为新模型重新读取了 {totals.read_again} 个文件 "
                "the store keeps no text to predict from: read again for the new model",
                soft_wrap=True,
            )
        rows = list(islice(store.rows(), MOST_LISTED + 1))
        if len(rows) <= MOST_LISTED:
            out.print(listing(rows, out.width))
        out.print(summary(totals))
        where = store.folder / REPORTS if (store.folder / REPORTS).is_dir() else store.folder
        out.print(f"报告 reports: {where}", markup=False, soft_wrap=True)
        if not totals.stopped:
            self._overview(store, totals)

    def _overview(self, store: Store, totals: Totals) -> None:
        """One page over the whole store, anew if anything has changed."""
        page = store.folder / FILE_NAME
        if totals.documents or totals.copies or totals.gone or not page.exists():
            with err.status("汇总 summing up"):
                write_overview(store.rows(), store.folder)
        out.print(f"总览 overview: {page}", markup=False, soft_wrap=True)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Whether the user has asked to stop; asked twice, the program is interrupted at once."""
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        err.print("正在停止，请稍候 stopping …（Ctrl-C：立即 at once）")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
