"""Files to read, found while they are read: folder by folder, in an order that does not change."""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol

from classifier.extract.suffixes import CONTAINER_SUFFIXES, FORMATS
from classifier.report.report import OUR_SUFFIXES

STORE_MARK = "ledger.sqlite"
"""A folder with this file in it is a store: nothing in it is a document to read."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A file on disk.

    Attributes:
        file: where to open it.
        key: tells the place apart from all others, and stays the same from run to run.
        scope_key: tells the folder that was given, or is the file's own where it was given.
        root: the folder that :attr:`path` is relative to.
        path: as shown to the user; a name that is no valid UTF-8 is replaced in part.
        size: in bytes; with ``mtime_ns`` and ``inode`` it tells whether the file was touched.
    """

    file: Path
    key: str
    scope_key: str
    root: str
    path: str
    size: int
    mtime_ns: int
    inode: int


class Listing(Protocol):
    """One pass over what is to be read; the attributes are those of :class:`Walk`."""

    skipped: int
    closed: list[str]
    given: list[str]
    scopes: set[str]

    def files(self) -> Iterator[Found]: ...


@dataclass(slots=True)
class Walk:
    """One pass over files and folders.

    Attributes:
        skipped: files of other formats, left out.
        closed: folders that could not be listed; what is in them is unknown.
        given: keys of the inputs.
        scopes: keys of the folders that were walked to their end.
    """

    inputs: Sequence[Path]
    skipped: int = 0
    closed: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)

    def files(self) -> Iterator[Found]:
        """Every file once, also where inputs overlap."""
        places = [_place(item) for item in self.inputs]
        self.given = [key_of(place) for place in places]
        root = _common(places)
        seen: set[str] | None = set() if len(places) > 1 else None
        for given, place, scope in zip(self.inputs, places, self.given, strict=True):
            closed = len(self.closed)
            for path in self._below(given) if given.is_dir() else (given,):
                own = place / path.relative_to(given)
                if (found := _found(path, own, root, scope)) is None:
                    continue
                if seen is not None:
                    if found.key in seen:
                        continue
                    seen.add(found.key)
                yield found
            if given.is_dir() and len(self.closed) == closed:
                self.scopes.add(scope)

    def _below(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            self.closed.append(str(folder))
            _LOG.warning("不能打开文件夹 cannot list %s: %s", folder, error.strerror)
            return
        if any(entry.name == STORE_MARK for entry in entries):
            return
        for entry in entries:
            if _is(entry, stat.S_ISDIR):
                yield from self._below(Path(entry.path))
            elif _is(entry, stat.S_ISREG):
                if is_document(entry.name):
                    yield Path(entry.path)
                else:
                    self.skipped += 1


def is_document(name: str) -> bool:
    """Whether a file found in a folder is one, not a report of ours or one of Word's locks."""
    suffix = PurePath(name).suffix.lower()
    readable = suffix in FORMATS or suffix in CONTAINER_SUFFIXES
    return readable and not name.endswith(OUR_SUFFIXES) and not name.startswith("~$")


def key_of(path: Path) -> str:
    """Tells an absolute path apart from all others."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:32]


def shown(path: Path) -> str:
    """A path that can be written everywhere: bytes that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def _place(given: Path) -> Path:
    """The same for the same place, however it was written; a link to a file stays one."""
    return given.resolve() if given.is_dir() else given.parent.resolve() / given.name


def _is(entry: os.DirEntry[str], kind) -> bool:
    """Whether it is of a kind; links lead to files, but not to folders, which may go in circles."""
    try:
        if kind is stat.S_ISDIR:
            return entry.is_dir(follow_symlinks=False)
        return entry.is_file()
    except OSError:
        return False


def _common(roots: Sequence[Path]) -> Path:
    if len(roots) == 1 and roots[0].is_dir():
        return roots[0]
    folders = [root if root.is_dir() else root.parent for root in roots]
    return Path(os.path.commonpath(folders))


def _found(path: Path, place: Path, root: Path, scope: str) -> Found | None:
    try:
        status = path.stat()
    except OSError as error:
        # Gone since it was listed, or a link into nowhere.
        _LOG.warning("文件已不在 cannot be found: %s: %s", path, error.strerror)
        return None
    return Found(
        file=path,
        key=key_of(place),
        scope_key=scope,
        root=shown(root),
        path=shown(place.relative_to(root)),
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
    )
