"""What follows from the audit trail: which entries are in force, what may be taken back.

Entries are only ever added. An entry is in force unless an UNDO in force takes it back; an
UNDO may itself be taken back, which is a redo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from classifier.review.model import Act, Decision, Standing


def in_force(entries: Iterable[Decision]) -> set[int]:
    """Numbers of the entries that nothing in force takes back, UNDO entries among them."""
    standing: set[int] = set()
    taken_back: set[int] = set()
    # An UNDO is always younger than what it takes back.
    for entry in sorted(entries, key=lambda entry: -entry.number):
        if entry.number in taken_back:
            continue
        standing.add(entry.number)
        if entry.act is Act.UNDO:
            taken_back.add(entry.undone)
    return standing


def standings(entries: Sequence[Decision]) -> dict[int, Standing]:
    """Per sentence of one document what its entries in force say, the latest of each reviewer."""
    valid = in_force(entries)
    opinions: dict[int, dict[str, Decision]] = defaultdict(dict)
    adjudications: dict[int, Decision] = {}
    for entry in sorted(entries, key=lambda entry: entry.number):
        if entry.number not in valid or entry.act is Act.UNDO:
            continue
        if entry.act is Act.ADJUDICATE:
            adjudications[entry.sentence] = entry
        else:
            opinions[entry.sentence][entry.reviewer] = entry
    return {
        sentence: Standing(dict(opinions[sentence]), adjudications.get(sentence))
        for sentence in sorted(opinions.keys() | adjudications.keys())
    }


def to_undo(entries: Sequence[Decision]) -> tuple[Decision, ...]:
    """The latest decision in force of one reviewer's entries, with all of its bulk."""
    valid = in_force(entries)
    given = [e for e in entries if e.number in valid and e.act is not Act.UNDO]
    return _last_with_bulk(given)


def to_redo(entries: Sequence[Decision]) -> tuple[Decision, ...]:
    """The latest UNDO of one reviewer that can be taken back: none once something new was said."""
    valid = in_force(entries)
    acts = {entry.number: entry.act for entry in entries}
    newest = max((e.number for e in entries if e.act is not Act.UNDO), default=0)
    taken = [
        entry
        for entry in entries
        if entry.number in valid
        and entry.number > newest
        and entry.act is Act.UNDO
        and acts.get(entry.undone) is not Act.UNDO
    ]
    return _last_with_bulk(taken)


def _last_with_bulk(entries: Sequence[Decision]) -> tuple[Decision, ...]:
    if not entries:
        return ()
    last = max(entries, key=lambda entry: entry.number)
    if not last.bulk:
        return (last,)
    return tuple(entry for entry in entries if entry.bulk == last.bulk)
