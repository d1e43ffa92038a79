"""Find out whether a text was wrapped at a fixed width, and undo that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from classifier.extract.language.headings import is_numbered
from classifier.extract.language.normal import clean, one_line

MIN_COLUMNS: Final = 60
"""Narrower lines are taken as meant; a full-width character is two columns."""

_END: Final = "。！？；：!?;:…"
_ITEM: Final = re.compile(r"[-*•·●○■□◆◇▪–—]\s")


@dataclass(frozen=True, slots=True)
class _Line:
    raw: str
    text: str
    width: int


def paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Texts of the paragraphs: every line one, except where a fixed width wrapped them."""
    parsed = [_Line(line, one_line(line), _columns(line)) for line in lines]
    wrap = _wrap_width(parsed)
    joined = ""
    previous: _Line | None = None
    for line in parsed:
        if joined and previous and not _is_continued(previous, line, wrap):
            yield joined
            joined = ""
        joined = _join(joined, line.text) if joined else line.text
        previous = line
    if joined:
        yield joined


def _columns(line: str) -> int:
    wide = sum(unicodedata.east_asian_width(char) in "WFA" for char in line.rstrip())
    return len(clean(line).rstrip()) + wide


def _wrap_width(lines: Sequence[_Line]) -> tuple[int, int]:
    """(width, slack): full lines are that wide, or by up to slack less; (0, 0) if not wrapped.

    Text that an editor wrapped ends lines within a character or two; text taken out of a
    PDF ends them less evenly, so it takes more lines to be sure.
    """
    widths = sorted(line.width for line in lines if line.text)
    long = [width for width in widths if width >= MIN_COLUMNS]
    if not long:
        return 0, 0
    best = long[int(len(long) * 0.97) - 1] if len(long) > 30 else long[-1]
    for slack, least, share in ((3, 4, 0.7), (12, 12, 0.6)):
        full = [line for line in lines if best - slack <= line.width <= best + 2]
        broken = sum(line.text[-1:] not in _END for line in full)
        if broken >= max(least, len(full) / 2) and len(full) >= share * len(long):
            return best, slack
    return 0, 0


def _is_continued(line: _Line, following: _Line, wrap: tuple[int, int]) -> bool:
    width, slack = wrap
    if not width or not following.text or line.width < width - slack - 3:
        return False
    indented = following.raw[:1] in (" ", "\t", "\u3000") and not line.raw[:1].isspace()
    is_item = is_numbered(following.text) or _ITEM.match(following.text) is not None
    return not indented and not is_item


def _join(left: str, right: str) -> str:
    needs_space = left[-1:].isascii() and right[:1].isascii() and right[:1].isalnum()
    return f"{left} {right}" if needs_space else left + right
