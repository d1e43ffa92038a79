"""The table over an archive as CSV, XLSX, Parquet and JSON lines, one row per document.

Rows are written as they come: memory does not grow with the archive, but for the workbook's
links, of which Excel takes 65,530. A file appears under its name when it is complete.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from classifier.archive.columns import FIELDS, Addresses, Entry, Scalar, nested
from classifier.archive.groups import Groups
from classifier.archive.rows import DocumentRow
from classifier.orientation import Verdict
from classifier.report.cells import (
    MOST_ROWS,
    Column,
    Formats,
    Look,
    PageLink,
    Sheet,
    Value,
    csv_text,
)
from classifier.whole_files import whole

DOCUMENTS, NOTES = "文件", "说明"

Add = Callable[[Entry], None]
_PARQUET_ROWS: Final = 4096
_VERDICT_LOOKS: Final = {
    Verdict.ASSISTIVE.zh: Look.ASSISTIVE,
    Verdict.RATHER_ASSISTIVE.zh: Look.ASSISTIVE,
    Verdict.CONTROL.zh: Look.CONTROL,
    Verdict.RATHER_CONTROL.zh: Look.CONTROL,
}
_NOTES: Final = (
    ("取向得分", "从 −1（全部管控）到 +1（全部赋能）；区间为 95 %"),
    ("结论", "倾向句太少或区间太宽时为“不足以判断”，其得分不宜比较"),
    ("有倾向的占比", "计入的句子中影响到人的比例；重复的套话只计一次"),
    ("估计句数", "按模型误差校正；兼有的句子两边各计一半"),
    ("未见的保障", "模型没有在文中找到，请在相关章节核对"),
    ("近似组", "文字大体相同的文件同号；空白表示没有"),
    ("年份、买方", "由标题和文件名推断，未必有，未必准"),
    ("怎样使用", "阅读辅助，会有错漏；不能证明违法或不当，不得用来评价个人或投标人"),
)


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSONL = "jsonl"


def write_tables(
    rows: Iterable[DocumentRow], groups: Groups, targets: Mapping[Format, Path], reports: Path
) -> None:
    """Write the tables asked for in one pass.

    Args:
        groups: of these rows in this order.
        targets: file to write for each format.
        reports: the folder that the rows' reports are relative to.

    Raises:
        OSError: a file cannot be written; none of the tables then replaces an older one.
    """
    with ExitStack() as stack:
        folders = {t.parent: Addresses(reports, t.parent) for t in targets.values()}
        tables = [
            (target.parent, stack.enter_context(_WRITERS[kind](stack.enter_context(whole(target)))))
            for kind, target in targets.items()
        ]
        for place, row in enumerate(rows):
            group = groups.number(place)
            seen_from = {
                folder: Entry(row, group, addresses.of(row.report))
                for folder, addresses in folders.items()
            }
            for folder, add in tables:
                add(seen_from[folder])


def _clean(value: Any) -> Any:
    """Text that UTF-8 can hold, wherever it is: names may come from bytes that are no text."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case dict():
            return {key: _clean(part) for key, part in value.items()}
        case list():
            return [_clean(part) for part in value]
    return value


def _record(entry: Entry) -> dict[str, Scalar]:
    return {column.name: _clean(column.value(entry)) for column in FIELDS}


@contextmanager
def _csv(path: Path) -> Generator[Add]:
    """UTF-8 with a byte order mark, by which Excel knows it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in FIELDS])
        yield lambda entry: writer.writerow(
            [
                csv_text(value) if isinstance(value, str) else value
                for value in _record(entry).values()
            ]
        )


@contextmanager
def _jsonl(path: Path) -> Generator[Add]:
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def add(entry: Entry) -> None:
            line = _record(entry) | _clean(nested(entry.row))
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

        yield add


@contextmanager
def _parquet(path: Path) -> Generator[Add]:
    # On use: it takes a moment to load, and who wants no Parquet does not need it.
    import pyarrow as pa
    from pyarrow import parquet

    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    alarm = {"rule": str, "zh": str, "count": int, "text": str, "page": int, "sentence": int}
    alarms = pa.list_(pa.struct([(name, types[kind]) for name, kind in alarm.items()]))
    flat = [(column.name, types[column.type]) for column in FIELDS]
    schema = pa.schema([*flat, ("alarms", alarms), ("missing", pa.list_(pa.string()))])
    batch: list[dict[str, Any]] = []
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(batch, schema))
            batch.clear()

        def add(entry: Entry) -> None:
            batch.append(_record(entry) | _clean(nested(entry.row)))
            if len(batch) == _PARQUET_ROWS:
                flush()

        yield add
        flush()


@dataclass(slots=True)
class _Sheets:
    """Sheets of one kind, the next begun where Excel's limit of rows ends one."""

    book: Workbook
    most_rows: int
    formats: Formats = field(init=False)
    sheets: list[Sheet] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.formats = Formats(self.book)
        self._next()

    def add(self, entry: Entry) -> None:
        if self.sheets[-1].rows == self.most_rows:
            self._next()
        values = [column.value(entry) for column in FIELDS]
        cells: list[Value] = list(values)
        looks = [column.look for column in FIELDS]
        if entry.address:
            cells[_REPORT] = PageLink("打开报告", entry.address)
        looks[_VERDICT] = _VERDICT_LOOKS.get(str(values[_VERDICT]), Look.TEXT)
        self.sheets[-1].add(cells, looks)

    def filter(self) -> None:
        for sheet in self.sheets:
            sheet.filter(len(FIELDS))

    def _next(self) -> None:
        number = len(self.sheets) + 1
        name = DOCUMENTS if number == 1 else f"{DOCUMENTS} {number}"
        self.sheets.append(Sheet(self.book.add_worksheet(name), self.formats))
        self.sheets[-1].head([Column(column.zh, column.width) for column in FIELDS])


_REPORT: Final = next(i for i, column in enumerate(FIELDS) if column.name == "report")
_VERDICT: Final = next(i for i, column in enumerate(FIELDS) if column.name == "verdict_zh")


@contextmanager
def _xlsx(path: Path, most_rows: int = MOST_ROWS) -> Generator[Add]:
    try:
        with Workbook(path, {"constant_memory": True}) as book:
            book.set_properties({"title": "tenderlens", "author": "tenderlens"})
            sheets = _Sheets(book, most_rows)
            yield sheets.add
            sheets.filter()
            notes = Sheet(book.add_worksheet(NOTES), sheets.formats)
            notes.widths(16, 80)
            for name, meaning in _NOTES:
                notes.add([name, meaning], [Look.HEADER, Look.WRAPPED])
    except FileCreateError as error:
        found = error.args[0] if error.args else None
        raise (found if isinstance(found, OSError) else OSError(str(error))) from error


_WRITERS: Final[dict[Format, Callable[[Path], AbstractContextManager[Add]]]] = {
    Format.CSV: _csv,
    Format.XLSX: _xlsx,
    Format.PARQUET: _parquet,
    Format.JSONL: _jsonl,
}
