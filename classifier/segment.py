"""Sentences and clauses of a document, the units of classification, with section and place.

A block (paragraph, list item, heading, table cell) is never joined with the
next: putting wrapped lines together is the readers' work. Where a sentence
ends is said in :mod:`classifier.splitting`. Offsets are exact: for every
sentence ``document.text[start:end] == text``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Literal, overload

from classifier.document import Block, BlockKind, Clause, Document, Sentence
from classifier.errors import Reason
from classifier.splitting import split, split_clauses


@overload
def segment(document: Document, unit: Literal["sentence"] = "sentence") -> tuple[Sentence, ...]: ...
@overload
def segment(document: Document, unit: Literal["clause"]) -> tuple[Clause, ...]: ...
def segment(
    document: Document, unit: Literal["sentence", "clause"] = "sentence"
) -> tuple[Sentence, ...] | tuple[Clause, ...]:
    """All sentences, or all clauses, of a document in reading order.

    The section path is the chain of headings above a sentence, outermost
    first; a heading's own path ends with its parent. A clause has the section
    of its sentence, its own place, and the sentence's index in
    ``segment(document)``.

    Raises:
        ValueError: ``unit`` is neither "sentence" nor "clause".
    """
    if unit == "sentence":
        return tuple(_sentences(document))
    if unit == "clause":
        return tuple(_clauses(document))
    raise ValueError(f'unit is "sentence" or "clause", not {unit!r}')


def segment_up_to(document: Document, most: int) -> tuple[Document, tuple[Sentence, ...]]:
    """The first ``most`` sentences; if there are more, the document becomes partial and says so.

    The rest is never made: a hostile text of a few megabytes holds a million sentences.
    """
    sentences = tuple(islice(_sentences(document), most + 1))
    if len(sentences) <= most:
        return document, sentences
    note = f"全文超过 {most} 句，只评估前 {most} 句：其后的文字未计入得分。"
    partial = replace(document, reason=Reason.OK_PARTIAL, notes=(*document.notes, note))
    return partial, sentences[:most]


def _sentences(document: Document) -> Iterator[Sentence]:
    index = 0
    for block, section in _blocks(document):
        for span in split(block.text):
            start, end = block.start + span.start, block.start + span.end
            place = document.place(start, end)
            yield Sentence(index, document.text[start:end], start, end, section, place)
            index += 1


def _clauses(document: Document) -> Iterator[Clause]:
    index = sentence = 0
    for block, section in _blocks(document):
        for spans in split_clauses(block.text):
            for span in spans:
                start, end = block.start + span.start, block.start + span.end
                place = document.place(start, end)
                text = document.text[start:end]
                yield Clause(index, text, start, end, section, place, sentence=sentence)
                index += 1
            sentence += 1


def _blocks(document: Document) -> Iterator[tuple[Block, tuple[str, ...]]]:
    """Every block with the titles of the headings above it."""
    path: list[Block] = []
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            path = [heading for heading in path if heading.level < block.level]
        yield block, tuple(title(heading) for heading in path)
        if block.kind is BlockKind.HEADING:
            path.append(block)


def title(heading: Block) -> str:
    """A heading as it stands in section paths: with its automatic number."""
    return f"{heading.label} {heading.text}".strip()
