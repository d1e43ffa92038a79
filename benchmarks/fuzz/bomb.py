"""A file made to exhaust, hang or mislead a reader, with the reason codes it may end in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

READ: Final = ("ok", "ok_partial")
REFUSED: Final = ("damaged", "too_large", "empty", "unsupported")


@dataclass(frozen=True, slots=True)
class Bomb:
    """``make`` builds the file; of a container any of its members may end in any of ``ends``."""

    name: str
    format: str
    make: Callable[[], bytes]
    ends: tuple[str, ...]
