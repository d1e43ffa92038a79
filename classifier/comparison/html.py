"""The comparison as one HTML page that needs no network and opens from disk.

How untrusted text is kept from acting is said in :mod:`classifier.report.page`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from classifier.comparison.model import Change, Differences, FindingChange, Kind
from classifier.comparison.overview import fates, overview
from classifier.comparison.words import Piece, word_changes
from classifier.document import BlockKind
from classifier.findings import Kind as Ask
from classifier.findings import rules
from classifier.report.page import SHORT, as_text, asset, environment, policy, script
from classifier.taxonomy import CATEGORIES, Orientation

RANKED_SHOWN: Final = 5
EVIDENCE_SHOWN: Final = 3
# Groups are what the browser lays out at once; see ``.z1`` to ``.z12`` of the style sheet.
_GROUP_ROWS: Final = 16
_ROW_PIXELS: Final = 150
_HEIGHT_STEP: Final = 200
_TALLEST: Final = 12
# As many unchanged sentences that moved together are folded into one block.
_LEAST_BLOCK: Final = 4


def render(differences: Differences) -> str:
    """The complete page. Any text is accepted; lone surrogates become question marks."""
    style, code = asset("report.css", "compare.css"), script(("compare.js",))
    numbers = _numbers(differences)
    page = (
        environment()
        .get_template("compare.html.j2")
        .render(
            differences=differences,
            old=differences.old,
            new=differences.new,
            sizes={
                "old": differences.old.document.page_sizes,
                "new": differences.new.document.page_sizes,
            },
            score=differences.score,
            style=style,
            script=code,
            policy=policy(style, code),
            overview=overview(differences),
            counts=differences.counts(),
            filters=_filters(differences),
            ranked={
                SHORT[side]: [
                    (_number_of(change, numbers), change)
                    for change in differences.ranked(side, RANKED_SHOWN)
                ]
                for side in (Orientation.CONTROL, Orientation.ASSISTIVE)
            },
            alarms=_by_fate(differences.alarms),
            safeguards=_by_fate(differences.safeguards),
            risks=_by_fate(differences.risks),
            meetings=differences.proportionality,
            names={rule.id: rule.zh for rule in rules(Ask.ALARM)},
            numbers=numbers,
            bars=_bars(differences),
            chapters=list(_chapters(differences)),
            categories=CATEGORIES,
            evidence_shown=EVIDENCE_SHOWN,
        )
    )
    return as_text(page)


@dataclass(frozen=True, slots=True)
class Row:
    """One change to look at; ``kinds`` are the names that the filters know it by."""

    number: int
    change: Change
    kinds: tuple[str, ...]
    title: str
    pieces: tuple[Piece, ...]

    @property
    def is_oriented(self) -> bool:
        return self.change.is_oriented


@dataclass(frozen=True, slots=True)
class Block:
    """Unchanged sentences that moved together."""

    rows: tuple[Row, ...]

    @property
    def oriented(self) -> int:
        return sum(row.is_oriented for row in self.rows)


@dataclass(frozen=True, slots=True)
class Fold:
    """Sentences in between that did not change."""

    same: int
    renumbered: int


@dataclass(slots=True)
class Group:
    items: list[Row | Block | Fold] = field(default_factory=list)

    @property
    def height_class(self) -> int:
        """Estimated height in steps of 200 px, so that scroll bars tell the truth early."""
        return min(max(round(len(self.items) * _ROW_PIXELS / _HEIGHT_STEP), 1), _TALLEST)


@dataclass(frozen=True, slots=True)
class Chapter:
    """What changed in one outermost section."""

    title: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One category; shares are relative to the largest number, in per cent."""

    code: str
    old: int
    new: int
    old_share: float
    new_share: float


_FILTERS_ZH: Final = {
    "added": "新增",
    "removed": "删去",
    "reworded": "改写",
    "moved": "移动",
    "relabelled": "判断有变",
}


def _filters(differences: Differences) -> list[tuple[str, str, int]]:
    counts = differences.counts()
    return [(name, zh, counts[name]) for name, zh in _FILTERS_ZH.items()]


