"""Files made to exhaust, hang or mislead a reader, each with the reason codes it may end in.

A code of several members is that of any of them. ``READ`` stands for a result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

READ: Final = ("ok", "ok_partial")
REFUSED: Final = ("damaged", "too_large", "empty", "unsupported")


@dataclass(frozen=True, slots=True)
class Bomb:
    """``make`` builds the file; ``ends`` are the reason codes that are right for it."""

    name: str
    format: str
    make: Callable[[], bytes]
    ends: tuple[str, ...]


def bombs() -> tuple[Bomb, ...]:
    """The whole catalogue, by kind of file."""
    from . import (
        bombs_container,
        bombs_markup,
        bombs_office,
        bombs_pages,
        bombs_pdf,
        bombs_text,
    )

    kinds = (bombs_container, bombs_markup, bombs_office, bombs_pages, bombs_pdf, bombs_text)
    return tuple(bomb for module in kinds for bomb in module.BOMBS)
