"""From the glyphs of a page to printed lines in reading order.

All lengths are PDF points, the origin is the top left corner of the page as displayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.document import Box
from classifier.extract.layout.line_text import compose
from classifier.extract.layout.turning import turn

BODY = -1
"""Region of glyphs that belong to no table cell."""
GHOST = -2
"""Region of huge pale glyphs, which may be a watermark."""
LEFT, RIGHT = -3, -4
"""Regions of a page set in two columns."""
_MAX_WIDTH = 20_000.0


class Style(NamedTuple):
    """Look of a run: bold face, pale ink, direction in whole degrees clockwise, font size or 0."""

    bold: bool = False
    pale: bool = False
    angle: int = 0
    size: float = 0.0


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of one page in content order.

    ``codes`` are n Unicode code points, ``boxes`` is n × 4: left, top, right, bottom,
    where the height is about the font size and the width the advance. ``confidence``
    (n numbers, 0 to 1) is there where they were recognised from a picture.
    """

    codes: NDArray[np.int32]
    boxes: NDArray[np.float32]
    confidence: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def where(self, mask: NDArray[np.bool_]) -> Glyphs:
        """The glyphs that ``mask`` (n truth values) marks."""
        confidence = None if self.confidence is None else self.confidence[mask]
        return Glyphs(self.codes[mask], self.boxes[mask], confidence)


@dataclass(frozen=True, slots=True)
class TextLine:
    """One printed line: ``edges`` as in :class:`classifier.document.Line`, ``size`` of its font.

    ``reach`` is its right end with the blanks after the last character (blanks to fill in),
    ``confidence`` the mean of its recognised characters.
    """

    text: str
    page: int
    box: Box
    edges: tuple[float, ...]
    size: float
    reach: float
    style: Style = PLAIN
    region: int = BODY
    confidence: float | None = None

    @property
    def width(self) -> float:
        return self.box.x1 - self.box.x0


class _Run(NamedTuple):
    start: int
    end: int
    box: tuple[float, float, float, float]
    region: int
    style: Style


def run_starts(glyphs: Glyphs, regions: NDArray[np.int32]) -> NDArray[np.intp]:
    """Indices where a run begins: glyphs of one region that stand side by side on one line."""
    if not len(glyphs):
        return np.zeros(0, np.intp)
    x0, top, x1, bottom = glyphs.boxes.T
    height = bottom - top
    low = np.minimum(height[1:], height[:-1])
    overlap = np.minimum(bottom[1:], bottom[:-1]) - np.maximum(top[1:], top[:-1])
    broken = (
        (regions[1:] != regions[:-1])
        | (overlap < 0.5 * low)
        | (x0[1:] < x0[:-1] - 0.3 * low)
        | (x0[1:] - x1[:-1] > 1.5 * low)
        | (np.maximum(height[1:], height[:-1]) > 1.4 * low)
    )
    return np.concatenate(([0], np.flatnonzero(broken) + 1))


def read_lines(
    glyphs: Glyphs,
    regions: NDArray[np.int32],
    starts: NDArray[np.intp],
    styles: Sequence[Style],
    page: int,
    size: tuple[float, float],
) -> dict[int, list[TextLine]]:
    """Lines of every region, top to bottom; text that is turned keeps its region.

    ``styles`` has one entry per run. Body text in two columns comes as LEFT and RIGHT,
    with BODY for what crosses both.
    """
    if not len(glyphs):
        return {}
    upright: dict[int, list[_Run]] = {}
    turned: dict[tuple[int, int], list[_Run]] = {}
    for run in _runs(glyphs, regions, starts, styles):
        if run.style.angle == 0:
            upright.setdefault(run.region, []).append(run)
        else:
            turned.setdefault((run.region, run.style.angle), []).append(run)
    if BODY in upright:
        for run in _assign_columns(upright.pop(BODY), size[0]):
            upright.setdefault(run.region, []).append(run)
    groups = [group for runs in upright.values() for group in _group(runs)]
    lines: dict[int, list[TextLine]] = {region: [] for region in upright}
    for line in _lines(glyphs, groups, page):
        lines[line.region].append(line)
    for (region, angle), runs in turned.items():
        lines.setdefault(region, []).extend(_turned_lines(glyphs, runs, page, angle, size))
    return lines


