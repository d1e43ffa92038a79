"""What is taken out of a sentence: its words, in a long sentence its phrases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifier.lexical import cutter

MAX_UNITS = 40
"""More words than this are looked at as so many phrases first."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Consecutive words of a sentence as offsets: ``(start, end)`` of each."""

    words: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return self.words[0][0]

    @property
    def end(self) -> int:
        return self.words[-1][1]

    @property
    def parts(self) -> list[Unit]:
        """Its words, each as a unit of its own."""
        return [Unit((word,)) for word in self.words]


def units_of(text: str) -> list[Unit]:
    """At most :data:`MAX_UNITS` words or equally long phrases, in order, without punctuation."""
    words = list(words_in(text))
    size = max(-(-len(words) // MAX_UNITS), 1)
    return [Unit(tuple(words[at : at + size])) for at in range(0, len(words), size)]


def words_in(text: str) -> Iterator[tuple[int, int]]:
    """``(start, end)`` of each word, as jieba cuts them, without punctuation."""
    at = 0
    for word in cutter().cut(text):
        if any(char.isalnum() for char in word):
            yield at, at + len(word)
        at += len(word)


def without(text: str, taken: Sequence[Unit]) -> str:
    """The sentence less some of its units."""
    for unit in sorted(taken, key=lambda unit: -unit.start):
        text = text[: unit.start] + text[unit.end :]
    return text
