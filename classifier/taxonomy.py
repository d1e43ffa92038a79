"""The labels: four orientations and nineteen categories, read from ``data/taxonomy.yaml``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import yaml

from classifier.resources import folder


class Orientation(StrEnum):
    NEUTRAL = "neutral"
    ASSISTIVE = "assistive"
    CONTROL = "control"
    MIXED = "mixed"

    @property
    def zh(self) -> str:
        return _SOURCE["orientations"][self.value]["zh"]

    @property
    def assistive_weight(self) -> float:
        """Share of the sentence that counts as assistive: a mixed one counts one half."""
        return {"assistive": 1.0, "mixed": 0.5}.get(self.value, 0.0)

    @property
    def control_weight(self) -> float:
        return {"control": 1.0, "mixed": 0.5}.get(self.value, 0.0)


@dataclass(frozen=True, slots=True)
class Category:
    code: str
    orientation: Orientation
    name: str
    zh: str
    covers: str


_SOURCE = yaml.safe_load((folder("data") / "taxonomy.yaml").read_text(encoding="utf-8"))

CATEGORIES: dict[str, Category] = {
    code: Category(code, Orientation(entry.pop("orientation")), **entry)
    for code, entry in _SOURCE["categories"].items()
}

# The order of the model's outputs: the two questions, then the categories.
QUESTIONS = (Orientation.ASSISTIVE, Orientation.CONTROL)
LABELS: tuple[str, ...] = (*(question.value for question in QUESTIONS), *CATEGORIES)


def orientation_of(assistive: bool, control: bool) -> Orientation:
    if assistive and control:
        return Orientation.MIXED
    if assistive:
        return Orientation.ASSISTIVE
    return Orientation.CONTROL if control else Orientation.NEUTRAL


def orientation_of_categories(codes: Iterable[str]) -> Orientation:
    """The orientation that follows from a set of category codes.

    Raises:
        KeyError: a code is not in the taxonomy.
    """
    found = {CATEGORIES[code].orientation for code in codes}
    return orientation_of(Orientation.ASSISTIVE in found, Orientation.CONTROL in found)
