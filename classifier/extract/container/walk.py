"""Files inside archives and mails, one after the other, under limits shared by all of them.

Nothing is ever written under a name from an archive: names are labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.container.mail_members import is_mail
from classifier.extract.container.tar_members import is_tar
from classifier.extract.container.unpacking import Budget, Entry, Exhausted
from classifier.limits import Limits

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_SIGNATURES: Final = (
    *((magic, "zip") for magic in _ZIP),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "packed"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ\0", "packed"),
    (b"\x28\xb5\x2f\xfd", "packed"),
)
_READERS: Final = {
    "zip": ("zip_members", "entries"),
    "rar": ("libarchive_members", "entries_rar"),
    "7z": ("libarchive_members", "entries_7z"),
    "tar": ("tar_members", "entries_tar"),
    "packed": ("tar_members", "entries_packed"),
    "mail": ("mail_members", "entries"),
}
# Parts that make a ZIP file one document: Office Open XML, OFD, EPUB, OpenDocument.
_PACKAGE: Final = frozenset(
    re.findall(
        r"\S+",
        "[content_types].xml _rels/.rels word/document.xml xl/workbook.xml ppt/presentation.xml"
        " docprops/app.xml docprops/core.xml doc_0/document.xml ofd.xml mimetype"
        " meta-inf/container.xml meta-inf/manifest.xml content.xml",
    )
)
_JUNK: Final = re.compile(
    r"(?:^|/)(?:__MACOSX/|\._|~\$|\.~lock\.|(?:\.DS_Store|Thumbs\.db|desktop\.ini)$)", re.IGNORECASE
)
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_MAX_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class Packed:
    """A file out of a container, not yet read, or why there are no bytes to read.

    ``path`` is its label: the names of nested containers and its own, joined
    by ``/``; empty for the file that was given, or where the error is about
    that file as a whole.
    """

    path: str
    content: bytes | ExtractionError


@dataclass(slots=True)
class Unpacking:
    """One walk through a container; ``skipped`` counts system and lock files left out."""

    limits: Limits
    skipped: int = 0

    def walk(self, data: bytes, name: str) -> Iterator[Packed]:
        """Every file in the container and in those nested in it, in stored order.

        A file that is no container comes back as it is. A damaged container
        gives what could be read of it and then an error under its own path.
        """
        budget = Budget(self.limits)
        try:
            yield from self._walk(Packed("", data), data, name, 1, budget)
        except Exhausted as error:
            yield Packed("", ExtractionError(error.reason, error.detail))

    def _walk(
        self, packed: Packed, data: bytes, name: str, depth: int, budget: Budget
    ) -> Iterator[Packed]:
        kind = kind_of(data)
        if kind is None:
            yield packed
            return
        if depth > self.limits.depth:
            deep = f"nested more than {self.limits.depth} deep"
            yield Packed(packed.path, ExtractionError(Reason.TOO_LARGE, deep))
            return
        found = False
        try:
            for entry in _reader(kind)(data, name, budget):
                budget.count()
                if _JUNK.search(entry.name):
                    self.skipped += 1
                    continue
                found = True
                yield from self._enter(packed.path, entry, depth, budget)
            if not found:
                raise ExtractionError(Reason.EMPTY, f"no files in this {kind} container")
        except Exhausted:
            raise
        except ExtractionError as error:
            yield Packed(packed.path, error)

    def _enter(self, above: str, entry: Entry, depth: int, budget: Budget) -> Iterator[Packed]:
        label = _label(entry.name)
        path = f"{above}/{label}" if above else label
        try:
            if _leads_out(entry.name):
                raise ExtractionError(Reason.UNSUPPORTED, "its name leads out of the archive")
            data = entry.load()
        except Exhausted:
            raise
        except ExtractionError as error:
            yield Packed(path, error)
        except MemoryError:
            yield Packed(path, ExtractionError(Reason.OUT_OF_MEMORY, "while unpacking"))
        else:
            yield from self._walk(Packed(path, data), data, label, depth + 1, budget)


def may_be_container(data: bytes) -> bool:
    """Whether it is worth asking :func:`kind_of`, told from the first bytes alone."""
    return _by_signature(data) is not None or is_tar(data) or is_mail(data)


def kind_of(data: bytes) -> str | None:
    """``zip``, ``rar``, ``7z``, ``tar``, ``packed`` or ``mail``; nothing for a single document."""
    kind = _by_signature(data)
    if kind == "zip" and _is_package(data):
        return None
    if kind is None and is_tar(data):
        return "tar"
    return "mail" if kind is None and is_mail(data) else kind


def _by_signature(data: bytes) -> str | None:
    return next((kind for magic, kind in _SIGNATURES if data.startswith(magic)), None)


def _is_package(data: bytes) -> bool:
    """Whether a ZIP file is an Office document or the like."""
    from classifier.extract.container.zip_members import names

    return any(name.replace("\\", "/").lstrip("/").lower() in _PACKAGE for name in names(data))


def _reader(kind: str) -> Callable[[bytes, str, Budget], Iterator[Entry]]:
    module, function = _READERS[kind]
    return getattr(import_module(f"classifier.extract.container.{module}"), function)


def _leads_out(name: str) -> bool:
    return name.startswith("/") or bool(_DRIVE.match(name)) or ".." in name.split("/")


def _label(name: str) -> str:
    """The name as it may be shown: one that cannot steer a terminal or pose as another path."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in name)
    parts = [part[:_MAX_NAME] for part in shown.split("/") if part not in ("", ".")]
    return "/".join(parts) or "unnamed"
