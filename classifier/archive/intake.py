"""What a run has to do: files that changed, unpacked, each document with its content's hash.

A file that stands in the ledger as it stands on disk, and was settled by the same versions, is
passed over without being opened.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from classifier.archive.ledger import ExtractionEntry, FileEntry, Ledger
from classifier.archive.outcome import suffix_of
from classifier.archive.versions import Versions
from classifier.archive.walk import Found, Walk
from classifier.errors import ExtractionError, Reason
from classifier.extract import sandbox
from classifier.extract.container.walk import Packed
from classifier.extract.processes import Source
from classifier.limits import Limits


@dataclass(slots=True, eq=False)
class Task:
    """A file that is not settled.

    Attributes:
        content: SHA-256 of its bytes; empty where they cannot be had.
        entry: its present row in the ledger, if it has one.
        pieces: documents found in it so far; ``is_whole`` when there will be no more.
        written: documents of it that the ledger has.
        is_open: False for a file that could not be opened: the next run tries again.
    """

    found: Found
    entry: FileEntry | None
    content: str = ""
    pieces: int = 0
    is_whole: bool = False
    written: int = 0
    is_open: bool = True
    file_id: int | None = None


@dataclass(slots=True, eq=False)
class Piece:
    """One document of a file: its bytes, or why there are none, or neither where it is stored."""

    task: Task
    ordinal: int
    member: str
    name: str
    content: str
    suffix: str
    data: bytes | None = field(default=None, repr=False)
    error: ExtractionError | None = None


@dataclass(slots=True)
class Intake:
    """Turns a walk into tasks and pieces.

    Attributes:
        fresh_since: results of earlier runs than this one do not count.
        settled_for: what a file is marked with that needs no further look under these versions.
        predicts_again: whether what is stored is enough for a new model.
        seen: ids of files that were met and have a row.
        settled: number of files passed over.
    """

    ledger: Ledger
    versions: Versions
    limits: Limits
    source: Source
    fresh_since: int
    settled_for: str
    predicts_again: bool
    seen: set[int] = field(default_factory=set)
    settled: int = 0

    def pieces(self, walk: Walk) -> Iterator[Piece | Task]:
        """Every document to settle; after the last of a file the file itself."""
        for found in walk.files():
            entry = self.ledger.file(found.key)
            if entry is not None and entry.state == "done" and entry.is_untouched(found):
                if entry.settled_for == self.settled_for and entry.scope_key == found.scope_key:
                    self.seen.add(entry.id)
                    self.settled += 1
                    continue
                if (stored := self._stored(entry, found)) is not None:
                    yield from stored
                    continue
            yield from self._read(Task(found, entry))

    def is_reusable(self, entry: ExtractionEntry) -> bool:
        """Whether reading the same content again could not give anything else."""
        if entry.run_id < self.fresh_since:
            return False
        return entry.reason == Reason.OK or entry.limits == self.versions.limits

    def is_predictable(self, entry: ExtractionEntry) -> bool:
        return self.predicts_again and entry.documents_part is not None

    def _stored(self, entry: FileEntry, found: Found) -> list[Piece | Task] | None:
        """The documents of an untouched file, where the store has all that is needed of them."""
        task = Task(found, entry, entry.content, is_whole=True)
        made: list[Piece | Task] = []
        for document in self.ledger.documents(entry.id):
            known = self.ledger.extraction(document.content, document.suffix, self.versions)
            if document.extraction_id is None or known is None or not self.is_reusable(known):
                return None
            readable = Reason(known.reason).is_readable
            if readable and known.result_id is None and not self.is_predictable(known):
                return None
            name = _own_name(document.member, found)
            place = (document.ordinal, document.member, name)
            made.append(Piece(task, *place, document.content, document.suffix))
        task.pieces = len(made)
        return [*made, task] if made else None

    def _read(self, task: Task) -> Iterator[Piece | Task]:
        found = task.found
        try:
            self.limits.check_bytes(found.size)
            data = found.file.read_bytes()
            self.limits.check_bytes(len(data))
        except ExtractionError as error:
            yield self._piece(task, Packed("", error), "")
        except OSError as error:
            task.is_open = False
            closed = ExtractionError(Reason.DAMAGED, f"cannot be opened: {error.strerror}")
            yield self._piece(task, Packed("", closed), "")
        else:
            task.content = hashlib.sha256(data).hexdigest()
            name = _own_name("", found)
            for packed in sandbox.unpack(data, name, self.limits, self.source):
                same = packed.content is data
                yield self._piece(task, packed, task.content if same else _digest(packed))
        task.is_whole = True
        yield task

    def _piece(self, task: Task, packed: Packed, content: str) -> Piece:
        name = _own_name(packed.path, task.found)
        failure = packed.content if isinstance(packed.content, ExtractionError) else None
        piece = Piece(
            task=task,
            ordinal=task.pieces,
            member=packed.path,
            name=name,
            content=content,
            suffix=suffix_of(name),
            data=packed.content if isinstance(packed.content, bytes) else None,
            error=failure,
        )
        task.pieces += 1
        return piece


def _own_name(member: str, found: Found) -> str:
    """The name that tells a reader the format; never one that cannot be written."""
    return PurePosixPath(member).name or os.fsencode(found.file.name).decode("utf-8", "replace")


def _digest(packed: Packed) -> str:
    return hashlib.sha256(packed.content).hexdigest() if isinstance(packed.content, bytes) else ""
