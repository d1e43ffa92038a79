"""From printed lines to paragraphs, headings and list items.

A line continues the paragraph above where the writer's program had to break it: the
first word of the next line did not fit any more.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median_low

from classifier.document import Block, BlockKind, Box, Line
from classifier.extract.language.han import is_han
from classifier.extract.language.headings import is_numbered, with_headings
from classifier.extract.layout.lines import TextLine

_BULLET = re.compile(r"[•●■◆▪▶►➢➤✓✔√□☑☐○◇❖※★☆▲△◦‣·*→]\s*\S|[-–—]\s+\S")
_CLOSING = "，。、；：！？）》」』】〕”’…％%,.;:!?)]}"
_CLOSING_FULL = "，。、；：！？）》」』】〕”’"
_OPENING = "（《「『【〔“‘([{"
_WORD = re.compile(rf"[{re.escape(_OPENING)}]*(?:[!-~]+|.)[{re.escape(_CLOSING)}]*")
_STOPPED = re.compile(r"[。；;！!？?：:]['\"”’）)】]*$")
_PAUSED = re.compile(r"[，,、（(“《及和与或的为按在由对至]$")
_WORD_CUT = re.compile(r"[0-9A-Za-z.,]$")
_LABEL = re.compile(r"[^：:]{1,8}[：:]\s?(?=.)|\S{1,6}\s+(?=\S)")
_MOMENT = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}$")
_TITLE_STOP = re.compile(r"[。；;！!？?，,…：:]")


# Blanks to fill in and signatures are not titles, however large.
_FORM = re.compile(
    r"_{2,}|[（(](?:公章|盖章|签字|签章|签名|加盖)|^\W*年?\W*月\W*日\W*$|无正文|本页"
)
_HUGE, _LARGE = 1.35, 1.12
_SMALLEST = 0.5
"""Font size in points below which text has none: it would be divided by."""
"""Font sizes, in units of the body's, of titles of the first and second level."""
_DEEPEST = 9
_PAGE_OF_TEXT = 300
"""Characters from which the commonest font size of a page is that of its body."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Printed lines that belong together, in order."""

    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        return join([self])[0]

    @property
    def numbered(self) -> bool:
        return starts_item(self.lines[0].text)


def starts_item(text: str) -> bool:
    """Whether a line begins with a number or a bullet."""
    return is_numbered(text) or _BULLET.match(text) is not None


def join(paragraphs: Sequence[Paragraph]) -> tuple[str, tuple[Line, ...]]:
    """Text of the paragraphs (one line feed between them) and the place of every printed line."""
    parts: list[str] = []
    lines: list[Line] = []
    at = 0
    for paragraph in paragraphs:
        for i, line in enumerate(paragraph.lines):
            glue = _glue(parts[-1], line.text) if i else "\n" if parts else ""
            if glue:
                parts.append(glue)
                at += 1
            end = at + len(line.text)
            parts.append(line.text)
            lines.append(Line(at, end, line.page, line.box, line.edges, line.confidence))
            at = end
    return "".join(parts), tuple(lines)


def _glue(before: str, after: str) -> str:
    if not before or not after:
        return ""
    a, b = before[-1], after[0]
    if a in "-/_" or a > "\u2000" or b > "\u2000":
        return ""
    if a.isdecimal() and b.isdecimal() and " " not in before and before.isascii():
        # A number too long for a narrow cell.
        return " " if _MOMENT.search(before) else ""
    return " " if a.isalnum() or a in ",.;:)" else ""


def cell_paragraphs(lines: Sequence[TextLine], box: Box) -> list[Paragraph]:
    """Paragraphs of a table cell, whose text may be centred."""
    if not lines:
        return []
    left = min(line.box.x0 for line in lines) - box.x0
    right = box.x1 - max(line.box.x1 for line in lines)
    padding = max(min(left, right, 6.0), 1.0)
    width = box.x1 - box.x0 - 2 * padding
    pitch = median_low(pitches) if (pitches := [*_pitches(lines)]) else 0.0
    paragraphs = [[lines[0]]]
    for line in lines[1:]:
        above = paragraphs[-1][-1]
        word = _word_width(line) + 0.1 * line.size
        full = above.width + word > width or above.box.x1 + word > box.x1 - padding
        split = _WORD_CUT.search(above.text) and line.text[0].isdecimal()
        item = starts_item(line.text) and not split and not _PAUSED.search(above.text)
        turned = above.style.angle or line.style.angle
        apart = above.page == line.page and _pitch(above, line) > 1.6 * pitch
        if turned or not full or item or apart:
            paragraphs.append([line])
        else:
            paragraphs[-1].append(line)
    return [Paragraph(tuple(group)) for group in paragraphs]


def _pitches(lines: Sequence[TextLine]) -> Iterator[float]:
    for above, line in pairwise(lines):
        if above.page == line.page and _pitch(above, line) > 0.5 * line.size:
            yield _pitch(above, line)