def _runs(
    glyphs: Glyphs,
    regions: NDArray[np.int32],
    starts: NDArray[np.intp],
    styles: Sequence[Style],
) -> Iterable[_Run]:
    boxes = np.column_stack(
        (
            np.minimum.reduceat(glyphs.boxes[:, 0], starts),
            np.minimum.reduceat(glyphs.boxes[:, 1], starts),
            np.maximum.reduceat(glyphs.boxes[:, 2], starts),
            np.maximum.reduceat(glyphs.boxes[:, 3], starts),
        )
    ).tolist()
    ends = [*starts[1:].tolist(), len(glyphs)]
    fields = zip(starts.tolist(), ends, boxes, regions[starts].tolist(), styles, strict=True)
    return (
        _Run(start, end, tuple(box), region, style) for start, end, box, region, style in fields
    )


def _group(runs: list[_Run]) -> list[list[_Run]]:
    """Runs that share a baseline, from top to bottom, each group from left to right."""
    groups: list[list[_Run]] = []
    bands: list[tuple[float, float]] = []
    for run in sorted(runs, key=lambda run: run.box[1] + run.box[3]):
        top, bottom = run.box[1], run.box[3]
        for i in range(len(groups) - 1, max(len(groups) - 4, -1), -1):
            upper, lower = bands[i]
            shared = min(bottom, lower) - max(top, upper)
            if shared >= 0.5 * min(bottom - top, lower - upper):
                groups[i].append(run)
                if bottom - top > lower - upper:
                    bands[i] = (top, bottom)
                break
        else:
            groups.append([run])
            bands.append((top, bottom))
    for group in groups:
        if len(group) > 1:
            group.sort(key=lambda run: run.box[0])
    return groups


def _lines(glyphs: Glyphs, groups: list[list[_Run]], page: int) -> list[TextLine]:
    """The line of every group of runs; groups that show nothing give none."""
    if not groups:
        return []
    order, line = _in_lines(glyphs, groups)
    boxes = glyphs.boxes[order].astype(np.float64)
    starts = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
    mains = [max(g, key=lambda run: run.end - run.start) if len(g) > 1 else g[0] for g in groups]
    sizes = [
        main.style.size or float(np.median(boxes[start:end, 3] - boxes[start:end, 1]))
        for main, start, end in zip(mains, starts, np.append(starts[1:], len(line)), strict=True)
    ]
    texts, kept = compose(glyphs.codes[order], boxes[:, 0], boxes[:, 2], line, np.array(sizes))
    if not len(kept):
        return []
    reaches = np.round(np.maximum.reduceat(boxes[:, 2], starts), 2).tolist()
    shown = np.flatnonzero(np.append(True, line[kept[1:]] != line[kept[:-1]]))
    tops = np.round(np.minimum.reduceat(boxes[kept, 1], shown), 2).tolist()
    bottoms = np.round(np.maximum.reduceat(boxes[kept, 3], shown), 2).tolist()
    doubts = _means(glyphs.confidence, order[kept], shown)
    found = []
    for at, number in enumerate(line[kept[shown]].tolist()):
        (text, edges), group, main = texts[number], groups[number], mains[number]
        bold = main.style.bold
        if len(group) > 1:
            bold = sum([r.end - r.start if r.style.bold else r.start - r.end for r in group]) > 0
        found.append(
            TextLine(
                text=text,
                page=page,
                box=Box(edges[0], tops[at], edges[-1], bottoms[at]),
                edges=tuple(edges),
                size=round(sizes[number], 2),
                reach=max(edges[-1], reaches[number]),
                style=main.style if main.style.bold is bold else main.style._replace(bold=bold),
                region=main.region,
                confidence=doubts[at] if doubts else None,
            )
        )
    return found


