"""Files behind URLs: S3-compatible and other stores, HDFS, listed folder by folder.

pyarrow opens what it knows (``s3``, ``hdfs``, ``gs``, ``abfss``), fsspec the rest.
"""

from __future__ import annotations

import hashlib
import logging
import posixpath
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pyarrow import ArrowInvalid
from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType, FSSpecHandler, PyFileSystem

from classifier.archive.errors import SourceError
from classifier.archive.walk import STORE_MARK, Found, is_document

_LOG = logging.getLogger(__name__)


def is_url(given: str) -> bool:
    return "://" in given


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or file behind a URL.

    Attributes:
        url: as shown and kept: without user, password and options.
        path: in the file system.
    """

    url: str
    filesystem: FileSystem
    path: str
    info: FileInfo

    @property
    def key(self) -> str:
        return _key(self.url)

    @classmethod
    def open(cls, url: str) -> Source:
        """Raises SourceError where it cannot be opened, or is not there."""
        shown = _without_secrets(url)
        try:
            filesystem, path = _filesystem(url)
            info = filesystem.get_file_info(path.rstrip("/") or path)
        except (OSError, ValueError, ImportError) as error:
            said = str(error).replace(url, shown)
            raise SourceError(f"不能打开 cannot open {shown}: {said[:300]}") from error
        if info.type == FileType.NotFound:
            raise SourceError(f"没有这个文件 no such file: {shown}")
        return cls(shown.rstrip("/"), filesystem, info.path, info)


@dataclass(slots=True)
class RemoteWalk:
    """One pass over what URLs name; see :class:`~classifier.archive.walk.Walk`."""

    inputs: Sequence[Source]
    skipped: int = 0
    closed: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)

    @property
    def sources(self) -> dict[str, FileSystem]:
        """File systems by the key of the input."""
        return {source.key: source.filesystem for source in self.inputs}

    def files(self) -> Iterator[Found]:
        """Every file once, also where inputs overlap."""
        self.given = [source.key for source in self.inputs]
        seen: set[str] | None = set() if len(self.inputs) > 1 else None
        for source in self.inputs:
            closed = len(self.closed)
            is_file = source.info.type == FileType.File
            for info in (source.info,) if is_file else self._below(source, source.path):
                found = _found(source, info)
                if seen is not None:
                    if found.key in seen:
                        continue
                    seen.add(found.key)
                yield found
            if not is_file and len(self.closed) == closed:
                self.scopes.add(source.key)

    def _below(self, source: Source, folder: str) -> Iterator[FileInfo]:
        try:
            listed = source.filesystem.get_file_info(FileSelector(folder))
        except (OSError, ValueError) as error:
            self.closed.append(folder)
            _LOG.warning("不能打开文件夹 cannot list %s: %s", folder, error)
            return
        if any(info.base_name == STORE_MARK for info in listed):
            return
        for info in sorted(listed, key=lambda info: info.base_name):
            if info.type == FileType.Directory:
                yield from self._below(source, info.path)
            elif info.type == FileType.File:
                if is_document(info.base_name):
                    yield info
                else:
                    self.skipped += 1


def _filesystem(url: str) -> tuple[FileSystem, str]:
    try:
        return FileSystem.from_uri(url)
    except ArrowInvalid as error:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise error from None
        opened, path = url_to_fs(url)
        return PyFileSystem(FSSpecHandler(opened)), path


def _found(source: Source, info: FileInfo) -> Found:
    below = posixpath.relpath(info.path, source.path)
    own = source.url if below == "." else f"{source.url}/{below}"
    # Without a time of change a file is opened again each run; its content then tells.
    changed = info.mtime_ns if info.mtime_ns is not None else time.time_ns()
    root, path = (source.url, below) if below != "." else own.rsplit("/", 1)
    return Found(
        file=Path(info.path),
        key=_key(own),
        scope_key=source.key,
        root=root,
        path=path,
        size=info.size,
        mtime_ns=changed,
        inode=0,
    )


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _key(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:32]
