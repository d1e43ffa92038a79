"""What a run has to do: files that changed, unpacked, each document with its content's hash.

A file that stands in the ledger as it stands on disk, and was settled by the same versions, is
passed over without being opened.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath

from classifier.archive.feed import Feed
from classifier.archive.ledger import ExtractionEntry, FileEntry, Ledger
from classifier.archive.outcome import suffix_of
from classifier.archive.versions import Versions
from classifier.archive.walk import Found, Listing
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


@dataclass(frozen=True, slots=True)
class Opened:
    """A document out of a file, and the hashes of the file's and its own bytes."""

    content: str
    is_open: bool
    packed: Packed
    own: str


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

    def pieces(self, walk: Listing, workers: int) -> Generator[Piece | Task, None, None]:
        """Every document to settle; after the last of a file the file itself.

        Files are opened and unpacked by threads, some ahead, and come in the order of the walk.
        """
        ahead: deque[tuple[Task, Feed[Opened] | list[Piece]]] = deque()
        with ThreadPoolExecutor(max_workers=workers) as pool:
            try:
                for task, pieces in self.tasks(walk):
                    ahead.append((task, pieces or Feed(partial(self._opened, task.found), pool)))
                    if len(ahead) > workers:
                        yield from self._next(*ahead.popleft())
                while ahead:
                    yield from self._next(*ahead.popleft())
            finally:
                for _, source in ahead:
                    if isinstance(source, Feed):
                        source.close()

    def tasks(self, walk: Listing) -> Iterator[tuple[Task, list[Piece] | None]]:
        """Files that are not settled, with their documents where the store has all of them."""
        for found in walk.files():
            entry = self.ledger.file(found.key)
            if entry is not None and entry.state == "done" and entry.is_untouched(found):
                if entry.settled_for == self.settled_for and entry.scope_key == found.scope_key:
                    self.seen.add(entry.id)
                    self.settled += 1
                    continue
                task = Task(found, entry, entry.content)
                if stored := self._stored(task, entry):
                    yield task, stored
                    continue
            yield Task(found, entry), None

    def _next(self, task: Task, source: Feed[Opened] | list[Piece]) -> Iterator[Piece | Task]:
        if isinstance(source, list):
            task.pieces = len(source)
            yield from source
        else:
            try:
                for opened in source:
                    task.content, task.is_open = opened.content, opened.is_open
                    yield piece_of(task, opened)
            finally:
                source.close()
        task.is_whole = True
        yield task

    def known(self, content: str, suffix: str) -> ExtractionEntry | None:
        """What the ledger has of this content, if it need not be read again."""
        entry = self.ledger.extraction(content, suffix, self.versions)
        return entry if entry is not None and self.is_reusable(entry) else None

    def is_reusable(self, entry: ExtractionEntry) -> bool:
        """Whether reading the same content again could not give anything else."""
        if entry.run_id < self.fresh_since:
            return False
        return entry.reason == Reason.OK or entry.limits == self.versions.limits

    def is_predictable(self, entry: ExtractionEntry) -> bool:
        return self.predicts_again and entry.documents_part is not None

    def _stored(self, task: Task, entry: FileEntry) -> list[Piece] | None:
        """The documents of an untouched file, where the store has all that is needed of them."""
        made: list[Piece] = []
        for document in self.ledger.documents(entry.id):
            known = self.known(document.content, document.suffix)
            if document.extraction_id is None or known is None:
                return None
            if not known.is_final and not self.is_predictable(known):
                return None
            name = own_name(document.member, task.found)
            place = (document.ordinal, document.member, name)
            made.append(Piece(task, *place, document.content, document.suffix))
        return made

    def _opened(self, found: Found) -> Iterator[Opened]:
        return opened(found, found.file.read_bytes, self.limits, self.source)


def opened(
    found: Found, fetch: Callable[[], bytes], limits: Limits, source: Source
) -> Generator[Opened, None, None]:
    """The documents of a file, at least one; ``fetch`` gives its bytes or raises OSError."""
    try:
        limits.check_bytes(found.size)
        data = fetch()
        limits.check_bytes(len(data))
    except ExtractionError as error:
        yield Opened("", True, Packed("", error), "")
    except OSError as error:
        said = error.strerror or str(error)
        closed = ExtractionError(Reason.DAMAGED, f"cannot be opened: {said}")
        yield Opened("", False, Packed("", closed), "")
    else:
        content = hashlib.sha256(data).hexdigest()
        for packed in sandbox.unpack(data, own_name("", found), limits, source):
            own = content if packed.content is data else _digest(packed)
            yield Opened(content, True, packed, own)


def piece_of(task: Task, opened: Opened) -> Piece:
    """The next document of a file."""
    packed = opened.packed
    name = own_name(packed.path, task.found)
    piece = Piece(
        task=task,
        ordinal=task.pieces,
        member=packed.path,
        name=name,
        content=opened.own,
        suffix=suffix_of(name),
        data=packed.content if isinstance(packed.content, bytes) else None,
        error=packed.content if isinstance(packed.content, ExtractionError) else None,
    )
    task.pieces += 1
    return piece


def own_name(member: str, found: Found) -> str:
    """The name that tells a reader the format; never one that cannot be written."""
    return PurePosixPath(member).name or os.fsencode(found.file.name).decode("utf-8", "replace")


def _digest(packed: Packed) -> str:
    return hashlib.sha256(packed.content).hexdigest() if isinstance(packed.content, bytes) else ""
