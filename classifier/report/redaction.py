"""A report with personal data masked, before anything is written of it.

Masks keep the length of the text (:mod:`classifier.redact`), so every offset, line and place
holds. The scores are those of the text as it was read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from typing import Final, TypeVar

from classifier.document import Block, BlockKind, Cell, Document
from classifier.redact import Kind, Redaction, find, mask, redact
from classifier.report.model import Analysis, LabelledSentence
from classifier.segment import title

AnyAnalysis = TypeVar("AnyAnalysis", bound=Analysis)

# A cue stands at the end of a column title; a title repeats in every row.
_TITLE_CHARACTERS: Final = 20


def redacted(report: AnyAnalysis) -> AnyAnalysis:
    """``report`` with every text in it masked; one already redacted comes back as it is."""
    return report if report.is_redacted else _Masking(report.document).report(report)


class _Masking:
    """Masks the texts of one report, all by what the whole document tells."""

    def __init__(self, document: Document) -> None:
        under_titles = list(_under_column_titles(document.blocks))
        told = {_covered(document.text, r) for r in under_titles if r.kind is Kind.NAME}
        found = _apart([*under_titles, *find(document.text, told)])
        names = {_covered(document.text, r) for r in found if r.kind is Kind.NAME}
        self.text = cache(lambda text: redact(text, names))
        self.document = self._document(document, found)
        headings = zip(document.blocks, self.document.blocks, strict=True)
        self._titles = {title(a): title(b) for a, b in headings if a.kind is BlockKind.HEADING}

    def report(self, report: AnyAnalysis) -> AnyAnalysis:
        return replace(
            report,
            document=self.document,
            sentences=tuple(map(self._labelled, report.sentences)),
            sections=tuple(replace(s, title=self._title(s.title)) for s in report.sections),
            is_redacted=True,
        )

    def _labelled(self, labelled: LabelledSentence) -> LabelledSentence:
        sentence, place = labelled.sentence, labelled.sentence.place
        masked = replace(
            sentence,
            text=self.document.text[sentence.start : sentence.end],
            section=tuple(map(self._title, sentence.section)),
            place=replace(place, cell=self._cell(place.cell)),
        )
        return replace(labelled, sentence=masked)

    def _document(self, document: Document, found: Sequence[Redaction]) -> Document:
        text = mask(document.text, found)
        blocks = (
            replace(
                block,
                text=text[block.start : block.end],
                cell=self._cell(block.cell),
                label=self.text(block.label),
            )
            for block in document.blocks
        )
        return replace(
            document,
            name=self.text(document.name),
            member=self.text(document.member),
            text=text,
            blocks=tuple(blocks),
            asides=tuple(replace(aside, text=self.text(aside.text)) for aside in document.asides),
            notes=(*map(self.text, document.notes), _note(found)),
        )

    def _title(self, text: str) -> str:
        """As the heading is masked where it stands: there its neighbours tell more of it."""
        return self._titles.get(text) or self.text(text)

    def _cell(self, cell: Cell | None) -> Cell | None:
        return cell and replace(cell, header=self.text(cell.header))


def _covered(text: str, redaction: Redaction) -> str:
    return text[redaction.start : redaction.end]


def _under_column_titles(blocks: Iterable[Block]) -> Iterator[Redaction]:
    """What is personal data because of the title of its column, as a name under 联系人."""
    cells = [(block, block.cell.header) for block in blocks if block.cell and block.cell.header]
    heads = [f"{header[-_TITLE_CHARACTERS:]}\n" for _, header in cells]
    parts = [f"{head}{block.text}\n" for head, (block, _) in zip(heads, cells, strict=True)]
    starts = list(accumulate(map(len, parts), initial=0))
    # All at once: one text of many lines takes far less time than many of one.
    for found in find("".join(parts)):
        number = bisect_right(starts, found.start) - 1
        inside = found.start - starts[number] - len(heads[number])
        if inside >= 0:
            start = cells[number][0].start + inside
            yield Redaction(start, start + found.end - found.start, found.kind)


def _apart(redactions: Iterable[Redaction]) -> list[Redaction]:
    """In order of place; of those that overlap the first, and the longer one of two."""
    kept: list[Redaction] = []
    for redaction in sorted(redactions, key=lambda r: (r.start, -r.end)):
        if not kept or redaction.start >= kept[-1].end:
            kept.append(redaction)
    return kept


def _note(found: Iterable[Redaction]) -> str:
    counts = Counter(redaction.kind for redaction in found)
    listed = "、".join(f"{kind.zh} {counts[kind]} 处" for kind in Kind if counts[kind])
    return f"已遮盖个人信息：正文中{listed or '未发现'}。由规则自动识别，可能有遗漏，外传前请核对。"
