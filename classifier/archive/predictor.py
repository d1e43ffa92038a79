"""The model of a run: opened when first needed, asked about many documents at once.

Tenders share boilerplate: a sentence that was answered in the same context is not asked again
while it is remembered. What is remembered is finite.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from classifier.model import DEFAULT, Model, find, version_of
from classifier.scoring import Answering
from classifier.taxonomy import LABELS

REMEMBERED = 200_000
"""Sentences whose answers are kept, about 60 MB; those longest unused go first."""

Question = tuple[str, str]


class Predictor:
    """Probabilities for sentences in their contexts.

    Attributes:
        name: of the model's folder.
        version: of the model with its screen, known without opening it.
        asked, answered: sentences so far, and those of them that the model had to answer.
    """

    def __init__(
        self, model: str | Path = DEFAULT, screened: bool = False, threads: int | None = None
    ) -> None:
        """``threads`` as :meth:`classifier.model.Model.load` takes them."""
        # Found once: which model is in use may change while this one works.
        self._folder = find(model)
        self.name = self._folder.name
        self.screened, self._threads = screened, threads
        self.version = version_of(self._folder, screened)
        self.asked = self.answered = 0
        self._known: OrderedDict[bytes, np.ndarray] = OrderedDict()

    @property
    def place(self) -> str:
        """The model's folder."""
        return str(self._folder)

    @cached_property
    def model(self) -> Model:
        return Model.load(self._folder, self._threads, self.screened)

    @cached_property
    def answering(self) -> Answering:
        return Answering.of(self.model)

    def probabilities(self, documents: Sequence[Sequence[Question]]) -> list[np.ndarray]:
        """One matrix (sentences, labels) per document; its values are exact in 32 bits."""
        keys = [[_key(question) for question in questions] for questions in documents]
        new: dict[bytes, Question] = {}
        for own, questions in zip(keys, documents, strict=True):
            for key, question in zip(own, questions, strict=True):
                if key in self._known:
                    self._known.move_to_end(key)
                else:
                    new[key] = question
        self.asked += sum(map(len, keys))
        self.answered += len(new)
        answers = self._answers(new)
        found = [
            np.array([answers[k] if k in answers else self._known[k] for k in own], np.float32)
            .reshape(len(own), len(LABELS))
            .astype(np.float64)
            for own in keys
        ]
        self._remember(answers)
        return found

    def _answers(self, new: dict[bytes, Question]) -> dict[bytes, np.ndarray]:
        if not new:
            return {}
        texts, contexts = zip(*new.values(), strict=True)
        rows = self.model.probabilities(texts, contexts).astype(np.float32)
        return dict(zip(new, rows, strict=True))

    def _remember(self, answers: dict[bytes, np.ndarray]) -> None:
        for key, row in answers.items():
            # A copy: a view would keep the whole batch.
            self._known[key] = row.copy()
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _key(question: Question) -> bytes:
    text, context = (part.encode("utf-8", "surrogatepass") for part in question)
    return hashlib.blake2b(b"%d %b%b" % (len(text), text, context), digest_size=16).digest()
