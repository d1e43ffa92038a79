"""What the actors of a run must agree on: who reads which content, and what has killed its reader.

A stage that is run again, because a worker has died, must give what it gave before: Ray may
have passed on a part of it. So every answer given here stays the same for the run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from classifier.archive.intake import Intake
from classifier.archive.ledger import Ledger
from classifier.archive.versions import Versions
from classifier.extract.processes import Fresh
from classifier.limits import Limits

Place = tuple[int, int]
Content = tuple[str, str]

ATTEMPTS: Final = 3
"""Workers a document may take with it before it is given up as ``crashed``."""


class Register:
    """Lives in one actor on the machine that has the store, which it only reads."""

    def __init__(self, ledger: Path, versions: Versions, limits: Limits, fresh_since: int) -> None:
        opened = Ledger(ledger, writing=False)
        self._intake = Intake(opened, versions, limits, Fresh(), fresh_since, "", False)
        self._first: dict[Content, Place] = {}
        self._answers: dict[Place, bool] = {}
        self._begun: dict[str, int] = {}

    def is_needed(self, place: Place, content: Content) -> bool:
        """Whether to read the document at this place: no earlier one is the same, nor the store's.

        Of two that are opened at once the later one may be read too; the first one always is.
        """
        if place not in self._answers:
            self._answers[place] = self._decide(place, content)
        return self._answers[place]

    def _decide(self, place: Place, content: Content) -> bool:
        first = self._first.get(content)
        if first is not None and first < place:
            return False
        known = self._intake.known(*content)
        if known is not None and known.is_final:
            return False
        self._first[content] = place
        return True

    def begin(self, work: str, ended: str = "") -> int:
        """How often this work was begun before and not ended; ``ended`` is what was last."""
        self._begun.pop(ended, None)
        before = self._begun.get(work, 0)
        if before < ATTEMPTS:
            self._begun[work] = before + 1
        return before

    def forget(self) -> None:
        """Everything so far is in the ledger."""
        self._first.clear()
        self._answers.clear()
        self._begun.clear()
