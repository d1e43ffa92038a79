"""Labels of sentences whose text may not be published, joined to the text where it is at hand.

``data/labels/*.tsv`` holds one line per sentence: a key made from a hash, the
categories, and whether the reader was sure. Whoever has the documents can
train on them; from the keys alone no text comes back.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from classifier.resources import folder

KEY_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Label:
    categories: tuple[str, ...]
    unsure: bool
    represents: float


def key(record: Mapping[str, Any]) -> str:
    """Key of a sentence in its document: hash of document, section, previous sentence and text."""
    parts = (str(record.get(name) or "") for name in ("document", "section", "previous", "text"))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:KEY_DIGITS]


@cache
def stored() -> dict[str, Label]:
    """All labels of ``data/labels``; a later file (by name) overrides an earlier one."""
    labels = {}
    for file in sorted((folder("data") / "labels").glob("*.tsv")):
        labels.update(read(file))
    return labels


def read(file: Path) -> dict[str, Label]:
    with file.open(encoding="utf-8", newline="") as lines:
        return {
            row["key"]: Label(
                tuple(row["categories"].split()), row["unsure"] == "1", float(row["represents"])
            )
            for row in csv.DictReader(lines, delimiter="\t")
        }


def is_labelled(record: Mapping[str, Any]) -> bool:
    return record.get("categories") is not None or key(record) in stored()


@cache
def projects() -> dict[str, str]:
    """Document to project, of the documents that ``data/labels`` is about."""
    with (folder("data") / "projects.tsv").open(encoding="utf-8", newline="") as lines:
        return {row["document"]: row["project"] for row in csv.DictReader(lines, delimiter="\t")}


def project(record: Mapping[str, Any]) -> str | None:
    """What may not be parted between training and test: group, project or document of a record.

    None for a sentence without a document.
    """
    document = record.get("document")
    return record.get("group") or (projects().get(document, document) if document else None)


def apply(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its stored label, if there is one, in place of its own."""
    label = stored().get(key(record))
    if label is None:
        return dict(record)
    return {
        **record,
        "categories": list(label.categories),
        "unsure": label.unsure,
        "represents": label.represents,
    }
