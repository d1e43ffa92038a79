"""What travels between the stages of a run on a cluster."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from classifier.archive.intake import Opened
from classifier.archive.outcome import Failure, Reading
from classifier.archive.walk import Found
from classifier.extract.container.walk import Packed
from classifier.report.report import Report

_COLUMN = "unit"


@dataclass(frozen=True, slots=True)
class Scored:
    """A document with its report.

    Attributes:
        asked, answered: sentences put to the actor's memory, and those its model had to answer.
        seconds: spent on scoring it.
    """

    reading: Reading
    report: Report
    asked: int
    answered: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Unit:
    """A file, one of its documents, or the word that there are no more of them.

    Attributes:
        file: number of the file in this run; ``ordinal`` that of the document in the file.
        found: a file to be opened.
        opened: a document; its bytes are gone once it has been read.
        result: what became of it so far; None also for what need not be read.
        is_last: there are no more; ``ordinal`` is their number.
    """

    file: int
    ordinal: int = 0
    found: Found | None = None
    opened: Opened | None = None
    result: Reading | Failure | Scored | None = None
    is_last: bool = False

    @property
    def place(self) -> tuple[int, int]:
        return self.file, self.ordinal

    def with_result(self, result: Reading | Failure | Scored | None) -> Unit:
        """The same without the document's bytes."""
        return replace(self, opened=without_bytes(self.opened), result=result)


def without_bytes(opened: Opened | None) -> Opened | None:
    if opened is None or not isinstance(opened.packed.content, bytes):
        return opened
    return replace(opened, packed=Packed(opened.packed.path, b""))


def to_table(units: Iterable[Unit]) -> pa.Table:
    # Not NumPy, whose strings of bytes lose zeros at their end; not 32-bit offsets either.
    pickled = [pickle.dumps(unit, pickle.HIGHEST_PROTOCOL) for unit in units]
    return pa.table({_COLUMN: pa.array(pickled, pa.large_binary())})


def from_table(table: pa.Table) -> Iterator[Unit]:
    """One unit after the other; raises whatever a spoiled pickle does."""
    for value in table[_COLUMN]:
        yield pickle.loads(value.as_buffer())
