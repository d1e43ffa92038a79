"""Documents read back from the store's columnar files, as far as scoring and reports need them."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from pyarrow import ArrowException

from classifier.archive.errors import PartDamaged
from classifier.archive.ledger import ExtractionEntry
from classifier.archive.outcome import Reading
from classifier.document import (
    Aside,
    AsideKind,
    Block,
    BlockKind,
    Box,
    Cell,
    Document,
    Page,
    Place,
    ReadBy,
    Sentence,
    TextLayer,
)
from classifier.errors import Reason

_OPEN_PARTS: Final = 4

Identity = tuple[str, str, str]


class StoredReadings:
    """Reads documents with their sentences; parts that were just used stay open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: OrderedDict[str, dict[Identity, list[dict[str, Any]]]] = OrderedDict()

    def read(self, content: str, suffix: str, entry: ExtractionEntry) -> Reading:
        """One document; the lines of its blocks are not kept.

        Raises:
            PartDamaged: its parts cannot be decoded.
            OSError, KeyError: its parts are not there any more.
        """
        assert entry.documents_part is not None
        identity = (content, suffix, entry.extractor)
        (row,) = self._part(entry.documents_part)[identity]
        found = self._part(entry.sentences_part)[identity] if entry.sentences_part else []
        document = _document(content, row)
        sentences = tuple(_sentence(s, document) for s in sorted(found, key=lambda s: s["index"]))
        numbers = tuple(np.frombuffer(entry.signature, "<u4").tolist())
        return Reading(document, sentences, numbers, entry.seconds)

    def _part(self, path: str) -> dict[Identity, list[dict[str, Any]]]:
        if path not in self._parts:
            rows: dict[Identity, list[dict[str, Any]]] = {}
            for row in _rows(self._folder / path):
                identity = (row["content"], row["suffix"], row["extractor"])
                rows.setdefault(identity, []).append(row)
            self._parts[path] = rows
            while len(self._parts) > _OPEN_PARTS:
                self._parts.popitem(last=False)
        self._parts.move_to_end(path)
        return self._parts[path]


def _rows(part: Path) -> list[dict[str, Any]]:
    try:
        return pq.read_table(part, partitioning=None).to_pylist()
    except (ArrowException, ValueError) as error:
        raise PartDamaged(part) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise PartDamaged(part) from error  # what Arrow says of bytes it cannot decode


def _document(content: str, row: dict[str, Any]) -> Document:
    return Document.from_blocks(
        row["name"],
        row["format"],
        [_block(block) for block in row["blocks"]],
        pages=tuple(_page(page) for page in row["pages"]),
        asides=tuple(Aside(AsideKind(a["kind"]), a["text"], a["page"]) for a in row["asides"]),
        sha256=content,
        reason=Reason(row["reason"]),
        notes=tuple(row["notes"]),
        member=row["member"],
    )


def _page(row: dict[str, Any]) -> Page:
    layer, read_by = TextLayer(row["text_layer"]), ReadBy(row["read_by"])
    return Page(row["width"], row["height"], layer, read_by, row["confidence"])


def _block(row: dict[str, Any]) -> Block:
    cell = None
    if row["table"] is not None:
        cell = Cell(row["table"], row["row"], row["column"], row["header"])
    return Block(row["text"], BlockKind(row["kind"]), row["level"], row["label"], row["page"], cell)


def _sentence(row: dict[str, Any], document: Document) -> Sentence:
    place = Place(
        block=row["block"],
        page=row["page"],
        boxes=tuple(
            (box["page"], Box(box["x0"], box["top"], box["x1"], box["bottom"]))
            for box in row["boxes"]
        ),
        cell=document.blocks[row["block"]].cell,
        confidence=row["confidence"],
    )
    span = (row["start"], row["end"])
    return Sentence(row["index"], row["text"], *span, tuple(row["section"]), place)