def _by_fate(changes: Sequence[FindingChange]) -> dict[str, list[FindingChange]]:
    return {fate.value: found for fate, found in fates(changes).items()}


def _numbers(differences: Differences) -> dict[str, dict[int, int]]:
    """Per draft the row that shows a sentence, for those that have one."""
    numbers: dict[str, dict[int, int]] = {"old": {}, "new": {}}
    for number, change in enumerate(differences.changes):
        if not change.is_shown:
            continue
        for draft, side in (("old", change.old), ("new", change.new)):
            if side is not None:
                numbers[draft][side.sentence.index] = number
    return numbers


def _number_of(change: Change, numbers: dict[str, dict[int, int]]) -> int:
    draft, side = ("new", change.new) if change.new else ("old", change.old)
    assert side is not None
    return numbers[draft][side.sentence.index]


def _bars(differences: Differences) -> dict[str, list[Bar]]:
    """Categories per side that either draft has, in taxonomy order."""
    longest = max(1, *(n for pair in differences.categories.values() for n in pair))
    sides: dict[str, list[Bar]] = {"control": [], "assistive": []}
    for code, (old, new) in differences.categories.items():
        if old or new:
            shares = (round(100 * n / longest, 1) for n in (old, new))
            sides[CATEGORIES[code].orientation.value].append(Bar(code, old, new, *shares))
    return sides


def _chapters(differences: Differences) -> Iterator[Chapter]:
    """All changes in order, by the outermost section they stand in."""
    numbered = enumerate(differences.changes)
    for title, own in groupby(numbered, lambda item: _outermost(item[1], differences)):
        changes = list(own)
        if any(change.is_shown for _, change in changes):
            yield Chapter(title, tuple(_groups(_items(changes))))


def _outermost(change: Change, differences: Differences) -> str:
    """The title of the outermost section; a heading that opens one belongs to it."""
    report = differences.new if change.new else differences.old
    side = change.new or change.old
    if side is None or side.sentence.section:
        return side.sentence.section[0] if side else ""
    block = report.document.blocks[side.sentence.place.block]
    return f"{block.label} {block.text}".strip() if block.kind is BlockKind.HEADING else ""


def _groups(items: Iterator[Row | Block | Fold]) -> list[Group]:
    groups = [Group()]
    for item in items:
        if len(groups[-1].items) >= _GROUP_ROWS:
            groups.append(Group())
        groups[-1].items.append(item)
    return groups


def _items(changes: list[tuple[int, Change]]) -> Iterator[Row | Block | Fold]:
    block: list[Row] = []
    fold: list[Change] = []
    for number, change in changes:
        if fold and change.is_shown:
            yield _fold(fold)
            fold = []
        if block and not _goes_on(block[-1].change, change):
            yield from _blocked(block)
            block = []
        if not change.is_shown:
            fold.append(change)
        elif _is_mere_move(change):
            block.append(_row(number, change))
        else:
            yield _row(number, change)
    yield from _blocked(block)
    if fold:
        yield _fold(fold)


def _is_mere_move(change: Change) -> bool:
    return change.moved and not change.relabelled and change.kind is not Kind.REWORDED


def _goes_on(last: Change, change: Change) -> bool:
    """Whether a change moved together with the one before it."""
    if not (_is_mere_move(change) and last.old and change.old):
        return False
    return change.old.sentence.index == last.old.sentence.index + 1


def _blocked(rows: list[Row]) -> list[Row] | list[Block]:
    return [Block(tuple(rows))] if len(rows) >= _LEAST_BLOCK else rows


def _fold(changes: list[Change]) -> Fold:
    renumbered = sum(change.kind is Kind.RENUMBERED for change in changes)
    return Fold(len(changes) - renumbered, renumbered)


def _row(number: int, change: Change) -> Row:
    kinds = [name for name in ("moved", "relabelled") if getattr(change, name)]
    if change.kind not in (Kind.SAME, Kind.RENUMBERED):
        kinds.insert(0, change.kind.value)
    old, new = (side.text if side else "" for side in (change.old, change.new))
    pieces = word_changes(old, new) if change.kind is Kind.REWORDED else ()
    return Row(number, change, tuple(kinds), " · ".join(_FILTERS_ZH[k] for k in kinds), pieces)
