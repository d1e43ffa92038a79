"""What every run does around its work, whoever does that: it is entered, ended and tidied up."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from classifier.archive.errors import StoreDamaged
from classifier.archive.intake import Intake
from classifier.archive.predictor import Predictor
from classifier.archive.progress import Totals
from classifier.archive.store import Store
from classifier.archive.upkeep import forget_lost, sweep, tidy
from classifier.archive.versions import Versions, extractor, limits_text, scoring, segmenter
from classifier.archive.walk import Listing
from classifier.archive.writer import Writer
from classifier.extract.processes import Source
from classifier.limits import Limits

_FRESH: Final = "fresh_since"


@dataclass(frozen=True, slots=True)
class Options:
    """What a run does besides scoring.

    Attributes:
        workers: documents read at the same time.
        reports, workbooks: write an HTML page, and an Excel workbook, for each document.
        fresh: do everything anew, whatever the store has.
    """

    limits: Limits = field(default_factory=Limits)
    workers: int = 2
    reports: bool = True
    workbooks: bool = False
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A run that the ledger knows of.

    Attributes:
        fresh_since: results of earlier runs than this one do not count.
        settled_for: what a file is marked with that needs no further look under these versions.
    """

    store: Store
    options: Options
    versions: Versions
    run_id: int
    fresh_since: int
    totals: Totals = field(default_factory=Totals)

    @property
    def settled_for(self) -> str:
        return f"{self.versions.fingerprint}-{self.fresh_since}"

    def intake(self, source: Source) -> Intake:
        return Intake(
            self.store.ledger,
            self.versions,
            self.options.limits,
            source,
            self.fresh_since,
            self.settled_for,
            self.store.can_predict_again,
        )

    def writer(self, intake: Intake) -> Writer:
        return Writer(
            self.store,
            self.versions,
            self.run_id,
            self.settled_for,
            self.options.reports,
            self.options.workbooks,
            intake.seen,
        )


@contextmanager
def recorded(store: Store, predictor: Predictor, options: Options) -> Iterator[Session]:
    """Enter a run into the ledger, and in the end how it ended."""
    versions = Versions(
        extractor=extractor(),
        segmenter=segmenter(),
        scoring=scoring(),
        model=predictor.name,
        model_version=predictor.version,
        limits=limits_text(options.limits),
    )
    ledger = store.ledger
    forget_lost(store)
    sweep(store, ledger.ended_cleanly())
    run_id = ledger.begin_run(versions)
    state = "failed"
    try:
        if options.fresh:
            with ledger.transaction():
                ledger.set(_FRESH, str(run_id))
        fresh_since = int(ledger.setting(_FRESH) or 0)
        session = Session(store, options, versions, run_id, fresh_since)
        yield session
        if not session.totals.stopped:
            tidy(store, run_id)
        state = "stopped" if session.totals.stopped else "finished"
    finally:
        # Where the disk is full the ledger cannot say so either; the next run finds it out.
        with contextlib.suppress(sqlite3.Error, StoreDamaged):
            ledger.end_run(run_id, state)


def retire(store: Store, walk: Listing, seen: set[int], run_id: int, totals: Totals) -> None:
    """Make history of files that are gone from folders walked to their end."""
    if store.ledger.current_files() > len(seen):
        totals.gone = store.ledger.retire(walk.scopes, seen, run_id)


def tell_of(totals: Totals, walk: Listing, intake: Intake) -> None:
    """Bring the figures of files up to date."""
    totals.settled = intake.settled
    totals.files = len(intake.seen)
    totals.scopes = frozenset(walk.given)
    totals.skipped = walk.skipped
    totals.closed = len(walk.closed)