def _pitch(above: TextLine, line: TextLine) -> float:
    """Distance of the middles: fonts of one line differ in ascent and descent."""
    return (line.box.top + line.box.bottom - above.box.top - above.box.bottom) / 2


def _word_width(line: TextLine) -> float:
    """Width of what could not be parted from the first character of a line."""
    found = _WORD.match(line.text)
    end = found.end() if found else 1
    if line.edges:
        return line.edges[min(end, len(line.edges) - 1)] - line.edges[0]
    return line.size * end


class Margins:
    """Left and right margin of the text, for every kind of page and column.

    The right one is measured on the page where enough of its lines end at one place, else
    on all pages of the same width (``widths``, by page).
    """

    def __init__(self, lines: Iterable[TextLine], widths: Mapping[int, float]) -> None:
        kinds: defaultdict[tuple[int, int], list[TextLine]] = defaultdict(list)
        pages: defaultdict[tuple[int, int], list[TextLine]] = defaultdict(list)
        for line in lines:
            kinds[round(widths[line.page] / 20), line.region].append(line)
            pages[line.page, line.region].append(line)
        usual = {kind: _margins(group) for kind, group in kinds.items()}
        self._pages = {
            (page, region): _page_margins(group, usual[round(widths[page] / 20), region])
            for (page, region), group in pages.items()
        }

    def of(self, line: TextLine) -> tuple[float, float]:
        return self._pages[line.page, line.region]


