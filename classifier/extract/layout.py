"""From the glyphs of a page to printed lines in reading order.

All lengths are PDF points, the origin is the top left corner of the page as displayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.document import Box
from classifier.extract.line_text import compose

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
    where the height is about the font size and the width the advance.
    """

    codes: NDArray[np.int32]
    boxes: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class TextLine:
    """One printed line: ``edges`` as in :class:`classifier.document.Line`, ``size`` of its font.

    ``reach`` is its right end with the blanks after the last character (blanks to fill in).
    """

    text: str
    page: int
    box: Box
    edges: tuple[float, ...]
    size: float
    reach: float
    style: Style = PLAIN
    region: int = BODY

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
    lines: dict[int, list[TextLine]] = {}
    for region, runs in upright.items():
        lines[region] = _lines(glyphs, runs, page)
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


def _lines(glyphs: Glyphs, runs: list[_Run], page: int) -> list[TextLine]:
    found = []
    for group in _group(runs):
        order = np.concatenate([np.arange(run.start, run.end) for run in group])
        if (line := _line(glyphs, order, group, page)) is not None:
            found.append(line)
    return found


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
        group.sort(key=lambda run: run.box[0])
    return groups


def _line(glyphs: Glyphs, order: NDArray[np.intp], group: list[_Run], page: int) -> TextLine | None:
    boxes = glyphs.boxes[order]
    if len(group) > 1 and np.any(boxes[1:, 0] < boxes[:-1, 0] - 0.1):
        ranked = np.argsort(boxes[:, 0], kind="stable")
        order, boxes = order[ranked], boxes[ranked]
    main = max(group, key=lambda run: run.end - run.start)
    height = main.style.size or float(np.median(boxes[:, 3] - boxes[:, 1]))
    text, edges, kept = compose(
        glyphs.codes[order].tolist(), boxes[:, 0].tolist(), boxes[:, 2].tolist(), height
    )
    if not text:
        return None
    ink = boxes[kept]
    top, bottom = float(ink[:, 1].min()), float(ink[:, 3].max())
    bold = 2 * sum(run.end - run.start for run in group if run.style.bold) > len(order)
    return TextLine(
        text=text,
        page=page,
        box=Box(edges[0], round(top, 2), edges[-1], round(bottom, 2)),
        edges=tuple(edges),
        size=round(height, 2),
        reach=max(edges[-1], round(float(boxes[:, 2].max()), 2)),
        style=main.style._replace(bold=bold),
        region=main.region,
    )


def _turned_lines(
    glyphs: Glyphs, runs: list[_Run], page: int, angle: int, size: tuple[float, float]
) -> list[TextLine]:
    """Lines of text at an angle: laid out in a frame turned with them, boxes turned back.

    Such a line has no edges, since its characters do not follow each other from left to right.
    """
    there, back = _turn(angle, size)
    frame = Glyphs(glyphs.codes, there(glyphs.boxes))
    moved = [
        run._replace(box=tuple(there(np.array([run.box], np.float32))[0].tolist())) for run in runs
    ]
    lines = []
    for line in _lines(frame, moved, page):
        corners = np.array([[line.box.x0, line.box.top, line.box.x1, line.box.bottom]])
        box = Box(*(round(float(v), 2) for v in back(corners)[0]))
        lines.append(replace(line, box=box, edges=(), style=line.style._replace(angle=angle)))
    return lines


_Turn = Callable[[NDArray[np.floating]], NDArray[np.floating]]


def _turn(angle: int, size: tuple[float, float]) -> tuple[_Turn, _Turn]:
    """Maps boxes to the frame in which text at ``angle`` (nearest right angle) is upright."""
    width, height = size

    def top_down(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack((b[:, 1], width - b[:, 2], b[:, 3], width - b[:, 0]))

    def from_top_down(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack((width - b[:, 3], b[:, 0], width - b[:, 1], b[:, 2]))

    def bottom_up(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack((height - b[:, 3], b[:, 0], height - b[:, 1], b[:, 2]))

    def from_bottom_up(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack((b[:, 1], height - b[:, 2], b[:, 3], height - b[:, 0]))

    def half(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack(
            (width - b[:, 2], height - b[:, 3], width - b[:, 0], height - b[:, 1])
        )

    def same(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return b

    turns = ((same, same), (top_down, from_top_down), (half, half), (bottom_up, from_bottom_up))
    return turns[round(angle / 90) % 4]


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
