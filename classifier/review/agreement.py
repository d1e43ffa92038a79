"""Agreement of two reviewers: Cohen's κ (1960) and F1 per question."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from classifier.review.model import Agreement, Label, Standing
from classifier.taxonomy import QUESTIONS, Orientation


def agreements(standings: Iterable[Standing]) -> tuple[Agreement, ...]:
    """Every two reviewers with sentences in common, by name, each with both questions."""
    opinions = [
        {name: decision.label for name, decision in standing.opinions.items() if decision.label}
        for standing in standings
    ]
    names = sorted({name for labels in opinions for name in labels})
    found = []
    for pair in combinations(names, 2):
        both = [(o[pair[0]], o[pair[1]]) for o in opinions if o.keys() >= set(pair)]
        if both:
            found += [_agreement(pair, question, both) for question in QUESTIONS]
    return tuple(found)


def says(label: Label, question: Orientation) -> bool:
    """The answer to one of the two questions."""
    return label.orientation in (question, Orientation.MIXED)


def _agreement(
    pair: tuple[str, str], question: Orientation, labels: list[tuple[Label, Label]]
) -> Agreement:
    answers = [(says(one, question), says(other, question)) for one, other in labels]
    size = len(answers)
    yes = answers.count((True, True))
    first, second = sum(one for one, _ in answers), sum(other for _, other in answers)
    seen = (yes + answers.count((False, False))) / size
    chance = (first * second + (size - first) * (size - second)) / size**2
    return Agreement(
        reviewers=pair,
        question=question,
        sentences=size,
        kappa=None if chance == 1 else (seen - chance) / (1 - chance),
        f1=2 * yes / (first + second) if first + second else None,
    )
