"""Finite limits for reading one file; all of them configurable."""

from __future__ import annotations

from dataclasses import dataclass

from classifier.errors import ExtractionError, Reason

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    Attributes:
        bytes: size of the file on disk.
        unpacked_bytes: sum of the unpacked members of a ZIP-based format (DOCX).
        pages: pages of a paged format.
        chars: characters of extracted text.
        seconds: wall time of one parse.
        memory: address space of the parsing process, in bytes.
    """

    bytes: int = 100 * MIB
    unpacked_bytes: int = 500 * MIB
    pages: int = 3000
    chars: int = 5_000_000
    seconds: float = 300.0
    memory: int = 4096 * MIB

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

    def check_chars(self, chars: int) -> None:
        if chars > self.chars:
            raise ExtractionError(Reason.TOO_LARGE, f"{chars} characters, limit {self.chars}")
