"""What a reviewer sees and does, without a word of HTTP: the page's other half.

Reviewers work blind: what another said of a sentence is shown only to who has said her own,
or where two have spoken, so that the difference can be settled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from classifier.analyzer import Classifier
from classifier.errors import ReviewError
from classifier.explain.guidelines import guidance
from classifier.explain.model import NEUTRAL, Explanation, Guidance
from classifier.orientation import OrientationScore
from classifier.review import trail
from classifier.review.model import (
    Act,
    Agreement,
    Decision,
    Label,
    SignOff,
    Standing,
    StoredDocument,
    StoredSentence,
)
from classifier.review.near import near_duplicates
from classifier.review.originals import Originals
from classifier.review.queue import Filter, queue
from classifier.review.score import human_labels, human_score
from classifier.review.store import ReviewStore
from classifier.taxonomy import CATEGORIES

NEIGHBOURS = 3
"""Sentences shown on either side."""
_SPOKEN = 2
"""Reviewers who must have said theirs before anybody sees both."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one reviewer in one document: sentences labelled, and those that ask for it most."""

    done: int
    sentences: int
    doubtful_done: int
    doubtful: int


@dataclass(frozen=True, slots=True)
class Desktop:
    """A document as the list of documents shows it."""

    document: StoredDocument
    progress: Progress
    disputed: int
    signed: SignOff | None
    is_outdated: bool


@dataclass(frozen=True, slots=True)
class Twin:
    """A near-duplicate: where it stands, how alike it is, and whether it is chosen at first."""

    sentence: StoredSentence
    name: str
    similarity: float
    own: Label | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Card:
    """Everything the page shows of one sentence.

    Attributes:
        own: the reviewer's label; None where she has said nothing.
        before, after: neighbouring sentences in reading order.
        guidance: what the guidelines say, by category code and ``neutral``.
        likely: category codes, the most probable first.
    """

    document: StoredDocument
    sentence: StoredSentence
    own: Label | None
    before: tuple[StoredSentence, ...]
    after: tuple[StoredSentence, ...]
    twins: tuple[Twin, ...]
    guidance: dict[str, Guidance]
    likely: tuple[str, ...]

    @property
    def draft(self) -> Label:
        """What the form begins with."""
        return self.own or self.sentence.machine


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """An entry as this reviewer may see it; ``is_hidden`` where she must not yet."""

    decision: Decision
    text: str
    in_force: bool
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """A sentence on which opinions differ, settled or not."""

    sentence: StoredSentence
    standing: Standing


