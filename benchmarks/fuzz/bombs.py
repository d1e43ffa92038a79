"""The whole catalogue of bombs, by kind of file."""

from __future__ import annotations

from . import bombs_container, bombs_markup, bombs_office, bombs_pages, bombs_pdf, bombs_text
from .bomb import Bomb

_KINDS = (bombs_container, bombs_markup, bombs_office, bombs_pages, bombs_pdf, bombs_text)


def bombs() -> tuple[Bomb, ...]:
    """All of them; their bytes are made on use."""
    return tuple(bomb for module in _KINDS for bomb in module.BOMBS)
