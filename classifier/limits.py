"""Finite limits for reading one file; all of them configurable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from classifier.errors import ExtractionError, Reason

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    Attributes:
        bytes: size of the file on disk.
        unpacked_bytes: sum of the unpacked members of a ZIP-based format (DOCX), or of an
            archive or mail together with those nested in it.
        ratio: unpacked to packed size of one member, beyond the first 10 MiB of it.
        members: files in an archive or mail together with those nested in it.
        depth: archives and mails inside each other; 1 is one without any nested.
        pages: pages of a paged format.
        chars: characters of extracted text.
        sentences: sentences that are scored of one document; those beyond are left.
        seconds: wall time of one parse, without recognition.
        container_seconds: wall time of an archive or mail with all that is done with its members,
            scoring too; those not yet begun are left.
        memory: address space of the parsing process, in bytes.
        pixels: size of one picture or frame that is a file of its own.
        ocr: ``auto`` recognises pages without usable text, ``off`` leaves them.
        ocr_pages: pages recognised in one document; those beyond are left.
        ocr_seconds: wall time after which no further page of a document is recognised.
    """

    bytes: int = 100 * MIB
    unpacked_bytes: int = 500 * MIB
    ratio: int = 200
    members: int = 10_000
    depth: int = 5
    pages: int = 3000
    chars: int = 5_000_000
    sentences: int = 100_000
    seconds: float = 300.0
    container_seconds: float = 86_400.0
    memory: int = 4096 * MIB
    pixels: int = 100_000_000
    ocr: Literal["auto", "off"] = "auto"
    ocr_pages: int = 300
    ocr_seconds: float = 1800.0

    def check_bytes(self, size: int) -> None:
        if size > self.bytes:
            raise ExtractionError(
                Reason.TOO_LARGE, f"{size / MIB:.0f} MiB, limit {self.bytes / MIB:.0f} MiB"
            )

    def check_unpacked(self, size: int) -> None:
        if size > self.unpacked_bytes:
            raise ExtractionError(
                Reason.TOO_LARGE,
                f"unpacks to {size / MIB:.0f} MiB, limit {self.unpacked_bytes / MIB:.0f} MiB",
            )

    def check_pages(self, pages: int) -> None:
        if pages > self.pages:
            raise ExtractionError(Reason.TOO_LARGE, f"{pages} pages, limit {self.pages}")

    def check_pixels(self, width: int, height: int) -> None:
        if width * height > self.pixels:
            raise ExtractionError(
                Reason.TOO_LARGE, f"{width} × {height} pixels, limit {self.pixels}"
            )

    def check_chars(self, chars: int) -> None:
        if chars > self.chars:
            raise ExtractionError(Reason.TOO_LARGE, f"{chars} characters, limit {self.chars}")
