"""Page furniture: headers, footers, page numbers, watermarks and tables of contents.

Recognised by what repeats at one position from page to page, not by fixed margins alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifier.document import Aside, AsideKind
from classifier.extract.language.headings import (
    heading_level,
    is_contents_line,
    is_contents_title,
    is_numbered,
)
from classifier.extract.layout.lines import TextLine

MARGIN = 0.16
"""Share of the page height, from above and from below, that can hold headers and footers."""
DRIFT = 9.0
"""Points by which the same header may move between pages."""
DENSITY = 0.4
"""Share of the pages between first and last that a header must stand on (alternating: one half)."""

_DIGITS = re.compile(r"\d+")
_NUMERAL = r"(?:\d{1,4}|[IVXLivxl]{1,7})"
_PAGE_NUMBER = re.compile(
    rf"[\s\-—–~·•.|_]*(?:第\s*)?{_NUMERAL}(?:\s*页)?[\s\-—–~·•.|_]*"
    rf"(?:[,，/／|]?\s*(?:共|of|总)?\s*(?:计\s*)?{_NUMERAL}\s*页?)?[\s\-—–~·•.|_]*",
    re.IGNORECASE,
)
_CERTAIN = re.compile(r"第\s*\d+\s*页|[-—–]\s*\d+\s*[-—–]$|\d+\s*/\s*\d+$")
_PAGE_AT_END = re.compile(r"\D\s+[-—]?\s*\d{1,4}\s*[-—]?$")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where furniture is looked for on one page: lines and vertical extents of tables."""

    page: int
    height: float
    lines: tuple[TextLine, ...]
    tables: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    line: TextLine
    top: bool
    distance: float
    key: str


def find_furniture(sheets: Sequence[Sheet]) -> dict[int, Aside]:
    """Headers, footers and page numbers, keyed by the ``id`` of their line."""
    candidates = {sheet.page: _candidates(sheet) for sheet in sheets}
    repeated = _repeated([c for page in candidates.values() for c in page], len(sheets))
    found: dict[int, Aside] = {}
    for page in candidates.values():
        for top in (True, False):
            # From the edge of the page inwards: body text ends the furniture.
            for candidate in sorted(
                (c for c in page if c.top == top), key=lambda candidate: candidate.distance
            ):
                line = candidate.line
                certain = not top and _CERTAIN.search(line.text) and _is_number(line.text)
                if id(line) not in repeated and not certain:
                    break
                found[id(line)] = Aside(_kind(candidate), line.text, line.page)
    return found


def _candidates(sheet: Sheet) -> list[_Candidate]:
    found = []
    zone = MARGIN * sheet.height
    upper = min((top for top, _ in sheet.tables), default=sheet.height)
    lower = max((bottom for _, bottom in sheet.tables), default=0.0)
    for line in sheet.lines:
        key = "#" if _is_number(line.text) else _DIGITS.sub("#", line.text.replace(" ", ""))
        if line.box.bottom < zone and line.box.bottom <= upper + 2:
            found.append(_Candidate(line, True, line.box.top, key))
        elif line.box.top > sheet.height - zone and line.box.top >= lower - 2:
            found.append(_Candidate(line, False, sheet.height - line.box.bottom, key))
    return found


def _is_number(text: str) -> bool:
    return _PAGE_NUMBER.fullmatch(text) is not None


def _kind(candidate: _Candidate) -> AsideKind:
    if _is_number(candidate.line.text):
        return AsideKind.PAGE_NUMBER
    return AsideKind.HEADER if candidate.top else AsideKind.FOOTER


def _repeated(candidates: Iterable[_Candidate], pages: int) -> set[int]:
    """Ids of the lines that come back at the same position on enough pages."""
    groups: defaultdict[tuple[bool, str], list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.top, candidate.key].append(candidate)
    found: set[int] = set()
    for group in groups.values():
        for cluster in _clusters(group):
            if _comes_back(cluster, pages):
                found.update(id(candidate.line) for candidate in cluster)
    return found


def _clusters(group: Sequence[_Candidate]) -> list[list[_Candidate]]:
    clusters: list[list[_Candidate]] = []
    for candidate in sorted(group, key=lambda candidate: candidate.distance):
        if clusters and candidate.distance - clusters[-1][-1].distance <= DRIFT:
            clusters[-1].append(candidate)
        else:
            clusters.append([candidate])
    return clusters


def _comes_back(cluster: Sequence[_Candidate], pages: int) -> bool:
    numbers = sorted({candidate.line.page for candidate in cluster})
    if len(numbers) < (3 if pages > 3 else 2):
        return False
    if cluster[0].key == "#":
        return True
    if len(numbers) / (numbers[-1] - numbers[0] + 1) < DENSITY:
        return False
    texts = {candidate.line.text for candidate in cluster}
    return len(texts) == 1 or _counts_pages(cluster)


def _counts_pages(cluster: Sequence[_Candidate]) -> bool:
    """Whether a number in the text grows with the page; titles like 附件1 do not count."""
    if is_numbered(cluster[0].line.text):
        return False
    same = sum(candidate.line.text == cluster[0].line.text for candidate in cluster)
    if same > 0.5 * len(cluster):
        return True
    offsets = Counter(
        int(number) - candidate.line.page
        for candidate in cluster
        for number in set(_DIGITS.findall(candidate.line.text))
        if len(number) < 5
    )
    return bool(offsets) and offsets.most_common(1)[0][1] >= 0.6 * len(cluster)


def split_contents(lines: Sequence[TextLine]) -> tuple[list[TextLine], list[TextLine]]:
    """Body lines of a page, and those of a table of contents with its title."""
    entries = [is_contents_line(line.text) for line in lines]
    if sum(entries) >= 3:
        first, last = entries.index(True), len(entries) - 1 - entries[::-1].index(True)
        for i in range(first, last):
            # An entry too long for one line, or one without leader.
            entries[i] = entries[i] or any(entries[i + 1 : i + 3])
    else:
        entries = [False] * len(lines)
        title = next((i for i, line in enumerate(lines) if is_contents_title(line.text)), None)
        if title is None:
            return list(lines), []
        first, last = title + 1, title
    while last + 1 < len(lines) and _is_entry(lines[last + 1].text):
        last += 1
        entries[last] = True
    while first and _PAGE_AT_END.search(lines[first - 1].text):
        first -= 1
        entries[first] = True
    if sum(entries) < 3:
        return list(lines), []
    if first and is_contents_title(lines[first - 1].text):
        entries[first - 1] = True
    body = [line for line, entry in zip(lines, entries, strict=True) if not entry]
    return body, [line for line, entry in zip(lines, entries, strict=True) if entry]


def _is_entry(text: str) -> bool:
    """Whether a line that follows entries of a table of contents may be one without a leader."""
    return _PAGE_AT_END.search(text) is not None or heading_level(text) > 0


def split_watermarks(
    ghosts: Sequence[TextLine], pages: int
) -> tuple[list[TextLine], list[TextLine]]:
    """Huge pale lines that are body after all (a cover title), and those that repeat."""
    counts = Counter((line.text, round(line.box.top / DRIFT)) for line in ghosts)
    enough = 2 if pages <= 3 else 3
    body, marks = [], []
    for line in ghosts:
        seen = counts[line.text, round(line.box.top / DRIFT)]
        (marks if seen >= enough else body).append(line)
    return body, marks
