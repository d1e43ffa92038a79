"""The figures of the overview: what its charts and lists show, counted from the columns."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from classifier.archive.groups import Groups
from classifier.archive.overview.collection import (
    NONE,
    REASONS,
    SCALE,
    UNDECIDED,
    VERDICTS,
    Collection,
)
from classifier.errors import Reason
from classifier.findings import Kind, rules
from classifier.taxonomy import CATEGORIES, QUESTIONS

BINS: Final = 20
"""Of the histogram, of equal width from -1 to +1."""

SALIENCE_BOUNDS: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
TREND_ROWS, GROUPS_SHOWN, MEMBERS_SHOWN = 100, 50, 10
_LEAST_FOR_QUARTILES: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A count with its share of all and its length relative to the longest, in per cent."""

    name: str
    count: int
    share: float
    length: float
    note: str = ""
    key: int = NONE


@dataclass(frozen=True, slots=True)
class Trend:
    """Documents that have something in common.

    Attributes:
        key: place of the name among those of its kind.
        verdicts: documents per verdict, in the order of ``VERDICTS``.
        median, low, high: of the scores that allow a verdict, and their quartiles; None where
            there are too few.
    """

    name: str
    key: int
    scored: int
    verdicts: tuple[int, ...]
    median: float | None
    low: float | None
    high: float | None

    @property
    def shares(self) -> list[tuple[float, float]]:
        """Start and width of each verdict's part of a bar, in per cent."""
        ends = np.cumsum((0, *self.verdicts)) * 100 / max(self.scored, 1)
        pairs = zip(ends[:-1].tolist(), np.diff(ends).tolist(), strict=True)
        return [(round(start, 2), round(width, 2)) for start, width in pairs]


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of near-duplicates as listed: its centre and some of its members by name."""

    number: int
    size: int
    name: str
    title: str
    similarity: float
    low: float | None
    high: float | None
    members: tuple[str, ...]


def label(archive: Collection, row: int) -> str:
    """Path and member as shown to a reader."""
    member = archive.members[row]
    return f"{archive.paths[row]}/{member}" if member else archive.paths[row]


def name(archive: Collection, row: int) -> str:
    """The file's own name."""
    return PurePosixPath(label(archive, row)).name or label(archive, row)


def directory(archive: Collection, row: int) -> str:
    """Where the file lies, folder or archive; empty at the root."""
    return label(archive, row).removesuffix("/").removesuffix(name(archive, row))


