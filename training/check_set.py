"""Labelled sentences that guard against forgetting, read without the training extra."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.context import context_text
from classifier.resources import folder
from classifier.taxonomy import CATEGORIES
from training.targets import targets

# Of the sentences in data/, every so many-th.
EVERY = 25


@dataclass(frozen=True)
class CheckSet:
    """Sentences with contexts made by :func:`~classifier.context.context_text`.

    Attributes:
        labels: 0/1 of shape (sentences, labels).
    """

    name: str
    texts: list[str]
    contexts: list[str]
    labels: np.ndarray


def written() -> CheckSet:
    """A fixed sample of the sentences written for this project."""
    files = sorted((folder("data") / "sentences").glob("*.jsonl"))
    records = [record for file in files for record in _records(file)]
    return _made("data/sentences", records[::EVERY])


def read(file: Path) -> CheckSet:
    """A user's own labelled sentences, in the format that ``train --data`` takes.

    Raises:
        ValueError: a line is not such a record, or there are none.
    """
    records = list(_records(file))
    if not records:
        raise ValueError(f"{file}: holds no sentences")
    return _made(file.name, records)


def _records(file: Path) -> Iterator[dict]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                good = record["text"].strip() and set(record["categories"]) <= CATEGORIES.keys()
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise ValueError(f"{file}:{number}: not a labelled sentence ({error})") from error
            if not good:
                raise ValueError(f"{file}:{number}: no text, or unknown categories")
            yield record


def _made(name: str, records: list[dict]) -> CheckSet:
    return CheckSet(
        name,
        [record["text"].strip() for record in records],
        [context_text(str(r.get("section") or ""), str(r.get("previous") or "")) for r in records],
        targets([record["categories"] for record in records]),
    )
