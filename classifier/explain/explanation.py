"""One sentence in, its explanation out: the four parts put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifier.context import Context
from classifier.explain.attribution import (
    Occlusion,
    Reader,
    log_odds,
    occlude,
    rank_agreement,
    second_opinion,
)
from classifier.explain.counterfactual import counterfactuals
from classifier.explain.examples import sentences
from classifier.explain.guidelines import guidance
from classifier.explain.model import Explanation, LabelExplanation, WordWeight
from classifier.model import Model
from classifier.taxonomy import LABELS, QUESTIONS

MAX_CHARS = 2000
"""What stands beyond is not explained; the encoder reads some 200 characters."""


def explain(model: Model, text: str, context: Context | None = None) -> Explanation:
    """Explain what the model says of one sentence.

    The model reads at most some 220 variants of the sentence, most of them
    shorter than it.

    Args:
        context: ``(section, previous sentence)`` as for :meth:`Model.predict`.
    """
    section, previous = _parts(context)
    sentence = _readable(text)
    cut, sentence = len(sentence) > MAX_CHARS, sentence[:MAX_CHARS]
    reader = Reader(model, section, previous)
    said = reader.read([sentence])
    orientation, categories = said.orientations[0], said.categories[0]
    whole = said.probabilities[0]
    labels = (*(question.value for question in QUESTIONS), *categories)
    occlusion = occlude(reader, sentence, whole, labels)
    near = sentences().nearest(sentence, orientation, categories)
    return Explanation(
        text=sentence,
        section=section,
        previous=previous,
        cut=cut,
        model=model.name,
        model_version=model.version,
        orientation=orientation,
        categories=categories,
        probabilities=tuple(float(p) for p in whole),
        review=said.review[0],
        labels=_labels(reader, sentence, whole, labels, occlusion),
        guidance=guidance(sentence, categories),
        examples=near.examples,
        others=near.others,
        contrast=near.contrast,
        counterfactuals=counterfactuals(reader, sentence, orientation, occlusion),
        passes=reader.passes,
    )


def _parts(context: Context | None) -> tuple[str, str]:
    """Innermost heading and previous sentence."""
    section, previous, *_ = (*(context or ()), "", "")
    if not isinstance(previous, str):
        raise TypeError("a context is (section, previous): the second part must be a string")
    if not isinstance(section, str):
        section = section[-1] if section else ""
    return _readable(section), _readable(previous)


def _readable(text: str) -> str:
    """Without lone surrogates, as arguments in a broken encoding have: tokenizers refuse them."""
    return text.encode("utf-8", "replace").decode()


def _labels(
    reader: Reader, text: str, whole: np.ndarray, labels: Sequence[str], occlusion: Occlusion
) -> tuple[LabelExplanation, ...]:
    second = second_opinion(reader, text, occlusion.units)
    section, previous = _context_loss(reader, text, whole)
    thresholds = reader.model.calibration.thresholds
    given = whole >= thresholds
    explained = []
    for label in labels:
        i = LABELS.index(label)
        words = tuple(
            WordWeight(
                text=text[unit.start : unit.end],
                start=unit.start,
                end=unit.end,
                occlusion=float(occlusion.loss[n, i]),
                second=float(second[n, i]),
                without=float(occlusion.predictions.probabilities[n, i]),
            )
            for n, unit in enumerate(occlusion.units)
        )
        explained.append(
            LabelExplanation(
                label=label,
                probability=float(whole[i]),
                threshold=float(thresholds[i]),
                given=bool(given[i]) or label not in labels[: len(QUESTIONS)],
                words=words,
                section=float(section[i]) if section is not None else None,
                previous=float(previous[i]) if previous is not None else None,
                agreement=rank_agreement(occlusion.loss[:, i], second[:, i]),
            )
        )
    return tuple(explained)


def _context_loss(
    reader: Reader, text: str, whole: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(labels,) log odds lost without the heading, and without the sentence before."""
    present = [bool(reader.section.strip()), bool(reader.previous.strip())]
    contexts = [("", reader.previous), (reader.section, "")]
    wanted = [context for context, there in zip(contexts, present, strict=True) if there]
    if not wanted:
        return None, None
    said = reader.read_in_contexts(text, wanted)
    losses = iter(log_odds(whole) - log_odds(said.probabilities))
    section, previous = (next(losses) if there else None for there in present)
    return section, previous