def _in_lines(
    glyphs: Glyphs, groups: list[list[_Run]]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Glyphs line by line from left to right, and the number of the line of each."""
    starts = np.array([run.start for group in groups for run in group])
    lengths = np.array([run.end for group in groups for run in group]) - starts
    runs = np.array([len(group) for group in groups])
    # As many counting up from each start as its run is long.
    before = np.cumsum(lengths) - lengths
    order = np.repeat(starts - before, lengths) + np.arange(lengths.sum())
    line = np.repeat(np.repeat(np.arange(len(groups)), runs), lengths)
    x0 = glyphs.boxes[order, 0]
    back = (x0[1:] < x0[:-1] - 0.1) & (line[1:] == line[:-1])
    # One run alone keeps its order: its glyphs step back only by kerning.
    mixed = runs > 1
    mixed &= np.bincount(line[1:][back], minlength=len(groups)) > 0
    if mixed.any():
        order = order[np.lexsort((np.where(mixed[line], x0, 0.0), line))]
    return order, line


def _means(
    confidence: NDArray[np.float32] | None, at: NDArray[np.intp], starts: NDArray[np.intp]
) -> list[float]:
    """Mean confidence of the glyphs ``at`` from each of ``starts`` to the next."""
    if confidence is None:
        return []
    sums = np.add.reduceat(confidence[at].astype(np.float64), starts)
    return np.round(sums / np.diff(np.append(starts, len(at))), 3).tolist()


def _turned_lines(
    glyphs: Glyphs, runs: list[_Run], page: int, angle: int, size: tuple[float, float]
) -> list[TextLine]:
    """Lines of text at an angle: laid out in a frame turned with them, boxes turned back.

    Such a line has no edges, since its characters do not follow each other from left to right.
    """
    there, back = turn(angle, size)
    frame = replace(glyphs, boxes=there(glyphs.boxes))
    moved = [
        run._replace(box=tuple(there(np.array([run.box], np.float32))[0].tolist())) for run in runs
    ]
    lines = []
    for line in _lines(frame, _group(moved), page):
        corners = np.array([[line.box.x0, line.box.top, line.box.x1, line.box.bottom]])
        box = Box(*(round(float(v), 2) for v in back(corners)[0]))
        lines.append(replace(line, box=box, edges=(), style=line.style._replace(angle=angle)))
    return lines


def _assign_columns(runs: list[_Run], width: float) -> list[_Run]:
    """Give runs the regions LEFT and RIGHT where a page is plainly set in two columns."""
    gutter = _gutter(runs, width)
    if gutter is None:
        return runs
    placed = []
    for run in runs:
        region = LEFT if run.box[2] <= gutter + 1 else RIGHT if run.box[0] >= gutter - 1 else BODY
        placed.append(run._replace(region=region))
    return placed


def _gutter(runs: list[_Run], width: float) -> float | None:
    """Middle of the empty strip between two columns of prose, or None.

    Two columns need a strip near the middle that few runs cross and ten or more
    well-filled lines on either side: forms and unruled tables have ragged short ones.
    """
    if len(runs) < 20 or width > _MAX_WIDTH:
        return None
    cover = np.zeros(int(width) + 2, np.int32)
    for run in runs:
        cover[max(int(run.box[0]), 0) : max(int(run.box[2]) + 1, 0)] += 1
    first, last = int(width * 0.35), int(width * 0.65)
    empty = np.flatnonzero(cover[first:last] <= 0.1 * len(runs)) + first
    if not len(empty):
        return None
    strips = np.split(empty, np.flatnonzero(np.diff(empty) > 1) + 1)
    strip = max(strips, key=len)
    gutter = float(strip[0] + strip[-1]) / 2
    left = [run.box for run in runs if run.box[2] <= gutter]
    right = [run.box for run in runs if run.box[0] >= gutter]
    if len(strip) < 8 or min(len(left), len(right)) < 10:
        return None
    for side in (left, right):
        span = max(box[2] for box in side) - min(box[0] for box in side)
        full = sum(box[2] - box[0] > 0.85 * span for box in side)
        if span < 0.25 * width or full < 0.5 * len(side):
            return None
    return gutter


def _sorted(lines: Iterable[TextLine]) -> list[TextLine]:
    """By height, then from the left; turned lines keep their order and stand at their topmost."""
    lines = list(lines)
    tops: dict[int, float] = {}
    for line in lines:
        angle = line.style.angle
        tops[angle] = min(tops.get(angle, line.box.top), line.box.top)

    def key(place: tuple[int, TextLine]) -> tuple[float, float]:
        at, line = place
        if line.style.angle:
            return tops[line.style.angle], at
        return line.box.top, line.box.x0

    return [line for _, line in sorted(enumerate(lines), key=key)]


def reading_order(lines: Iterable[TextLine], bars: Iterable[float] = ()) -> list[TextLine]:
    """Top to bottom; within a band of two columns the left one first.

    ``bars`` are heights at which something else (a table) crosses both columns.
    """
    ordered: list[TextLine] = []
    columns: dict[int, list[TextLine]] = {LEFT: [], RIGHT: []}
    stops = sorted(bars)

    def flush() -> None:
        ordered.extend(columns[LEFT] + columns[RIGHT])
        columns[LEFT].clear()
        columns[RIGHT].clear()

    for line in _sorted(lines):
        while stops and stops[0] <= line.box.top:
            stops.pop(0)
            flush()
        if line.region in columns:
            columns[line.region].append(line)
        else:
            flush()
            ordered.append(line)
    flush()
    return ordered