def histogram(archive: Collection) -> list[list[int]]:
    """(bins, verdicts): documents per tenth of the scale, by the same steps as in ``data.js``."""
    verdicts, scores = np.array(archive.verdicts), np.array(archive.scores, float)
    known = (verdicts != NONE) & np.isfinite(scores)
    whole = np.rint(scores[known] * SCALE).astype(int)
    place = np.clip((whole + SCALE) * BINS // (2 * SCALE), 0, BINS - 1)
    counts = np.zeros((BINS, len(VERDICTS)), int)
    np.add.at(counts, (place, verdicts[known]), 1)
    return counts.tolist()


def verdicts(archive: Collection) -> tuple[int, ...]:
    """Documents per verdict, in the order of ``VERDICTS``."""
    return tuple(archive.verdicts.count(place) for place in range(len(VERDICTS)))


def salience(archive: Collection) -> list[Bar]:
    values = np.array(archive.salience)
    counts, _ = np.histogram(values[np.isfinite(values)], SALIENCE_BOUNDS)
    names = [f"{100 * low:.0f}–{100 * high:.0f} %" for low, high in pairwise(SALIENCE_BOUNDS)]
    return _bars(list(zip(names, counts.tolist(), strict=True)), archive.scored)


def reasons(archive: Collection) -> list[tuple[Reason, Bar]]:
    """The reason codes there are, most frequent first."""
    counts = Counter({REASONS[place]: n for place, n in Counter(archive.reasons).items()})
    ranked = counts.most_common()
    bars = _bars([(reason.value, n) for reason, n in ranked], len(archive))
    return [(reason, bar) for (reason, _), bar in zip(ranked, bars, strict=True)]


def alarms(archive: Collection) -> list[Bar]:
    """Documents that raise each alarm, and in the note how many sentences do."""
    documents: Counter[int] = Counter()
    sentences: Counter[int] = Counter()
    for pairs in archive.alarms:
        documents.update(set(pairs[::2]))
        for place, count in zip(pairs[::2], pairs[1::2], strict=True):
            sentences[place] += count
    names = list(archive.alarm_names)
    ranked = documents.most_common()
    return _bars(
        [(names[place], n) for place, n in ranked],
        archive.scored,
        [f"{sentences[place]:,} 句" for place, _ in ranked],
        [place for place, _ in ranked],
    )


def missing(archive: Collection) -> list[Bar]:
    """Documents in which each safeguard was not found."""
    zh = {rule.id: rule.zh for rule in rules(Kind.SAFEGUARD)}
    ranked = [(zh.get(id_, id_), n) for id_, n in archive.missing.most_common()]
    return _bars(ranked, archive.scored)


def profile(archive: Collection) -> dict[str, list[Bar]]:
    """Sentences per category and side, in the note how many documents have any."""
    sides: dict[str, list[Bar]] = {question.value: [] for question in QUESTIONS}
    ranked = sorted(CATEGORIES, key=lambda code: -archive.category_sentences[code])
    bars = _bars(
        [(code, archive.category_sentences[code]) for code in ranked],
        sum(archive.category_sentences.values()),
        [f"{archive.category_documents[code]:,} 份" for code in ranked],
    )
    for bar in bars:
        sides[CATEGORIES[bar.name].orientation.value].append(bar)
    return sides


def trends(archive: Collection) -> dict[str, list[Trend]]:
    """By year (in its order), folder and buyer (most documents first); only where known."""
    by_size = [
        (kind, _trends(archive, column, list(names)))
        for kind, column, names in (
            ("folder", archive.folders, archive.folder_names),
            ("buyer", archive.buyers, archive.buyer_names),
        )
    ]
    years = _trends(archive, archive.years, list(archive.year_names))
    return {"year": sorted(years, key=lambda trend: trend.name), **dict(by_size)}


def _trends(archive: Collection, column: array[int], names: Sequence[str]) -> list[Trend]:
    verdicts, places = np.array(archive.verdicts), np.array(column)
    scores = np.array(archive.scores)
    scored = np.flatnonzero((verdicts != NONE) & (places != NONE))
    order = scored[np.argsort(places[scored], kind="stable")]
    starts = np.flatnonzero(np.diff(places[order], prepend=NONE))
    found = [
        _trend(names[key := int(places[rows[0]])], key, verdicts[rows], scores[rows])
        for rows in np.split(order, starts[1:])
        if len(rows)
    ]
    return sorted(found, key=lambda trend: (-trend.scored, trend.name))


def _trend(name: str, key: int, verdicts: np.ndarray, scores: np.ndarray) -> Trend:
    counts = np.bincount(verdicts, minlength=len(VERDICTS)).tolist()
    decided = scores[(verdicts != UNDECIDED) & np.isfinite(scores)]
    middle = float(np.median(decided)) if len(decided) else None
    low = high = None
    if len(decided) >= _LEAST_FOR_QUARTILES:
        low, high = (float(q) for q in np.quantile(decided, (0.25, 0.75)))
    return Trend(name, key, len(verdicts), tuple(counts), middle, low, high)


def group_views(archive: Collection, groups: Groups) -> list[GroupView]:
    """The largest groups."""
    views = []
    for number, group in enumerate(groups.groups[:GROUPS_SHOWN], start=1):
        centre, *others = group.members
        scores = [s for row in group.members if math.isfinite(s := archive.scores[row])]
        views.append(
            GroupView(
                number=number,
                size=len(group.members),
                name=name(archive, centre),
                title=archive.titles[centre],
                similarity=group.similarity,
                low=min(scores, default=None),
                high=max(scores, default=None),
                members=tuple(label(archive, row) for row in [centre, *others][:MEMBERS_SHOWN]),
            )
        )
    return views


def _bars(
    counts: Sequence[tuple[str, int]],
    whole: int,
    notes: Sequence[str] = (),
    keys: Sequence[int] = (),
) -> list[Bar]:
    longest = max([1, *(n for _, n in counts)])
    return [
        Bar(
            bar_name,
            n,
            n / max(whole, 1),
            round(100 * n / longest, 1),
            notes[i] if notes else "",
            keys[i] if keys else NONE,
        )
        for i, (bar_name, n) in enumerate(counts)
    ]
