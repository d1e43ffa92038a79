"""Where a model errs: examples by rule of the guidelines, or by category where no rule is named.

They quote the evaluated sentences and so are for the screen, not for a model card.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier.model import Model
from classifier.taxonomy import CATEGORIES, LABELS, QUESTIONS, orientation_of_categories

MAX_CHARS = 90


@dataclass(frozen=True)
class Mistake:
    """A sentence whose orientation was not found; ``by`` is how far the worst question was off."""

    kind: str
    text: str
    gold: str
    given: str
    by: float


def examples(file: Path, model: str, number: int) -> str:
    """The ``number`` worst mistakes of each kind, as Markdown."""
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    kinds: dict[str, list[Mistake]] = defaultdict(list)
    for mistake in find(Model.load(model), records):
        kinds[mistake.kind].append(mistake)
    lines = []
    for kind, found in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])):
        lines.append(f"\n{kind}: {len(found)}")
        for m in sorted(found, key=lambda m: -m.by)[:number]:
            lines.append(f"- {m.text} — {m.gold} → {m.given} ({m.by:.2f})")
    return "\n".join(lines) + "\n" if lines else ""


def find(model: Model, records: list[dict[str, Any]]) -> Iterator[Mistake]:
    """Every sentence whose predicted orientation is not that of its labels."""
    answers = model.predict(
        [record["text"] for record in records],
        [(record.get("section") or "", record.get("previous") or "") for record in records],
    )
    columns = [LABELS.index(question.value) for question in QUESTIONS]
    for i, record in enumerate(records):
        gold = orientation_of_categories(record["categories"])
        if answers.orientations[i] == gold:
            continue
        sides = {CATEGORIES[code].orientation for code in record["categories"]}
        truth = np.array([question in sides for question in QUESTIONS], float)
        yield Mistake(
            kind=record.get("rule") or _kind(record["categories"], answers.categories[i]),
            text=record["text"][:MAX_CHARS],
            gold=" ".join(record["categories"]) or "neutral",
            given=" ".join(answers.categories[i]) or "neutral",
            by=float(np.abs(answers.probabilities[i, columns] - truth).max()),
        )


def _kind(gold: list[str], given: tuple[str, ...]) -> str:
    if missed := [code for code in gold if code not in given]:
        return f"missed {missed[0]} {CATEGORIES[missed[0]].name}"
    wrong = next(code for code in given if code not in gold)
    return f"wrongly given {wrong} {CATEGORIES[wrong].name}"
