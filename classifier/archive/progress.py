"""What a run says while it works: a live line in a terminal, a plain one now and then in a log."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from classifier.errors import Reason


@dataclass(slots=True)
class Totals:
    """Figures of a run so far.

    Attributes:
        documents: settled in this run; ``copies`` are others of the same content found meanwhile.
        settled: files passed over because nothing about them has changed.
        pages, sentences: of the documents read or predicted in this run.
        asked, answered: sentences put to the model's memory, and those it had to answer.
        reasons: documents by reason code.
        files: settled before or in this run.
        scopes: keys of the files and folders that were given.
        skipped: files of other formats; ``closed``: folders that could not be listed.
        gone: files that are no longer there.
        read_again: documents read anew only because the store keeps no text for a new model.
        stopped: the run was interrupted.
    """

    documents: int = 0
    copies: int = 0
    settled: int = 0
    files: int = 0
    scopes: frozenset[str] = frozenset()
    pages: int = 0
    sentences: int = 0
    asked: int = 0
    answered: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    skipped: int = 0
    closed: int = 0
    gone: int = 0
    read_again: int = 0
    stopped: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class Progress(Protocol):
    def tell(self, totals: Totals, last: bool) -> None: ...


class Quiet:
    """Says nothing."""

    def tell(self, totals: Totals, last: bool) -> None:
        pass
