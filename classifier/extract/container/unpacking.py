"""What unpacking may cost, and the form in which every kind of container hands over its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from classifier.errors import ExtractionError, Reason
from classifier.limits import MIB, Limits

RATIO_FREE_BYTES: Final = 10 * MIB
"""Up to here a stream may unpack from nearly nothing: empty forms compress a thousandfold."""

CHUNK: Final = 256 * 1024
"""Bytes to ask a stream for at once."""

LOCKED: Final = "archive member with a password"
LINK: Final = "a link or device, not a file"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a container: its name as stored, and how to get its bytes.

    ``load`` is called at most once, before the next entry is asked for, and
    raises :class:`ExtractionError` where the entry has no bytes to give.
    """

    name: str
    load: Callable[[], bytes]


class Exhausted(ExtractionError):
    """The container as a whole has reached a limit: nothing more is unpacked."""


@dataclass(slots=True)
class Budget:
    """What is left of the limits for a container and those nested in it."""

    limits: Limits
    members: int = field(init=False, default=0)
    unpacked: int = field(init=False, default=0)

    def count(self) -> None:
        """Account for one more entry."""
        self.members += 1
        if self.members > self.limits.members:
            raise Exhausted(Reason.TOO_LARGE, f"more than {self.limits.members} members")

    def read(self, chunks: Iterable[bytes], packed: int) -> bytes:
        """All bytes of a member that takes up at most ``packed`` bytes in the container."""
        parts: list[bytes] = []
        size = 0
        for chunk in chunks:
            size += len(chunk)
            self.limits.check_bytes(size)
            check_ratio(size, packed, self.limits)
            self.charge(len(chunk))
            parts.append(chunk)
        return b"".join(parts)

    def charge(self, size: int) -> None:
        """Account for unpacked bytes, also of members that are given up half way."""
        self.unpacked += size
        if self.unpacked > self.limits.unpacked_bytes:
            limit = self.limits.unpacked_bytes / MIB
            raise Exhausted(Reason.TOO_LARGE, f"unpacks to more than {limit:.0f} MiB")


def check_ratio(size: int, packed: int, limits: Limits) -> None:
    """Raise TOO_LARGE for ``size`` bytes that came out of ``packed``, as only bombs do."""
    if size > RATIO_FREE_BYTES and size > limits.ratio * packed:
        raise ExtractionError(
            Reason.TOO_LARGE, f"unpacks to more than {limits.ratio} times its packed size"
        )


def chunks_of(source: IO[bytes]) -> Iterator[bytes]:
    """What is left in a stream, piece by piece."""
    while chunk := source.read(CHUNK):
        yield chunk
