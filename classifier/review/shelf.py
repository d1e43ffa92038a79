"""Documents of a scanned archive, to be taken to the desk one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from classifier.archive.rows import DocumentRow
from classifier.errors import ReviewError
from classifier.limits import Limits
from classifier.review.desk import Desk
from classifier.review.originals import find


@dataclass(frozen=True, slots=True)
class Choice:
    """A document that can be opened: its number on the shelf and its row."""

    number: int
    row: DocumentRow


class Shelf:
    """The scored documents of one archive, those with most alarms first.

    Args:
        roots: folders that the rows' paths may be relative to.
    """

    def __init__(self, rows: Iterable[DocumentRow] = (), roots: Sequence[Path] = ()) -> None:
        self.roots = roots
        scored = [row for row in rows if row.score is not None and row.content]
        scored.sort(key=lambda row: (-len(row.alarms), row.label))
        self._choices = tuple(Choice(number, row) for number, row in enumerate(scored))

    def choices(self) -> tuple[Choice, ...]:
        return self._choices

    def open(self, number: int, desk: Desk) -> str:
        """Put a document on the desk, scored from its original, unless it is there; its key.

        Raises:
            ReviewError: no such document, or its original is gone or changed.
            ExtractionError: it cannot be read any more.
        """
        if not 0 <= number < len(self._choices):
            raise ReviewError(f"没有第 {number} 份文件 no such document")
        row = self._choices[number].row
        if row.content in {document.sha256 for document in desk.store.documents()}:
            return row.content
        path, content = self._original(row, desk.classifier.limits)
        name = PurePosixPath(row.member).name or path.name
        report = desk.classifier.analyze(content, name)
        document = replace(report.document, member=row.member)
        return desk.store.add(replace(report, document=document), path)

    def _original(self, row: DocumentRow, limits: Limits) -> tuple[Path, bytes]:
        """Where the very bytes of the row lie, and they."""
        failure = ReviewError("原件已不在原处或打不开 the original cannot be opened")
        for root in self.roots:
            try:
                return root / row.path, find(root / row.path, row.member, row.content, limits)
            except ReviewError as error:
                failure = error
        raise failure
