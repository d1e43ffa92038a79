"""Labelled sentences: the corpus in ``data/`` and further JSONL files, as ``datasets``.

A record is one JSON object with ``text`` and ``categories`` (codes of the
taxonomy) and optionally ``section``, ``previous``, ``unsure``, ``group`` or
``document`` (what must not stand on two sides of a split; documents of
``data/projects.tsv`` go with their project), ``pair``, and
``represents`` (how many sentences of running text it stands for: the inverse of
the probability with which it was drawn, 1 unless stated).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from datasets import (
    Dataset,
    Features,
    Value,
    concatenate_datasets,
    load_dataset,
)
from datasets import (
    Sequence as ListOf,
)
from datasets.exceptions import DatasetGenerationError

from classifier.context import context_text
from classifier.resources import folder
from classifier.taxonomy import CATEGORIES
from training import labels

SENTENCES = "sentences"
# datasets' cache knows the function, not the label and project files that it reads.
_ALWAYS = {"load_from_cache_file": False}
UNSURE_WEIGHT = 0.5
FEATURES = Features(
    {
        "text": Value("string"),
        "context": Value("string"),
        "categories": ListOf(Value("string")),
        "group": Value("string"),
        "weight": Value("float32"),
        "length": Value("int32"),
        "real": Value("bool"),
        "represents": Value("float32"),
    }
)


def written_files() -> list[Path]:
    """The files of the corpus written for this project."""
    return sorted((folder("data") / SENTENCES).glob("*.jsonl"))


def load(files: Iterable[Path], stored: bool = True) -> Dataset:
    """Read JSONL files into one dataset with the columns of :data:`FEATURES`.

    Args:
        stored: whether labels of ``data/labels`` take the place of a record's
            own; records that have neither are left out. Not for evaluation.

    Raises:
        ValueError: a record lacks a text or names an unknown category.
    """
    parts = []
    for file in files:
        raw = _read(file)
        if stored:
            raw = raw.filter(labels.is_labelled, **_ALWAYS)
        prepare = partial(_normalise, stored=stored)
        parts.append(
            raw.map(prepare, remove_columns=raw.column_names, features=FEATURES, **_ALWAYS)
        )
    if not parts:
        raise ValueError("no training files: data/sentences is empty and no --data was given")
    return concatenate_datasets(parts)


def _read(file: Path) -> Dataset:
    try:
        return load_dataset("json", data_files=str(file), split="train")
    except DatasetGenerationError as error:
        raise ValueError(f"{file}: not a JSONL file ({error.__cause__})") from error


def _normalise(record: dict[str, Any], stored: bool) -> dict[str, Any]:
    if stored:
        record = labels.apply(record)
    text = (record.get("text") or "").strip()
    codes = record.get("categories")
    if not text or codes is None or not set(codes) <= CATEGORIES.keys():
        raise ValueError(f"record without text or with unknown categories: {record}")
    project = labels.project(record)
    context = context_text(record.get("section") or "", record.get("previous") or "")
    return {
        "text": text,
        "context": context,
        "categories": codes,
        "group": project or record.get("pair") or record.get("id") or text,
        "weight": UNSURE_WEIGHT if record.get("unsure") else 1.0,
        "length": len(text) + len(context),
        "real": bool(project),
        "represents": record.get("represents") or 1.0,
    }


def split_by_group(dataset: Dataset, held_out: float) -> tuple[Dataset, Dataset]:
    """Train and held-out part; a group stands on one side only.

    Only sentences of real documents are held out: what we wrote ourselves says
    nothing about how the model does on documents.
    """
    side = np.array(
        [
            real and fraction(group) < held_out
            for real, group in zip(dataset["real"], dataset["group"], strict=True)
        ]
    )
    return dataset.select(np.flatnonzero(~side)), dataset.select(np.flatnonzero(side))


def split_at_random(dataset: Dataset, held_out: float) -> tuple[Dataset, Dataset]:
    """Like :func:`split_by_group` for a corpus without documents: pairs stay together."""
    side = np.array([fraction(group) < held_out for group in dataset["group"]])
    return dataset.select(np.flatnonzero(~side)), dataset.select(np.flatnonzero(side))


def fraction(key: str) -> float:
    """A number in [0, 1) that depends on ``key`` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48


def without_near_duplicates(dataset: Dataset, of: Dataset, threshold: float = 0.7) -> Dataset:
    """Drop the sentences whose 4-gram Jaccard similarity to one of ``of`` reaches ``threshold``."""
    index: dict[str, list[int]] = {}
    reference = [shingles(text) for text in of["text"]]
    for i, grams in enumerate(reference):
        for gram in grams:
            index.setdefault(gram, []).append(i)
    keep = []
    for i, text in enumerate(dataset["text"]):
        grams = shingles(text)
        shared: dict[int, int] = {}
        for gram in grams:
            for j in index.get(gram, ()):
                shared[j] = shared.get(j, 0) + 1
        if not any(
            n / (len(grams) + len(reference[j]) - n) >= threshold for j, n in shared.items()
        ):
            keep.append(i)
    return dataset.select(keep)


def shingles(text: str, size: int = 4) -> set[str]:
    """Character n-grams of the letters and digits of ``text``; short texts are one gram."""
    letters = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).lower())
    return {letters[i : i + size] for i in range(max(len(letters) - size + 1, 1))}
