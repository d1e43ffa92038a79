"""The words that carry the labels of every marked sentence, as the lexical scorer has it.

Taking it apart is exact and costs some milliseconds a sentence, so that every report can say
something on a click. What the whole model makes of each word costs seconds a sentence
(:mod:`classifier.explain.full_rationales`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from classifier.context import Context, from_tuple
from classifier.explain.contributions import contributions
from classifier.explain.units import words_in
from classifier.lexical import LexicalScorer
from classifier.model import Model, Predictions
from classifier.report.rationale import Carried, Carrier, Method, Rationale
from classifier.taxonomy import LABELS, QUESTIONS, Orientation

MOST_SENTENCES = 3000
"""Marked sentences of one document that get a rationale; a 400-page tender has some 1,200."""

MOST_CHARACTERS = 600
"""Longer sentences get no rationale: they are whole pages that no one broke."""

MOST_WORDS = 6
# Share of the strongest word's weight under which a word is not named.
_SLIGHT = 0.2
# Log odds under which a word is not worth naming.
_FAINT = 0.1


def lexical_rationales(
    model: Model,
    texts: Sequence[str],
    contexts: Sequence[Context],
    predictions: Predictions,
) -> dict[int, Rationale]:
    """A rationale from the lexical scorer for every marked or doubtful sentence, by index."""
    found = [
        (scorer, weights)
        for name, weights in zip(model.calibration.scorers, model.calibration.weights, strict=True)
        if isinstance(scorer := model.scorers[name], LexicalScorer)
    ]
    if not found:
        return {}
    scorer, weights = found[0]
    method = Method.LEXICAL if len(model.scorers) == 1 else Method.LEXICAL_PART
    return {
        i: Rationale(
            method, _carried(scorer, weights, texts[i], contexts[i], _labels(predictions, i))
        )
        for i in _marked(predictions)
        if len(texts[i]) <= MOST_CHARACTERS
    }


def _marked(predictions: Predictions) -> list[int]:
    answers = zip(predictions.orientations, predictions.review, strict=True)
    marked = (i for i, (o, doubt) in enumerate(answers) if doubt or o is not Orientation.NEUTRAL)
    return [i for i, _ in zip(marked, range(MOST_SENTENCES), strict=False)]


def _labels(predictions: Predictions, i: int) -> tuple[str, ...]:
    """The labels given; of a doubtful neutral sentence the question that came nearer to a yes."""
    orientation = predictions.orientations[i]
    if orientation is Orientation.NEUTRAL:
        nearer = int(np.argmax(predictions.probabilities[i, : len(QUESTIONS)]))
        return (QUESTIONS[nearer].value,)
    answers = {
        Orientation.ASSISTIVE: orientation.assistive_weight,
        Orientation.CONTROL: orientation.control_weight,
    }
    yes = (question.value for question in QUESTIONS if answers[question])
    return (*yes, *predictions.categories[i])


def _carried(
    scorer: LexicalScorer, weights: np.ndarray, text: str, context: Context, labels: Iterable[str]
) -> tuple[Carried, ...]:
    characters = contributions(scorer, text, from_tuple(context)).characters * weights
    words = list(words_in(text))
    sums = [characters[start:end].sum(0) for start, end in words]
    carried = []
    for label in labels:
        column = LABELS.index(label)
        values = (Carrier(*word, float(v[column])) for word, v in zip(words, sums, strict=True))
        carried.append(Carried(label, strongest(values)))
    return tuple(carried)


def strongest(words: Iterable[Carrier]) -> tuple[Carrier, ...]:
    """The words that speak for a label, in text order."""
    ranked = sorted(words, key=lambda word: -word.weight)[:MOST_WORDS]
    least = max(_SLIGHT * ranked[0].weight, _FAINT) if ranked else 0.0
    return tuple(sorted((w for w in ranked if w.weight >= least), key=lambda word: word.start))
