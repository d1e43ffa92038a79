"""Text that acts nowhere: what a terminal or the eye would take for more than text is shown.

A terminal takes control characters for commands (ECMA-48; the C1 controls in UTF-8 too), and
direction overrides let a text read other than it is (CVE-2021-42574). Every such character is
replaced by one other, so that offsets into the text stay right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

REPLACED: Final = "\ufffd"
# Unicode's categories Cc, Cf, Cs, Zl and Zp: controls, direction and zero width, surrogates.
_ACTING: Final = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_FOUND: Final = re.compile(f"[{_ACTING}]")
_SPACES: Final = str.maketrans("\t\r\n", "   ")


def visible(text: str) -> str:
    """Text of a document or a name on one line; as long as it was."""
    return _FOUND.sub(REPLACED, text.translate(_SPACES))


def visible_lines(text: str) -> str:
    """The same for text of ours around it: line feeds stay."""
    return _FOUND.sub(REPLACED, text.replace("\t", " "))


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in which such characters are escaped: whoever parses it gets them back.

    Chinese stays as it is. Standard output may be a terminal, and JSON by itself escapes only the
    first of the control characters (RFC 8259, section 7).
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _FOUND.sub(lambda found: json.dumps(found[0])[1:-1], text)


class HarmlessConsole(Console):
    """A console whose own styles reach the terminal and nobody else's."""

    def __init__(self, stderr: bool = False) -> None:
        # A file may be called "[red]" or ":bomb:".
        super().__init__(stderr=stderr, markup=False, emoji=False)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        options = self.options if options is None else options
        if isinstance(renderable, str):
            renderable = self.render_str(
                renderable, highlight=options.highlight, markup=options.markup
            )
        if isinstance(renderable, Text) and _FOUND.search(renderable.plain):
            # Before lines are broken: what is not seen has no width, what replaces it has.
            renderable = renderable.copy()
            renderable.plain = visible_lines(renderable.plain)
        return _harmless(super().render(renderable, options))


def _harmless(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        if segment.control is None and _FOUND.search(segment.text):
            yield Segment(visible_lines(segment.text), segment.style)
        else:
            yield segment
