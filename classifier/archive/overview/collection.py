"""What the overview keeps of an archive's rows: columns of numbers and short texts."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from classifier.archive import facts
from classifier.archive.columns import Addresses
from classifier.archive.groups import Groups, Signatures
from classifier.archive.rows import Alarm, DocumentRow
from classifier.errors import Reason
from classifier.orientation import Verdict
from classifier.taxonomy import CATEGORIES

REASONS: Final = tuple(Reason)
VERDICTS: Final = (
    Verdict.CONTROL,
    Verdict.RATHER_CONTROL,
    Verdict.BALANCED,
    Verdict.RATHER_ASSISTIVE,
    Verdict.ASSISTIVE,
    Verdict.UNDECIDED,
)
"""From control to help; columns hold places in this order."""

UNDECIDED: Final = VERDICTS.index(Verdict.UNDECIDED)
NONE: Final = -1
"""In a column of places: there is none."""

SCALE: Final = 100_000
"""Scores travel to the page as whole numbers, parts of this."""

# More of a title or name tells no reader anything, and a hundred thousand of them add up.
_MOST_CHARACTERS: Final = 60


class Names:
    """Texts by the order they were first seen in."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, name: str) -> int:
        """The place of a name, a new one if needed; :data:`NONE` for no name."""
        return self._places.setdefault(name, len(self._places)) if name else NONE

    def __iter__(self):
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Collection:
    """Columns over all rows, in their order.

    Figures of documents without a score are not a number; ``verdicts``, ``folders``, ``years``
    and ``buyers`` hold places, :data:`NONE` where there is nothing.
    """

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._signatures = Signatures()
        self.paths: list[str] = []
        self.members: list[str] = []
        self.titles: list[str] = []
        self.reports: list[str] = []
        self.reasons, self.verdicts = array("b"), array("b")
        self.scores, self.lows, self.highs = array("f"), array("f"), array("f")
        self.salience, self.assistive, self.control = array("f"), array("f"), array("f")
        self.pages, self.sentences = array("q"), array("q")
        self.alarms: list[tuple[int, ...]] = []
        self.folders, self.years, self.buyers = array("i"), array("i"), array("i")
        self.folder_names, self.year_names, self.buyer_names = Names(), Names(), Names()
        self.alarm_names = Names()
        self.missing: Counter[str] = Counter()
        self.category_sentences: Counter[str] = Counter()
        self.category_documents: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def scored(self) -> int:
        return len(self) - self.verdicts.count(NONE)

    def add(self, row: DocumentRow) -> None:
        self._signatures.add(len(self), row.signature)
        self.paths.append(row.path)
        self.members.append(row.member)
        self.titles.append(_short(row.title))
        self.reports.append(self._addresses.of(row.report))
        self.reasons.append(REASONS.index(row.reason))
        self.pages.append(row.pages)
        self.sentences.append(row.sentences)
        self.alarms.append(self._pairs(row.alarms))
        year = facts.year(row)
        self.folders.append(self.folder_names.place(facts.folder(row)))
        self.years.append(self.year_names.place(str(year) if year else ""))
        self.buyers.append(self.buyer_names.place(facts.buyer(row)))
        self._add_score(row)

    def groups(self) -> Groups:
        return self._signatures.groups()

    def ranking(self) -> np.ndarray:
        """Rows with a verdict from control to help, then the undecided, then those not scored."""
        verdicts = np.array(self.verdicts)
        kind = np.where(verdicts == NONE, 2, verdicts == UNDECIDED)
        # As the page's script has them, so that both break ties alike.
        scores = np.rint(np.nan_to_num(np.array(self.scores, float)) * SCALE)
        return np.lexsort((np.arange(len(self)), scores, kind))

    def _add_score(self, row: DocumentRow) -> None:
        score = row.score
        if score is None:
            self.verdicts.append(NONE)
            figures = (math.nan,) * 6
        else:
            self.verdicts.append(VERDICTS.index(score.verdict))
            figures = (score.balance, score.low, score.high)
            figures += (score.salience, score.assistive, score.control)
            self.missing.update(row.missing)
            counted = {code: n for code, n in score.profile.items() if n and code in CATEGORIES}
            self.category_sentences.update(counted)
            self.category_documents.update(counted.keys())
        columns = (self.scores, self.lows, self.highs)
        columns += (self.salience, self.assistive, self.control)
        for column, figure in zip(columns, figures, strict=True):
            column.append(figure if abs(figure) < 1e9 else math.nan)

    def _pairs(self, alarms: Iterable[Alarm]) -> tuple[int, ...]:
        """Place of the alarm and number of its sentences, one after the other."""
        return tuple(x for alarm in alarms for x in (self.alarm_names.place(alarm.zh), alarm.count))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
