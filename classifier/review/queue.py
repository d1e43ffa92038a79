"""Which sentence comes next: order and filters of the reviewer's queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from classifier.review.model import Label, StoredSentence


class Order(StrEnum):
    UNCERTAINTY = "uncertainty"
    INFLUENCE = "influence"
    DOCUMENT = "document"


class State(StrEnum):
    """Of a sentence, for the reviewer who asks: nobody's labels but her own are looked at."""

    TODO = "todo"
    DONE = "done"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the queue shows; empty fields do not filter.

    Attributes:
        orientation, category, alarm: by the machine's label and findings.
        doubtful: only those the model is not sure of.
        text: words that stand in the sentence.
    """

    order: Order = Order.UNCERTAINTY
    state: State = State.TODO
    orientation: str = ""
    category: str = ""
    alarm: str = ""
    doubtful: bool = False
    text: str = ""


_KEYS: Final[dict[Order, Callable[[StoredSentence], tuple[float, int]]]] = {
    Order.UNCERTAINTY: lambda s: (-s.uncertainty, s.index),
    Order.INFLUENCE: lambda s: (-abs(s.influence), s.index),
    Order.DOCUMENT: lambda s: (0.0, s.index),
}


def queue(
    sentences: Iterable[StoredSentence], own: Mapping[int, Label], wanted: Filter
) -> list[StoredSentence]:
    """The sentences that match, in order; ``own`` holds the reviewer's labels by index.

    Repeats of an earlier sentence come behind what counts.
    """
    found = [s for s in sentences if _matches(s, own, wanted)]
    key = _KEYS[wanted.order]
    if wanted.order is Order.DOCUMENT:
        return sorted(found, key=key)
    return sorted(found, key=lambda s: (not s.counted, *key(s)))


def _matches(sentence: StoredSentence, own: Mapping[int, Label], wanted: Filter) -> bool:
    done = sentence.index in own
    return (
        (wanted.state is State.ALL or done == (wanted.state is State.DONE))
        and wanted.orientation in ("", sentence.machine.orientation.value)
        and (not wanted.category or wanted.category in sentence.machine.categories)
        and (not wanted.alarm or wanted.alarm in sentence.alarms)
        and (not wanted.doubtful or sentence.doubtful)
        and wanted.text in sentence.text
    )
