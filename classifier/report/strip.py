"""The strip: a whole document on one line, a thin mark for every sentence that takes a side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from classifier.report.model import Analysis, LabelledSentence
from classifier.taxonomy import Orientation

# User units of the drawing; the browser stretches them to the width there is.
WIDTH = 1000.0
MIDDLE = 40.0
_SHORTEST, _LONGEST = 8.0, 32.0
# Below the longest mark.
_ALARMS = 75.0

_TITLE_CHARACTERS = 8
# Least distance of two labels, as a share of the width: titles need more room than numbers.
_PAGE_ROOM, _TITLE_ROOM = 0.05, 0.2


@dataclass(frozen=True, slots=True)
class Tick:
    """A page or section start at ``x`` per cent of the width; no label where there is no room."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Strip:
    """SVG path data per orientation and for the evidence of alarms, and the ticks below."""

    marks: dict[str, str]
    alarms: str
    stroke: float
    ticks: tuple[Tick, ...]
    paged: bool


def strip(report: Analysis) -> Strip:
    paths: dict[str, list[str]] = {o.value: [] for o in Orientation if o is not Orientation.NEUTRAL}
    size = len(report.sentences)
    for i, labelled in enumerate(report.sentences):
        if labelled.orientation is not Orientation.NEUTRAL:
            x = (i + 0.5) / size * WIDTH
            paths[labelled.orientation.value].append(_mark(labelled, x))
    alarming = sorted({i for finding in report.findings.alarms for i in finding.evidence})
    starts = list(_page_starts(report))
    paged = len(starts) > 1
    if not paged:
        starts = [(s.first, _shorten(s.title)) for s in report.sections]
    return Strip(
        {name: "".join(parts) for name, parts in paths.items()},
        alarms="".join(f"M{(i + 0.5) / size * WIDTH:.1f} {_ALARMS:.0f}v5" for i in alarming),
        stroke=4 if size < 150 else 2.5 if size < 1200 else 1.3,
        ticks=tuple(_ticks(starts, size, _PAGE_ROOM if paged else _TITLE_ROOM)),
        paged=paged,
    )


def _mark(labelled: LabelledSentence, x: float) -> str:
    """The surer, the longer: help upwards, control downwards, mixed both ways."""
    up, down = (
        _SHORTEST + (_LONGEST - _SHORTEST) * labelled.probability(question)
        for question in ("assistive", "control")
    )
    if labelled.orientation is Orientation.ASSISTIVE:
        return f"M{x:.1f} {MIDDLE:.0f}v-{up:.0f}"
    if labelled.orientation is Orientation.CONTROL:
        return f"M{x:.1f} {MIDDLE:.0f}v{down:.0f}"
    return f"M{x:.1f} {MIDDLE - up:.0f}v{up + down:.0f}"


def _page_starts(report: Analysis) -> Iterator[tuple[int, str]]:
    """Index of the first sentence of every page, with the page's number."""
    seen: set[int] = set()
    for i, labelled in enumerate(report.sentences):
        page = labelled.sentence.place.page
        if page is not None and page not in seen:
            seen.add(page)
            yield i, str(page)


def _ticks(starts: list[tuple[int, str]], size: int, room: float) -> Iterator[Tick]:
    labelled_to = -1.0
    for index, label in starts:
        x = index / size
        shown = x >= labelled_to and x <= 1 - room / 2
        if shown:
            labelled_to = x + room
        yield Tick(round(100 * x, 2), label if shown else "")


def _shorten(title: str) -> str:
    return title if len(title) <= _TITLE_CHARACTERS else title[: _TITLE_CHARACTERS - 1] + "…"