def _margins(lines: Sequence[TextLine]) -> tuple[float, float]:
    left = _settled_left(lines) or min(line.box.x0 for line in lines)
    settled = _settled_right(lines, 3)
    if settled is not None:
        return left, settled
    # Ragged text; a few lines overrun the margin (long words, hanging punctuation).
    rights = sorted(line.box.x1 for line in lines)
    return left, rights[-1 - len(rights) // 50]


def _settled_left(lines: Sequence[TextLine]) -> float | None:
    """The leftmost place where more than one line in ten begins."""
    starts = Counter(round(line.box.x0) for line in lines)
    return min((float(x) for x, n in starts.items() if n >= max(2, 0.1 * len(lines))), default=None)


def _settled_right(lines: Sequence[TextLine], least: int) -> float | None:
    """Where most of the wide lines end, if justified text makes them end at one place."""
    widest = max(line.width for line in lines)
    wide = [line for line in lines if line.width > 0.6 * widest]
    # Punctuation may hang beyond the margin.
    ends = [line.box.x1 for line in wide if line.text[-1] not in _CLOSING]
    if not ends:
        return None
    counts = Counter(round(x) for x in ends)
    near = {x: counts[x - 1] + n + counts[x + 1] for x, n in counts.items()}
    right = max(near, key=lambda x: (near[x], x))
    return right + 0.5 if near[right] >= max(least, 0.25 * len(ends)) else None


def _page_margins(lines: Sequence[TextLine], usual: tuple[float, float]) -> tuple[float, float]:
    left, right = usual
    settled = _settled_right(lines, 5)
    over = [line for line in lines if settled and line.box.x1 > settled + 8]
    if settled is not None and sum(line.text[-1] not in _CLOSING for line in over) < 3:
        right = settled
    return _settled_left(lines) or left, right


def paragraphs(lines: Sequence[TextLine], margins: Margins) -> list[Paragraph]:
    """Put consecutive printed lines, in reading order, together to paragraphs."""
    groups: list[list[TextLine]] = []
    for line in lines:
        if groups and _continues(groups[-1], line, margins):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [Paragraph(tuple(group)) for group in groups]


def _continues(group: Sequence[TextLine], line: TextLine, margins: Margins) -> bool:
    above = group[-1]
    if above.style.angle or line.style.angle or abs(line.size / above.size - 1) > 0.12:
        return False
    left, right = margins.of(above)
    if _is_centred(above, left, right) and _is_centred(line, *margins.of(line)):
        return above.width > 0.8 * (right - left) and not starts_item(line.text)
    if line.text[0] in _CLOSING_FULL:
        return True
    if _is_apart(group, line) or _is_indented(group, line, margins):
        return False
    end = above.box.x1 if _ends(above) else above.reach
    within = _is_within(group, line, margins)
    # Within a paragraph the margin need not be met closely, unless a sentence ends there.
    slack = -3 * line.size if within and not _ends(above) else 0.02 * line.size
    if end + _word_width(line) <= right + slack:
        return False
    return not starts_item(line.text) or _runs_on(group, line, within)


def _is_centred(line: TextLine, left: float, right: float) -> bool:
    middle = (line.box.x0 + line.box.x1) / 2
    return line.box.x0 > left + 2.5 * line.size and abs(middle - (left + right) / 2) < line.size


def _is_apart(group: Sequence[TextLine], line: TextLine) -> bool:
    """Whether the gap above a line is larger than between the lines of one paragraph."""
    above = group[-1]
    if above.page != line.page or above.region != line.region:
        return False
    pitch = _pitch(above, line)
    if len(group) > 1 and group[-2].page == above.page and group[-2].region == above.region:
        return pitch > 1.6 * _pitch(group[-2], above)
    return pitch > 3.2 * line.size or pitch < 0


def _is_indented(group: Sequence[TextLine], line: TextLine, margins: Margins) -> bool:
    """Whether a line starts further right than a continuation of this paragraph would."""
    size = line.size
    start = line.box.x0 - margins.of(line)[0]
    first = group[0].box.x0 - margins.of(group[0])[0]
    if len(group) > 1:
        usual = group[1].box.x0 - margins.of(group[1])[0]
        return abs(start - usual) > 1.2 * size
    if start - first > 1.2 * size:
        return not _hangs(group[0], start - first)
    left, right = margins.of(group[0])
    if first > 6 * size and start > size and group[0].width < 0.5 * (right - left):
        # Signature blocks on the right.
        return True
    # A paragraph of one full line that is followed by another first line.
    return start > 1.2 * size and abs(start - first) < 0.5 * size and _ends(group[-1])


def _hangs(first: TextLine, indent: float) -> bool:
    """Whether an indent aligns with the text after the number or label of the first line."""
    label = _LABEL.match(first.text)
    at = label.end() if label and first.edges else 0
    if at and abs(first.edges[at] - first.edges[0] - indent) < 0.8 * first.size:
        return True
    return starts_item(first.text) and indent < 5 * first.size


def _ends(line: TextLine) -> bool:
    return _STOPPED.search(line.text) is not None


def _is_within(group: Sequence[TextLine], line: TextLine, margins: Margins) -> bool:
    """Whether a line stands where only lines after the first of a paragraph do."""
    first = group[0].box.x0 - margins.of(group[0])[0]
    start = line.box.x0 - margins.of(line)[0]
    if len(group) > 1:
        usual = group[1].box.x0 - margins.of(group[1])[0]
        return abs(usual - first) > line.size and abs(start - usual) < 0.5 * line.size
    return first > 1.2 * line.size and start < 0.6 * line.size


def _runs_on(group: Sequence[TextLine], line: TextLine, within: bool) -> bool:
    """Whether a line that looks numbered only happens to begin so: …不少于 / 3.5 万元."""
    return not _ends(group[-1]) and (within or _PAUSED.search(group[-1].text) is not None)


class Look:
    """What is usual in a document: font size of the body, on every page too, and weight."""

    def __init__(self, lines: Iterable[TextLine]) -> None:
        sizes: Counter[float] = Counter()
        pages: defaultdict[int, Counter[float]] = defaultdict(Counter)
        bold = 0
        for line in lines:
            size = max(round(line.size * 2) / 2, _SMALLEST)
            sizes[size] += len(line.text)
            pages[line.page][size] += len(line.text)
            bold += len(line.text) if line.style.bold else 0
        self._size = sizes.most_common(1)[0][0] if sizes else 10.5
        self._pages = {
            page: max(self._size, count.most_common(1)[0][0])
            for page, count in pages.items()
            if count.total() >= _PAGE_OF_TEXT
        }
        self.bold_stands_out = bold < 0.3 * sizes.total()

    def size(self, page: int) -> float:
        """Font size of the body on a page."""
        return self._pages.get(page, self._size)


def blocks(items: Sequence[Paragraph], look: Look) -> list[Block]:
    """Headings, list items and paragraphs, told by their numbers and by their font."""
    found: list[Block] = []
    bold: list[int] = []
    for at, item in enumerate(items):
        text, lines = join([item])
        size = min(line.size for line in item.lines) / look.size(lines[0].page or 0)
        stands_out = look.bold_stands_out and all(line.style.bold for line in item.lines)
        kind, level = BlockKind.PARAGRAPH, 0
        if item.numbered:
            kind = BlockKind.LIST_ITEM
            if stands_out or size >= _LARGE:
                bold.append(at)
        elif len(item.lines) <= 2 and _is_title(text):
            level = 1 if size >= _HUGE else 2 if size >= _LARGE else 0
            if not level and stands_out and len(text) <= 25:
                bold.append(at)
        kind = BlockKind.HEADING if level else kind
        found.append(Block(text, kind, level, page=lines[0].page, lines=lines))
    marked = with_headings(found, bold)
    for at in bold:
        if marked[at].kind is BlockKind.PARAGRAPH:
            # A bold line without a number stands below all headings around it.
            marked[at] = replace(marked[at], kind=BlockKind.HEADING, level=_DEEPEST)
    return marked


def _is_title(text: str) -> bool:
    if len(text) > 40 or _TITLE_STOP.search(text) or _FORM.search(text):
        return False
    return any(is_han(char) or char.isalpha() for char in text)
