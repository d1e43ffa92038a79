"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """A thing that works on this machine or does not.

    Attributes:
        name: what was tried, Chinese and English.
        detail: what came of it, for people.
        optional: whether all else works without it.
        install: command that brings what is missing, to be run as it stands; or empty.
    """

    name: str
    works: bool
    detail: str
    optional: bool = False
    install: str = ""

    @property
    def state(self) -> Literal["works", "missing", "broken"]:
        if self.works:
            return "works"
        return "missing" if self.optional else "broken"
