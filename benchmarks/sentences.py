"""Sentences with their contexts for the programs beside this one."""

from __future__ import annotations

import json
import random
from pathlib import Path

from classifier.context import context_text

SEED = 7


def sample(file: Path, number: int) -> tuple[list[str], list[str]]:
    """Texts and contexts, drawn with a fixed seed.

    Args:
        file: JSON lines with ``text`` and, where known, ``section`` and ``previous``.
    """
    with file.open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["text"].strip()]
    random.Random(SEED).shuffle(rows)
    rows = rows[:number]
    contexts = [context_text(row.get("section", ""), row.get("previous", "")) for row in rows]
    return [row["text"] for row in rows], contexts
