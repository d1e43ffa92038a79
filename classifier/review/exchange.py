"""Tasks for annotation tools and what comes back from them, whatever the tool.

What people have said travels apart from what the machine says, and comes back under the names
it left with. Whatever in a file cannot be taken is named in :attr:`Imported.problems`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from classifier.errors import ReviewError
from classifier.review.checks import checked_label, checked_name
from classifier.review.model import Act, Decision, Label, StoredDocument, StoredSentence
from classifier.review.store import ReviewStore
from classifier.taxonomy import CATEGORIES, Orientation, orientation_of_categories

MAX_BYTES = 64 << 20
MAX_TASKS = 500_000
# Of a text that a problem quotes.
_QUOTED = 40

TextOf = Callable[[str, int], str | None]
"""The text of a sentence by its document's SHA-256 and index; None where there is none."""


@dataclass(frozen=True, slots=True)
class Task:
    """A sentence to be labelled, with what was said of it.

    Attributes:
        section: the headings above it, joined.
        document: SHA-256 of the document's bytes; :attr:`name` its file name.
        uncertainty: 0 where the machine is sure, 1 where it is open.
        said: the label of each reviewer who spoke, by name.
    """

    text: str
    section: str
    previous: str
    document: str
    name: str
    sentence: int
    machine: Label
    model_version: str
    uncertainty: float
    said: Mapping[str, Label]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that was not taken: where it stands, and why."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds for a store.

    Attributes:
        decisions: to be added with :meth:`ReviewStore.import_decisions`.
        unlabelled: tasks that nobody labelled.
    """

    decisions: tuple[Decision, ...]
    problems: tuple[Problem, ...]
    unlabelled: int


def tasks(store: ReviewStore, *, doubtful: bool = False) -> Iterator[Task]:
    """The sentences of a store in reading order.

    Args:
        doubtful: only those the machine is not sure of, and those somebody spoke of.
    """
    for document in store.documents():
        standings = store.standings(document.sha256)
        for sentence in store.sentences(document.sha256):
            standing = standings.get(sentence.index)
            opinions = standing.opinions if standing else {}
            said = {name: entry.label for name, entry in opinions.items() if entry.label}
            if said or sentence.doubtful or not doubtful:
                yield _task(document, sentence, said)


def _task(document: StoredDocument, sentence: StoredSentence, said: Mapping[str, Label]) -> Task:
    return Task(
        text=sentence.text,
        section=" / ".join(sentence.section),
        previous=sentence.previous,
        document=document.sha256,
        name=document.name,
        sentence=sentence.index,
        machine=sentence.machine,
        model_version=document.model_version,
        uncertainty=sentence.uncertainty,
        said=said,
    )


def texts_of(store: ReviewStore) -> TextOf:
    """A look-up of sentences' texts that reads each document once."""
    known: dict[str, list[str]] = {}
    documents = {document.sha256 for document in store.documents()}

    def text_of(document: str, sentence: int) -> str | None:
        if document not in documents:
            return None
        if document not in known:
            known[document] = [s.text for s in store.sentences(document)]
        texts = known[document]
        return texts[sentence] if 0 <= sentence < len(texts) else None

    return text_of


def orientation_name(orientation: Orientation) -> str:
    """As annotators read it, such as ``管控 control``."""
    return f"{orientation.zh} {orientation.value}"


def category_name(code: str) -> str:
    """As annotators read it: the code, a space, the Chinese name."""
    return f"{code} {CATEGORIES[code].zh}"


def names_of(label: Label) -> list[str]:
    """A label as the choices an annotator would make."""
    return [orientation_name(label.orientation), *map(category_name, label.categories)]


