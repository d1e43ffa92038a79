"""The originals of stored documents: their bytes, and their pages as pictures."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path

from classifier.errors import ExtractionError, ReviewError
from classifier.extract import sandbox
from classifier.extract.container.walk import Packed
from classifier.limits import Limits
from classifier.review import page_image
from classifier.review.model import StoredDocument

_FILES = 2
_PAGES = 24
"""So many are kept; a page is some 300 kB."""
_AT_ONCE = 2
"""Child processes that draw pages."""


class Originals:
    """Reads originals as they are asked for and keeps the last ones; safe between threads."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._pages: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._drawing = threading.Semaphore(_AT_ONCE)

    def content(self, document: StoredDocument) -> bytes:
        """The very bytes that were scored.

        Raises:
            ReviewError: the original is gone, or is another file now.
        """
        key = document.sha256
        with self._lock:
            if key not in self._files:
                self._files[key] = self._read(document)
                while len(self._files) > _FILES:
                    self._files.popitem(last=False)
            self._files.move_to_end(key)
            return self._files[key]

    def _read(self, document: StoredDocument) -> bytes:
        if document.original is None:
            raise ReviewError("没有原件 the original is not at hand")
        return find(document.original, document.member, document.sha256, self.limits)

    def page(self, document: StoredDocument, number: int) -> bytes:
        """A page as a PNG file, pages from 1.

        Raises:
            ReviewError: it cannot be shown; the message says why.
        """
        if document.format not in page_image.FORMATS:
            raise ReviewError("这种格式没有页面图像 pages of this format cannot be shown")
        if not 1 <= number <= len(document.page_sizes):
            raise ReviewError("没有这一页 no such page")
        key = (document.sha256, number)
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
                return self._pages[key]
        content = self.content(document)
        try:
            with self._drawing:
                picture = page_image.draw(content, document.format, number, self.limits)
        except ExtractionError as error:
            raise ReviewError(f"这一页画不出来 the page cannot be drawn ({error})") from error
        with self._lock:
            self._pages[key] = picture
            while len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        return picture


def find(path: Path, member: str, sha256: str, limits: Limits) -> bytes:
    """The bytes with this hash: of a file, or of a member of the archive or mail it is.

    Raises:
        ReviewError: the file cannot be opened, or holds something else now.
    """
    try:
        limits.check_bytes(path.stat().st_size)
        data = path.read_bytes()
    except (OSError, ExtractionError) as error:
        raise ReviewError("原件已不在原处或打不开 the original cannot be opened") from error
    for packed in sandbox.unpack(data, path.name, limits) if member else (Packed("", data),):
        content = packed.content
        if isinstance(content, bytes) and hashlib.sha256(content).hexdigest() == sha256:
            return content
    raise ReviewError("原件已改动 the original has changed since it was scored")
