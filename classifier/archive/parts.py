"""The columnar files beside the ledger: documents, sentences, and a model's predictions.

Parquet, compressed with zstd. A row belongs to a content (SHA-256 of the bytes), the suffix
under which it was read, and the extractor that read it; sentences and predictions have the
sentence's index besides. With these columns they join each other and the ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from classifier.document import Block
from classifier.report.model import Analysis, LabelledSentence
from classifier.taxonomy import LABELS
from classifier.whole_files import whole

DOCUMENTS, SENTENCES, PREDICTIONS = "documents", "sentences", "predictions"

_KEY: Final = [("content", pa.string()), ("suffix", pa.string()), ("extractor", pa.string())]
_NUMBER: Final = pa.int32()
_BOX: Final = pa.struct(
    [("page", _NUMBER), *((n, pa.float64()) for n in ("x0", "top", "x1", "bottom"))]
)
_BLOCK: Final = pa.struct(
    [
        ("text", pa.string()),
        ("kind", pa.string()),
        ("level", _NUMBER),
        ("label", pa.string()),
        ("page", _NUMBER),
        *((name, _NUMBER) for name in ("table", "row", "column")),
        ("header", pa.string()),
    ]
)
_PAGE: Final = pa.struct(
    [
        ("width", pa.float64()),
        ("height", pa.float64()),
        ("text_layer", pa.string()),
        ("read_by", pa.string()),
        ("confidence", pa.float64()),
    ]
)
_ASIDE: Final = pa.struct([("kind", pa.string()), ("text", pa.string()), ("page", _NUMBER)])
SCHEMAS: Final = {
    DOCUMENTS: pa.schema(
        [
            *_KEY,
            ("name", pa.string()),
            ("member", pa.string()),
            ("format", pa.string()),
            ("reason", pa.string()),
            ("notes", pa.list_(pa.string())),
            ("pages", pa.list_(_PAGE)),
            ("asides", pa.list_(_ASIDE)),
            ("blocks", pa.list_(_BLOCK)),
        ]
    ),
    SENTENCES: pa.schema(
        [
            *_KEY,
            ("index", _NUMBER),
            ("hash", pa.string()),
            ("text", pa.string()),
            ("start", _NUMBER),
            ("end", _NUMBER),
            ("section", pa.list_(pa.string())),
            ("block", _NUMBER),
            ("page", _NUMBER),
            ("boxes", pa.list_(_BOX)),
            ("confidence", pa.float64()),
        ]
    ),
    PREDICTIONS: pa.schema(
        [
            *_KEY,
            ("index", _NUMBER),
            ("orientation", pa.string()),
            ("categories", pa.list_(pa.string())),
            ("review", pa.bool_()),
            ("counted", pa.bool_()),
            *((label, pa.float32()) for label in LABELS),
        ]
    ),
}


@dataclass(frozen=True, slots=True)
class Key:
    """What was read: the bytes, as what they were taken, and by which extractor."""

    content: str
    suffix: str
    extractor: str

    def columns(self) -> dict[str, str]:
        return {"content": self.content, "suffix": self.suffix, "extractor": self.extractor}


@dataclass(frozen=True, slots=True)
class Part:
    """A file that was written: its path relative to the store, rows, and size in bytes."""

    kind: str
    path: str
    rows: int
    bytes: int


@dataclass(slots=True)
class Rows:
    """Rows not yet written; ``texts`` says whether the text itself is kept or its hash alone."""

    texts: bool
    kinds: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {k: [] for k in SCHEMAS})

    def __len__(self) -> int:
        """Sentences among them."""
        return len(self.kinds[PREDICTIONS])

    def add_reading(self, key: Key, report: Analysis) -> None:
        """The document and its sentences."""
        if self.texts:
            self.kinds[DOCUMENTS].append(_document(key, report))
        self.kinds[SENTENCES] += [self._sentence(key, s) for s in report.sentences]

    def add_predictions(self, key: Key, report: Analysis) -> None:
        self.kinds[PREDICTIONS] += [_prediction(key, s) for s in report.sentences]

    def write(self, folder: Path, model_version: str, number: str) -> list[Part]:
        """Write what there is as files that appear whole or not at all.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        written: list[Part] = []
        places = {PREDICTIONS: f"{PREDICTIONS}/{model_version}"}
        try:
            for kind, rows in self.kinds.items():
                if rows:
                    path = f"{places.get(kind, kind)}/{number}.parquet"
                    table = pa.Table.from_pylist(rows, SCHEMAS[kind])
                    size = write_tables([table], table.schema, folder / path)
                    written.append(Part(kind, path, len(rows), size))
        except BaseException:
            remove(folder, written)
            raise
        return written

    def _sentence(self, key: Key, labelled: LabelledSentence) -> dict[str, Any]:
        sentence, place = labelled.sentence, labelled.sentence.place
        row: dict[str, Any] = {
            **key.columns(),
            "index": sentence.index,
            "hash": hashlib.blake2b(
                sentence.text.encode("utf-8", "replace"), digest_size=16
            ).hexdigest(),
            "start": sentence.start,
            "end": sentence.end,
            "block": place.block,
            "page": place.page,
            "confidence": place.confidence,
        }
        if self.texts:
            boxes = [
                {"page": page, "x0": box.x0, "top": box.top, "x1": box.x1, "bottom": box.bottom}
                for page, box in place.boxes
            ]
            section = [_text(heading) for heading in sentence.section]
            row |= {"text": _text(sentence.text), "section": section, "boxes": boxes}
        return row


def write_tables(tables: Iterable[pa.Table], schema: pa.Schema, path: Path) -> int:
    """Write one Parquet file, a row group or more of each table: only one is held at a time.

    It is written under another name, to the disk, then renamed; its size is returned.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as temporary:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table)
        # Arrow keeps what it freed; a long run would carry its largest part to its end.
        pa.default_memory_pool().release_unused()
        return temporary.stat().st_size


def remove(folder: Path, parts: Iterable[Part]) -> None:
    for part in parts:
        (folder / part.path).unlink(missing_ok=True)


def _document(key: Key, report: Analysis) -> dict[str, Any]:
    document = report.document
    return {
        **key.columns(),
        "name": _text(document.name),
        "member": _text(document.member),
        "format": document.format,
        "reason": document.reason.value,
        "notes": [_text(note) for note in document.notes],
        "pages": [
            {
                "width": page.width,
                "height": page.height,
                "text_layer": page.text_layer.value,
                "read_by": page.read_by.value,
                "confidence": page.confidence,
            }
            for page in document.pages
        ],
        "asides": [
            {"kind": aside.kind.value, "text": _text(aside.text), "page": aside.page}
            for aside in document.asides
        ],
        "blocks": [_block(block) for block in document.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    cell = block.cell
    return {
        "text": _text(block.text),
        "kind": block.kind.value,
        "level": block.level,
        "label": _text(block.label),
        # Lines are not kept; the page of the first is where the block is shown.
        "page": block.lines[0].page if block.lines else block.page,
        "table": cell and cell.table,
        "row": cell and cell.row,
        "column": cell and cell.column,
        "header": cell and _text(cell.header),
    }


def _prediction(key: Key, labelled: LabelledSentence) -> dict[str, Any]:
    return {
        **key.columns(),
        "index": labelled.sentence.index,
        "orientation": labelled.orientation.value,
        "categories": list(labelled.categories),
        "review": labelled.review,
        "counted": labelled.counted,
        **dict(zip(LABELS, labelled.probabilities, strict=True)),
    }


def _text(text: str) -> str:
    """Text as UTF-8 can hold it, character for character: a lone surrogate becomes a ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")
