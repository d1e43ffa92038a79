"""The templates of the review page and what they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader

from classifier.document import Box
from classifier.report.page import SHORT, as_text, asset, environment
from classifier.review.model import Act, Label, StoredDocument, StoredSentence
from classifier.review.page_image import FORMATS
from classifier.taxonomy import CATEGORIES, QUESTIONS, Orientation

# Above and below the sentence, in points, where the page is shown in part.
_ABOVE, _BELOW = 110.0, 130.0
_MARGIN = 2.0

CATEGORY_KEYS = dict(zip(CATEGORIES, "qwertyuioasdfghjkl;", strict=True))
ORIENTATION_KEYS = dict(zip(Orientation, "1234", strict=True))

_ACTS = {Act.ACCEPT: "认可", Act.CORRECT: "改判", Act.ADJUDICATE: "裁定", Act.UNDO: "撤销"}


@dataclass(frozen=True, slots=True)
class PageView:
    """A page with the boxes of a sentence on it; all numbers in points.

    ``crop`` is the part around the boxes: left, top, width, height.
    """

    number: int
    width: float
    height: float
    boxes: tuple[Box, ...]
    crop: tuple[float, float, float, float]


def page_views(document: StoredDocument, sentence: StoredSentence) -> tuple[PageView, ...]:
    """The pages the sentence stands on, as far as pages of this format can be drawn."""
    if document.format not in FORMATS or document.original is None:
        return ()
    boxes: dict[int, list[Box]] = {}
    for number, box in sentence.boxes:
        if 1 <= number <= len(document.page_sizes):
            boxes.setdefault(number, []).append(box)
    views = []
    for number, own in boxes.items():
        width, height = document.page_sizes[number - 1]
        top = max(min(box.top for box in own) - _ABOVE, 0.0)
        bottom = min(max(box.bottom for box in own) + _BELOW, height)
        wider = tuple(
            Box(b.x0 - _MARGIN, b.top - _MARGIN, b.x1 + _MARGIN, b.bottom + _MARGIN) for b in own
        )
        views.append(PageView(number, width, height, wider, (0.0, top, width, bottom - top)))
    return tuple(views)


@cache
def templates() -> Environment:
    made = environment().overlay(loader=PackageLoader("classifier.review.web", "templates"))
    made.filters.update(when=_when, act=_ACTS.__getitem__, codes=_codes)
    made.globals.update(
        categories=CATEGORIES,
        questions=QUESTIONS,
        orientations=list(Orientation),
        category_keys=CATEGORY_KEYS,
        orientation_keys=ORIENTATION_KEYS,
        short={**SHORT, Orientation.NEUTRAL: "n"},
        signs={"a": "▲", "c": "▼", "m": "◆", "n": "·"},
    )
    return made


def render(template: str, **values: Any) -> str:
    """A page or a part of one; all values are escaped."""
    return as_text(templates().get_template(template).render(**values))


@cache
def assets() -> dict[str, tuple[str, str]]:
    """Text and media type of every file a page may ask for, by name."""
    folder = files("classifier.review.web").joinpath("templates")

    def own(names: Iterable[str]) -> str:
        return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)

    return {
        "report.css": (str(asset("report.css")), "text/css"),
        "icon.svg": (own(["icon.svg"]), "image/svg+xml"),
        "review.css": (own(["review.css"]), "text/css"),
        "review.js": (own(["shared.js", "desk.js", "views.js"]), "text/javascript"),
    }


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _codes(label: Label | None) -> Sequence[str]:
    return label.categories if label else ()
