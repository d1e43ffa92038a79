"""The progress of a run on a terminal, or in a log."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from classifier.archive.progress import Progress, Totals
from classifier.archive.walk import STORE_MARK, is_document
from classifier.console import err

REFRESH: Final = 0.25
LOG_EVERY: Final = 60.0


@contextmanager
def progress_for(inputs: Sequence[Path] | None) -> Iterator[Progress]:
    """A live line where standard error is a terminal, else a plain one each minute.

    Without inputs nothing is counted, and no time left told.
    """
    census = Census(inputs)
    if not err.is_terminal:
        yield Lines(census)
        return
    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        console=err,
    ) as bar:
        yield Live(census, bar)


class Census(threading.Thread):
    """Counts the files there are, beside the run: for the time left, nothing else."""

    def __init__(self, inputs: Sequence[Path] | None) -> None:
        super().__init__(daemon=True)
        self._inputs = inputs or ()
        self._begun = inputs is None
        self.files: int | None = None

    def begin(self) -> None:
        """Start counting, once."""
        if not self._begun:
            self._begun = True
            self.start()

    def run(self) -> None:
        number = 0
        for top in self._inputs:
            number += not top.is_dir()
            for _, folders, names in os.walk(top):
                if STORE_MARK in names:
                    folders.clear()
                else:
                    number += sum(map(is_document, names))
        self.files = number


class Live:
    """Moves a bar."""

    def __init__(self, census: Census, bar: Bar) -> None:
        self._census, self._bar = census, bar
        self._task = bar.add_task("评估 scoring", total=None, figures="")
        self._told = 0.0

    def tell(self, totals: Totals, last: bool) -> None:
        if not last and time.monotonic() - self._told < REFRESH:
            return
        self._told = time.monotonic()
        self._census.begin()
        total = totals.files if last else self._census.files
        figures = line(totals, None if last else self._census.files)
        self._bar.update(self._task, completed=totals.files, total=total, figures=figures)


class Lines:
    """Writes a line now and then; none where a run is short."""

    def __init__(self, census: Census) -> None:
        self._census = census
        self._told = time.monotonic()

    def tell(self, totals: Totals, last: bool) -> None:
        if last or time.monotonic() - self._told < LOG_EVERY:
            return
        self._told = time.monotonic()
        self._census.begin()
        err.print(
            f"{totals.files} 个文件 files，{line(totals, self._census.files)}", soft_wrap=True
        )


def line(totals: Totals, files: int | None) -> str:
    """Documents, pages, sentences a second, reason codes, and the time left if it is known."""
    seconds = max(totals.seconds, 1e-9)
    parts = [f"{totals.documents} 文档", f"{totals.pages} 页"]
    parts.append(f"{totals.sentences / seconds:.0f} 句/秒")
    parts.append(" ".join(f"{reason.value} {n}" for reason, n in totals.reasons.most_common()))
    done = totals.files - totals.settled
    if files is not None and done > 0:
        left = max(files - totals.files, 0) * seconds / done
        parts.append(f"剩余 left {timedelta(seconds=round(left))}")
    return " · ".join(part for part in parts if part)
