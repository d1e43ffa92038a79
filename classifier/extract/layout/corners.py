"""From the crossings of ruling lines to the cells between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_Point = tuple[float, float]


def cells_between(
    corners: dict[_Point, dict[str, list]],
) -> Iterator[tuple[float, float, float, float]]:
    """Smallest rectangles whose sides are ruled: left, top, right, bottom.

    What pdfplumber's ``intersections_to_cells`` gives, at less cost: which rulings
    cross at a corner is put together once, not for every pair of corners.
    """
    rulings: dict[_Point, tuple[set[int], set[int]]] = {}
    beside: dict[float, list[_Point]] = {}
    below: dict[float, list[_Point]] = {}
    for point in sorted(corners):
        crossing = corners[point]
        rulings[point] = (set(map(id, crossing["v"])), set(map(id, crossing["h"])))
        below.setdefault(point[0], []).append(point)
        beside.setdefault(point[1], []).append(point)
    places = {point: i for points in below.values() for i, point in enumerate(points)}
    ranks = {point: i for points in beside.values() for i, point in enumerate(points)}
    for point, (upright, level) in rulings.items():
        down = below[point[0]][places[point] + 1 :]
        across = beside[point[1]][ranks[point] + 1 :]
        if cell := _cell(down, across, upright, level, rulings):
            yield (*point, *cell)


def _cell(
    down: Sequence[_Point],
    across: Sequence[_Point],
    upright: set[int],
    level: set[int],
    rulings: dict[_Point, tuple[set[int], set[int]]],
) -> _Point | None:
    """Opposite corner of the smallest cell with these corners below and beside its first."""
    for lower in down:
        if upright.isdisjoint(rulings[lower][0]):
            continue
        for right in across:
            if level.isdisjoint(rulings[right][1]):
                continue
            opposite = (right[0], lower[1])
            if (
                opposite in rulings
                and not rulings[opposite][0].isdisjoint(rulings[right][0])
                and not rulings[opposite][1].isdisjoint(rulings[lower][1])
            ):
                return opposite
    return None