class Desk:
    """One store, shared by all browsers; safe between threads.

    Args:
        load: opens the model, on first use: explanations and scores need it.
    """

    def __init__(self, store: ReviewStore, load: Callable[[], Classifier]) -> None:
        self.store = store
        self.originals = Originals()
        self._load = load
        self._classifier: Classifier | None = None
        self._thinking = threading.Lock()
        self._sentences: dict[tuple[str, str], tuple[StoredSentence, ...]] = {}

    @property
    def classifier(self) -> Classifier:
        with self._thinking:
            if self._classifier is None:
                self._classifier = self._load()
            return self._classifier

    def sentences(self, key: str) -> tuple[StoredSentence, ...]:
        document = self.store.document(key)
        version = (key, document.model_version)
        if version not in self._sentences:
            self._sentences[version] = self.store.sentences(key)
        return self._sentences[version]

    def sentence(self, key: str, index: int) -> StoredSentence:
        """One sentence.

        Raises:
            ReviewError: there is no such document or sentence.
        """
        sentences = self.sentences(key)
        if not 0 <= index < len(sentences):
            raise ReviewError(f"没有第 {index + 1} 句 no such sentence")
        return sentences[index]

    def own(self, key: str, reviewer: str) -> dict[int, Label]:
        """By index what this reviewer says now; adjudications are not among it."""
        return _own(self.store.standings(key), reviewer)

    def documents(self, reviewer: str) -> tuple[Desktop, ...]:
        return tuple(self.desktop(document, reviewer) for document in self.store.documents())

    def desktop(self, document: StoredDocument, reviewer: str) -> Desktop:
        standings = self.store.standings(document.sha256)
        signed = self.store.sign_offs(document.sha256)[-1:]
        entries = self.store.trail(document.sha256)
        return Desktop(
            document=document,
            progress=_progress(self.sentences(document.sha256), _own(standings, reviewer)),
            disputed=sum(standing.is_disputed for standing in standings.values()),
            signed=signed[0] if signed else None,
            is_outdated=bool(signed and entries and entries[-1].number > signed[0].last),
        )

    def progress(self, key: str, reviewer: str) -> Progress:
        return _progress(self.sentences(key), self.own(key, reviewer))

    def queue(self, key: str, reviewer: str, wanted: Filter) -> list[StoredSentence]:
        return queue(self.sentences(key), self.own(key, reviewer), wanted)

    def card(self, key: str, index: int, reviewer: str) -> Card:
        document, sentence = self.store.document(key), self.sentence(key, index)
        sentences = self.sentences(key)
        codes = (*CATEGORIES, NEUTRAL)
        said = [guidance(sentence.text, () if code == NEUTRAL else (code,)) for code in codes]
        return Card(
            document=document,
            sentence=sentence,
            own=self.own(key, reviewer).get(index),
            before=sentences[max(index - NEIGHBOURS, 0) : index],
            after=sentences[index + 1 : index + 1 + NEIGHBOURS],
            twins=self._twins(sentence, reviewer),
            guidance={code: one[0] for code, one in zip(codes, said, strict=True) if one},
            likely=tuple(sorted(CATEGORIES, key=lambda code: -sentence.probability(code))),
        )

    def _twins(self, sentence: StoredSentence, reviewer: str) -> tuple[Twin, ...]:
        """Chosen at first are those she has not labelled and the machine judges alike."""
        documents = self.store.documents()
        names = {document.sha256: document.name for document in documents}
        everything = [s for document in documents for s in self.sentences(document.sha256)]
        found = near_duplicates(sentence, everything)
        own = {key: self.own(key, reviewer) for key in {twin.document for twin, _ in found}}
        return tuple(
            Twin(
                sentence=twin,
                name=names[twin.document],
                similarity=similarity,
                own=own[twin.document].get(twin.index),
                is_chosen=twin.index not in own[twin.document]
                and twin.machine.orientation is sentence.machine.orientation,
            )
            for twin, similarity in found
        )

    def explain(self, key: str, index: int) -> Explanation:
        """Why the model answers as it does on a sentence; takes seconds."""
        sentence = self.sentence(key, index)
        classifier = self.classifier
        # The model uses all cores by itself: two explanations at once would only be in each
        # other's way.
        with self._thinking:
            return classifier.explain(sentence.text, (sentence.section, sentence.previous))

    def undo(self, reviewer: str) -> tuple[Decision, ...]:
        """Take back the reviewer's latest decision in force.

        Raises:
            ReviewError: there is none.
        """
        return self._take_back(trail.to_undo(self.store.entries_of(reviewer)), reviewer)

    def redo(self, reviewer: str) -> tuple[Decision, ...]:
        """Put the reviewer's latest undone decision in force again.

        Raises:
            ReviewError: there is none.
        """
        return self._take_back(trail.to_redo(self.store.entries_of(reviewer)), reviewer)

    def _take_back(self, entries: Sequence[Decision], reviewer: str) -> tuple[Decision, ...]:
        if not entries:
            raise ReviewError("没有可撤销或重做的判断 nothing to take back")
        return self.store.undo(entries[0].number, reviewer)

    def disputes(self, key: str) -> tuple[Dispute, ...]:
        """Sentences whose reviewers differ, open ones first."""
        sentences = self.sentences(key)
        found = [
            Dispute(sentences[index], standing)
            for index, standing in self.store.standings(key).items()
            if standing.is_disputed or standing.adjudication is not None
        ]
        return tuple(sorted(found, key=lambda dispute: not dispute.standing.is_disputed))

    def agreement(self, key: str) -> tuple[Agreement, ...]:
        return self.store.agreement(key)

    def trail(self, key: str, reviewer: str) -> tuple[TrailEntry, ...]:
        """All entries, the latest first."""
        entries, sentences = self.store.trail(key), self.sentences(key)
        standings, valid = trail.standings(entries), trail.in_force(entries)
        return tuple(
            TrailEntry(
                decision=entry,
                text=sentences[entry.sentence].text,
                in_force=entry.number in valid and entry.act is not Act.UNDO,
                is_hidden=not _may_see(entry, standings.get(entry.sentence), reviewer),
            )
            for entry in reversed(entries)
        )

    def human_score(self, key: str) -> OrientationScore:
        """The document's score with all settled human labels."""
        said = self.human_labels(key)
        return human_score(self.classifier.model.calibration, self.sentences(key), said)

    def human_labels(self, key: str) -> dict[int, Label]:
        """What is settled, by sentence: what counts in :meth:`human_score`."""
        return human_labels(self.store.standings(key))

    def is_other_model(self, key: str) -> bool:
        """Whether the stored answers are of another model than the one that is loaded."""
        return self.store.document(key).model_version != self.classifier.model.version

    def sign_off(self, key: str, reviewer: str) -> SignOff:
        """Sign a document.

        Raises:
            ReviewError: opinions differ and nobody has adjudicated, or the stored answers are
                another model's, whose errors this one does not know.
        """
        if self.is_other_model(key):
            raise ReviewError(
                "这份文件由另一版本的模型评估：请用原件重新打开 scored by another model: open the "
                "original anew"
            )
        return self.store.sign_off(key, reviewer, self.human_score(key))


def _own(standings: Mapping[int, Standing], reviewer: str) -> dict[int, Label]:
    return {
        index: decision.label
        for index, standing in standings.items()
        if (decision := standing.opinions.get(reviewer)) is not None and decision.label
    }


def _progress(sentences: Sequence[StoredSentence], own: Mapping[int, Label]) -> Progress:
    doubtful = [s.index for s in sentences if s.doubtful]
    return Progress(len(own), len(sentences), sum(i in own for i in doubtful), len(doubtful))


def _may_see(entry: Decision, standing: Standing | None, reviewer: str) -> bool:
    """Whether showing another's entry could sway nobody any more."""
    opinions = standing.opinions if standing else {}
    return entry.reviewer == reviewer or reviewer in opinions or len(opinions) >= _SPOKEN
