"""Chinese text in a terminal: broken at any character, where rich breaks at spaces only."""

from __future__ import annotations

import re
from itertools import accumulate

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

# What stays on one line: a run of letters, digits and ASCII marks, or one character; each with
# the closing punctuation after it, which must not begin a line.
_CLOSING = "，。、；：！？）》”’…"
_PIECE = re.compile(rf"(?:[!-~]+|.)[{_CLOSING}]*", re.DOTALL)
_LONGEST_RUN = 30


class Flowing:
    """A styled text that fills its lines."""

    def __init__(self, text: Text) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.text.divide(_breaks(self.text.plain, options.max_width))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        width = max(map(cell_len, self.text.plain.splitlines()), default=0)
        return Measurement(min(_LONGEST_RUN, width), width).with_maximum(options.max_width)


def _breaks(text: str, width: int) -> list[int]:
    """Offsets at which a new line begins."""
    pieces = [part for piece in _PIECE.findall(text) for part in _parts(piece, width)]
    breaks, filled = [], 0
    for piece, at in zip(pieces, accumulate(map(len, pieces), initial=0), strict=False):
        size = cell_len(piece)
        if filled and filled + size > width:
            breaks.append(at)
            filled = 0
        filled += size
    return breaks


def _parts(piece: str, width: int) -> list[str]:
    """The piece, or its characters if a line cannot hold it."""
    return [piece] if cell_len(piece) <= width else list(piece)
