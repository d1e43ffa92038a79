"""Do the words that an explanation names carry the label: deletion against random deletion.

    python benchmarks/explanations.py FILE.jsonl … [--model standard] [--sentences 300]

Of the files' sentences (keys ``text``, optionally ``section`` and ``previous``; best ones no
model was trained on) those with a label and at least seven words are taken in an order drawn
once. The label is the more probable of the two questions answered yes. The three words that
lose most by single deletion are deleted together; so are three random ones, five times.
Also printed: Spearman's rank correlation of the two methods over the words.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from classifier.explain.attribution import Reader, occlude, rank_agreement, second_opinion
from classifier.explain.units import without
from classifier.model import Model
from classifier.taxonomy import LABELS, QUESTIONS, Orientation

WORDS = 3
MIN_WORDS = 7
DRAWS = 5


def measure(
    model: Model, record: dict[str, str], random: np.random.Generator
) -> tuple[float, float, float] | None:
    """Drop by the top words, mean drop by random words, rank agreement; None if unsuited."""
    text = record["text"]
    reader = Reader(model, record.get("section", ""), record.get("previous", ""))
    said = reader.read([text])
    if said.orientations[0] is Orientation.NEUTRAL:
        return None
    whole = said.probabilities[0]
    column = int(whole[: len(QUESTIONS)].argmax())
    occlusion = occlude(reader, text, whole, [LABELS[column]])
    units = occlusion.units
    if len(units) < MIN_WORDS:
        return None
    top = np.argsort(-occlusion.loss[:, column])[:WORDS]
    drawn = [random.choice(len(units), WORDS, replace=False) for _ in range(DRAWS)]
    left = reader.read([without(text, [units[i] for i in some]) for some in (top, *drawn)])
    drops = whole[column] - left.probabilities[:, column]
    second = second_opinion(reader, text, units)[:, column]
    agreement = rank_agreement(occlusion.loss[:, column], second)
    return float(drops[0]), float(drops[1:].mean()), np.nan if agreement is None else agreement


def main() -> None:
    parser = argparse.ArgumentParser(description="Deletion of the named words against random ones")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--model", default="standard")
    parser.add_argument("--sentences", type=int, default=300)
    arguments = parser.parse_args()
    model, random = Model.load(arguments.model), np.random.default_rng(1)
    lines = [
        line for file in arguments.files for line in file.read_text(encoding="utf-8").splitlines()
    ]
    found: list[tuple[float, float, float]] = []
    for index in random.permutation(len(lines)):
        if len(found) == arguments.sentences:
            break
        if (row := measure(model, json.loads(lines[index]), random)) is not None:
            found.append(row)
    top, other, agreement = np.array(found).T
    ratio = top / np.maximum(other, 1e-4)
    print(f"{model.name} {model.version}: {len(found)} sentences")
    print(f"drop, {WORDS} top words: median {np.median(top):.3f}, mean {top.mean():.3f}")
    print(f"drop, {WORDS} random words: median {np.median(other):.3f}, mean {other.mean():.3f}")
    print(f"ratio of the medians {np.median(top) / np.median(other):.1f}")
    print(f"median of the ratios {np.median(ratio):.1f}, at least 3 in {np.mean(ratio >= 3):.2f}")
    low, middle, high = np.nanquantile(agreement, [0.25, 0.5, 0.75])
    print(f"rank agreement: median {middle:.2f}, quartiles {low:.2f} and {high:.2f}")


if __name__ == "__main__":
    main()
