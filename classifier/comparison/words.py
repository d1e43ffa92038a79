"""What changed inside a reworded sentence, word by word, for display."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Indel

from classifier.comparison.wording import folded

# Longer sentences are shown as replaced in one piece.
_MOST_CHARS: Final = 5000
# Fewer unchanged characters between two changes are drawn into them: islands hinder reading.
_LEAST_ISLAND: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of both wordings; where ``changed`` is false they differ in spelling at most."""

    old: str
    new: str
    changed: bool


def word_changes(old: str, new: str) -> tuple[Piece, ...]:
    """Pieces in order: all ``old`` together give the old text, all ``new`` the new one."""
    if max(len(old), len(new)) > _MOST_CHARS:
        return (Piece(old, new, folded(old) != folded(new)),)
    return tuple(_joined(_pieces(old, new)))


def _pieces(old: str, new: str) -> Iterator[Piece]:
    # On use: jieba and its dictionary would slow down the start of every command.
    from classifier.lexical import cutter

    olds, news = list(cutter().cut(old)), list(cutter().cut(new))
    keys = [folded(word) for word in olds], [folded(word) for word in news]
    for step in Indel.opcodes(*keys):
        before = "".join(olds[step.src_start : step.src_end])
        after = "".join(news[step.dest_start : step.dest_end])
        yield Piece(before, after, folded(before) != folded(after))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbours of one sort become one; a small island goes to the changes around it."""
    merged: list[Piece] = []
    for piece in pieces:
        if piece.changed and len(merged) > 1 and _is_island(merged[-1]):
            island, change = merged.pop(), merged.pop()
            piece = _together(_together(change, island), piece)
        elif merged and merged[-1].changed == piece.changed:
            piece = _together(merged.pop(), piece)
        merged.append(piece)
    yield from merged


def _is_island(piece: Piece) -> bool:
    return not piece.changed and len(folded(piece.new)) < _LEAST_ISLAND


def _together(first: Piece, second: Piece) -> Piece:
    old, new = first.old + second.old, first.new + second.new
    return Piece(old, new, folded(old) != folded(new))
