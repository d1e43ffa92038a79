"""Read plain text: one block per line, wrapped lines re-joined."""

from __future__ import annotations

import re

from classifier.document import Aside, AsideKind, Block, Document
from classifier.errors import Reason
from classifier.extract.language.charset import decode
from classifier.extract.language.headings import (
    is_contents_line,
    is_contents_title,
    is_numbered,
    with_headings,
)
from classifier.extract.language.normal import one_line
from classifier.extract.plain.markdown import is_markdown, markdown_document
from classifier.extract.plain.wrapping import paragraphs
from classifier.limits import Limits

_MIN_CONTENTS_LINES = 3
_MIN_BARE_LINES = 6
_PAGE = re.compile(r"(\d{1,4})\s*[-—]?\s*$")
_LEADER = re.compile(r"(?:[.．…·_][ \t]?){2}[^.．…·_]{1,10}$")
_BARE_PAGE = re.compile(r"[^\d\W]\s?(\d{1,3})\s*$")


def read_text(data: bytes, name: str, limits: Limits) -> Document:
    """Read text or Markdown (by extension, or by its marks) in any Chinese encoding.

    Raises :class:`ExtractionError` with UNSUPPORTED for binary data, TOO_LARGE over a limit.
    """
    limits.check_bytes(len(data))
    decoded = decode(data)
    limits.check_chars(len(decoded.text))
    notes = decoded.notes
    reason = Reason.OK_PARTIAL if decoded.damage else Reason.OK
    if is_markdown(name, decoded.text):
        return markdown_document(decoded.text, name, reason=reason, notes=notes)
    blocks, asides = _blocks(decoded.text)
    return Document.from_blocks(
        name, "text", with_headings(blocks), asides=tuple(asides), reason=reason, notes=notes
    )


def _blocks(text: str) -> tuple[list[Block], list[Aside]]:
    lines = text.splitlines()
    contents = _contents(lines)
    asides = [Aside(AsideKind.TABLE_OF_CONTENTS, one_line(lines[i])) for i in sorted(contents)]
    body = [line for i, line in enumerate(lines) if i not in contents]
    return [Block(paragraph) for paragraph in paragraphs(body)], asides


def _contents(lines: list[str]) -> set[int]:
    """Positions of the lines of a table of contents: runs of titles with page numbers.

    A single line that looks like one may be a row of a price list.
    """
    contents: set[int] = set()
    run: list[int] = []
    title: int | None = None
    for i, line in enumerate([*lines, "end"]):
        if is_contents_line(line) or (is_numbered(line) and _BARE_PAGE.search(line)):
            run.append(i)
        elif line.strip():
            if run and _is_contents([lines[at] for at in run], title is not None):
                contents.update(run if title is None else (title, *run))
            run, title = [], i if is_contents_title(line) else None
    return contents


def _is_contents(run: list[str], titled: bool) -> bool:
    numbered = sum(map(is_numbered, run)) * 2 > len(run)
    if (titled or len(run) >= _MIN_CONTENTS_LINES) and all(map(is_contents_line, run)):
        return numbered or _is_led_in_order(run)
    # Leaders and tabs are lost where text was copied; the pages must then go up.
    pages = [int(found[1]) for line in run if (found := _BARE_PAGE.search(line))]
    return numbered and len(pages) >= _MIN_BARE_LINES and pages == sorted(pages)


def _is_led_in_order(run: list[str]) -> bool:
    """Whether dots lead to every page number (``1 引言 ..... 2``), and these never go down."""
    tails = [line.rstrip()[-20:] for line in run]
    pages = [int(found[1]) for tail in tails if (found := _PAGE.search(tail))]
    return pages == sorted(pages) and all(map(_LEADER.search, tails))
