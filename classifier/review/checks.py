"""What a store takes as a reviewer's name and as a label."""

from __future__ import annotations

from classifier.errors import ReviewError
from classifier.review.model import Label
from classifier.taxonomy import CATEGORIES, orientation_of_categories

MAX_NAME = 60


def checked_name(reviewer: str) -> str:
    """A reviewer's name without surrounding space.

    Raises:
        ReviewError: it is empty, too long, or has characters that cannot be shown.
    """
    name = reviewer.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise ReviewError(f"审阅人姓名须为 1 至 {MAX_NAME} 个可见字符 a name of 1 to {MAX_NAME}")
    return name


def checked_label(label: Label) -> Label:
    """The label, each category once.

    Raises:
        ReviewError: a category is unknown or of a side that the orientation has not; a mixed
            sentence with categories needs some of both sides.
    """
    categories = tuple(dict.fromkeys(label.categories))
    if unknown := [code for code in categories if code not in CATEGORIES]:
        raise ReviewError(f"没有这个类别 no such category: {', '.join(unknown)[:MAX_NAME]}")
    found = orientation_of_categories(categories)
    if categories and found is not label.orientation:
        raise ReviewError(
            f"类别与倾向不符 categories {' '.join(categories)} are {found.value}, "
            f"not {label.orientation.value}"
        )
    return Label(label.orientation, categories)
