"""Contrast pairs by rule of the guidelines: does the model get both sides right?

    python benchmarks/behaviour/run.py [--model standard] [--model lexical] [--failures]

A pair is two sentences that differ in the one thing its rule is about, and
therefore in orientation. It passes when the orientation of both is predicted.
The pairs were written for this purpose and are never trained on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier import Classifier
from classifier.taxonomy import CATEGORIES, Orientation, orientation_of

PAIRS = Path(__file__).with_name("pairs.jsonl")


@dataclass(frozen=True)
class Pair:
    """Two sentences under one section, each with its orientation by the guidelines."""

    id: str
    rule: str
    context: tuple[str, str]
    texts: tuple[str, str]
    expected: tuple[Orientation, Orientation]


def load(path: Path = PAIRS) -> list[Pair]:
    return [_pair(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _pair(record: dict) -> Pair:
    return Pair(
        id=record["id"],
        rule=record["rule"],
        context=(record["section"], record["previous"]),
        texts=(record["a"]["text"], record["b"]["text"]),
        expected=(_orientation(record["a"]["categories"]), _orientation(record["b"]["categories"])),
    )


def _orientation(codes: Sequence[str]) -> Orientation:
    sides = {CATEGORIES[code].orientation for code in codes}
    return orientation_of(Orientation.ASSISTIVE in sides, Orientation.CONTROL in sides)


def judge(classifier: Classifier, pairs: Sequence[Pair]) -> list[tuple[Orientation, Orientation]]:
    """Predicted orientations of both sentences of every pair."""
    texts = [text for pair in pairs for text in pair.texts]
    contexts = [pair.context for pair in pairs for _ in pair.texts]
    found = classifier.predict(texts, contexts).orientations
    return list(zip(found[::2], found[1::2], strict=True))


def table(pairs: Sequence[Pair], answers: dict[str, list]) -> Iterator[str]:
    """Markdown: share of pairs with both sides right, by rule and model."""
    rules: dict[str, list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        rules[pair.rule].append(i)
    yield f"| rule | pairs | {' | '.join(answers)} |"
    yield "|---|---|" + "---|" * len(answers)
    for rule, indices in [*rules.items(), ("all", list(range(len(pairs))))]:
        shares = [
            sum(found[i] == pairs[i].expected for i in indices) / len(indices)
            for found in answers.values()
        ]
        yield f"| {rule} | {len(indices)} | {' | '.join(f'{share:.0%}' for share in shares)} |"


def failures(pairs: Sequence[Pair], found: Sequence) -> Iterator[str]:
    for pair, answer in zip(pairs, found, strict=True):
        for text, expected, given in zip(pair.texts, pair.expected, answer, strict=True):
            if expected != given:
                yield f"{pair.id}\t{expected.value} → {given.value}\t{text}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", action="append", help="may be given more than once")
    parser.add_argument("--failures", action="store_true", help="list the wrong sentences")
    options = parser.parse_args()
    pairs = load()
    names = options.model or ["standard", "lexical"]
    answers = {name: judge(Classifier.load(name), pairs) for name in names}
    sys.stdout.write("\n".join(table(pairs, answers)) + "\n")
    if options.failures:
        sys.stdout.write("\n".join(failures(pairs, answers[names[0]])) + "\n")


if __name__ == "__main__":
    main()