def label_of(choices: Iterable[str]) -> Label | None:
    """The label that choices make; without any there is none.

    Categories alone say the orientation too.

    Raises:
        ReviewError: an unknown choice, two orientations, or categories against the orientation.
    """
    orientations: list[Orientation] = []
    codes: list[str] = []
    for choice in choices:
        if choice in _ORIENTATIONS:
            orientations.append(_ORIENTATIONS[choice])
        elif choice in _CODES:
            codes.append(_CODES[choice])
        else:
            raise ReviewError(f"没有这个标签 no such label: {quoted(choice)}")
    if len(set(orientations)) > 1:
        raise ReviewError("有不止一个倾向 more than one orientation")
    if not orientations and not codes:
        return None
    orientation = orientations[0] if orientations else orientation_of_categories(codes)
    return checked_label(Label(orientation, tuple(codes)))


_ORIENTATIONS = {
    name: orientation
    for orientation in Orientation
    for name in (orientation.value, orientation.zh, orientation_name(orientation))
}
_CODES = {
    name: code
    for code, category in CATEGORIES.items()
    for name in (code, category.zh, category.name, category_name(code))
}


def metadata(task: Task) -> dict[str, Any]:
    """What a task carries so that its sentence is found again."""
    return {
        "document": task.document,
        "sentence": task.sentence,
        "name": task.name,
        "section": task.section,
        "previous": task.previous,
        "machine": "、".join(names_of(task.machine)),
        "model_version": task.model_version,
        # As text: tools keep nested values in metadata differently, or not at all.
        "said": json.dumps(
            {name: names_of(label) for name, label in task.said.items()}, ensure_ascii=False
        ),
    }


def target_of(fields: Mapping[str, Any], text_of: TextOf) -> tuple[str, int]:
    """Document and index of the sentence that a task's fields name.

    Raises:
        ReviewError: there is none in the store, or it reads otherwise.
    """
    document, sentence = fields.get("document"), fields.get("sentence")
    if isinstance(sentence, str) and sentence.isascii() and sentence.isdigit():
        sentence = int(sentence[:12])
    if not isinstance(document, str) or not isinstance(sentence, int) or isinstance(sentence, bool):
        raise ReviewError("不是本软件导出的任务 not a task of ours: no document and sentence")
    text = text_of(document, sentence)
    if text is None:
        raise ReviewError(f"库中没有这一句 not in this store: {quoted(document)} {sentence}")
    if str(fields.get("text")).strip() != text.strip():
        raise ReviewError(f"与库中原句不同 reads otherwise here: {quoted(str(fields.get('text')))}")
    return document, sentence


def said_of(fields: Mapping[str, Any]) -> dict[str, Label]:
    """What people had said when the task was written; what cannot be read is left out."""
    try:
        said = json.loads(fields.get("said") or "{}")
        labels = {str(name): label_of(choices) for name, choices in said.items()}
    except (ValueError, TypeError, AttributeError, RecursionError, ReviewError):
        return {}
    return {name: label for name, label in labels.items() if label}


def decision(target: tuple[str, int], reviewer: str, label: Label, at: float) -> Decision:
    """A decision made elsewhere, as :meth:`ReviewStore.import_decisions` takes it.

    Raises:
        ReviewError: the name cannot be one.
    """
    return Decision(0, *target, checked_name(reviewer), Act.CORRECT, label, 0, 0, at)


def seconds(stamp: object) -> float:
    """Seconds since 1970 UTC of an ISO 8601 time; 0 where it is none, or in the future."""
    if not isinstance(stamp, str):
        return 0.0
    try:
        time = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        return time.timestamp() if time <= datetime.now(UTC) else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0


def quoted(text: str) -> str:
    """A text short enough for a message, and on one line."""
    line = "".join(char if char.isprintable() else " " for char in text[: _QUOTED + 1])
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}…"


def decoded(data: bytes) -> str:
    """The text of a file.

    Raises:
        ReviewError: it is too large or not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise ReviewError(f"文件过大 the file is larger than {MAX_BYTES >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReviewError("文件不是 UTF-8 the file is not UTF-8") from error
