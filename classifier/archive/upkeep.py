"""Keeping a store in order: what a killed run left, what was lost, what nothing refers to."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from classifier.archive.ledger import Ledger
from classifier.archive.parts import DOCUMENTS, PREDICTIONS, SCHEMAS, SENTENCES, write_tables
from classifier.archive.store import REPORTS, Store
from classifier.limits import MIB
from classifier.report.report import REPORT_SUFFIX
from classifier.whole_files import TEMPORARY

SMALL: Final = 4 * MIB
"""Parts under this size are put together, so that their number grows with the archive alone."""
TOGETHER: Final = 16
"""So many small parts are put together at least."""
LARGEST: Final = 16 * MIB
"""Bytes of parts that are put into one, as they are on the disk."""


def sweep(store: Store, cleanly: bool) -> int:
    """Delete files that no transaction speaks of; how many.

    Args:
        cleanly: the last run ended by itself: then there are no unfinished pages to look for.
    """
    known = store.ledger.parts()
    orphans = [
        path
        for kind in (DOCUMENTS, SENTENCES, PREDICTIONS)
        for path in (store.folder / kind).rglob("*.parquet*")
        if str(path.relative_to(store.folder)) not in known
    ]
    if not cleanly:
        orphans += _unknown_pages(store)
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def _unknown_pages(store: Store) -> Iterator[Path]:
    query = "SELECT 1 FROM result WHERE report = ? LIMIT 1"
    for path in (store.folder / REPORTS).rglob("*"):
        shown = str(path.relative_to(store.folder)).encode("utf-8", "replace").decode()
        if path.name.endswith(TEMPORARY) or (
            path.name.endswith(REPORT_SUFFIX)
            and store.ledger.db.execute(query, (shown,)).fetchone() is None
        ):
            yield path


def forget_lost(store: Store) -> int:
    """Drop what refers to columnar files that are gone or cut, so that it is made anew."""
    lost = [path for path, size in store.ledger.parts().items() if not _is_whole(store, path, size)]
    if lost:
        with store.ledger.transaction() as db:
            for path in lost:
                (part_id,) = db.execute("SELECT id FROM part WHERE path = ?", (path,)).fetchone()
                _forget(db, part_id)
    return len(lost)


def _is_whole(store: Store, path: str, size: int) -> bool:
    try:
        return (store.folder / path).stat().st_size == size
    except FileNotFoundError:
        return False


def _forget(db: sqlite3.Connection, part_id: int) -> None:
    read = "SELECT id FROM extraction WHERE ?1 IN (documents_part_id, sentences_part_id)"
    scored = "SELECT id FROM result WHERE predictions_part_id = ?1"
    db.execute(
        "UPDATE file SET settled_for = '' WHERE id IN (SELECT file_id FROM document"
        f" WHERE extraction_id IN ({read}) OR result_id IN ({scored}))",
        (part_id,),
    )
    db.execute(
        "UPDATE document SET extraction_id = NULL, result_id = NULL"
        f" WHERE extraction_id IN ({read})",
        (part_id,),
    )
    db.execute(f"DELETE FROM result WHERE id IN ({scored})", (part_id,))
    db.execute(f"DELETE FROM extraction WHERE id IN ({read})", (part_id,))
    db.execute("DELETE FROM part WHERE id = ?1", (part_id,))


@dataclass(frozen=True, slots=True)
class _Held:
    """A part and the documents whose rows in it are still wanted."""

    id: int
    kind: str
    path: str
    rows: int
    bytes: int
    live: int


# The column that refers to a part, and how many of its rows one reference stands for.
_REFERENCES: Final = {
    DOCUMENTS: ("extraction e", "e.documents_part_id", "1"),
    SENTENCES: ("extraction e", "e.sentences_part_id", "e.sentences"),
    PREDICTIONS: (
        "result r JOIN extraction e ON e.id = r.extraction_id",
        "r.predictions_part_id",
        "e.sentences",
    ),
}


def tidy(store: Store, run_id: int) -> None:
    """Drop readings that no document has, and rewrite parts that are small or partly unused."""
    with store.ledger.transaction() as db:
        db.execute(
            "DELETE FROM extraction WHERE id NOT IN"
            " (SELECT extraction_id FROM document WHERE extraction_id IS NOT NULL)"
        )
    for number, group in enumerate(_to_merge(store.ledger), start=1):
        _merge(store, group, f"{run_id:06d}-m{number:05d}", run_id)


def _to_merge(ledger: Ledger) -> list[list[_Held]]:
    held: list[_Held] = []
    for kind, (tables, column, rows) in _REFERENCES.items():
        found = ledger.db.execute(
            "SELECT p.id, p.kind, p.path, p.rows, p.bytes, coalesce(live.rows, 0) FROM part p"
            f" LEFT JOIN (SELECT {column} AS id, sum({rows}) AS rows FROM {tables} GROUP BY 1) live"
            " ON live.id = p.id WHERE p.kind = ? ORDER BY p.id",
            (kind,),
        )
        held += [_Held(*row) for row in found]
    groups: list[list[_Held]] = [[part] for part in held if part.live < part.rows]
    small: dict[str, list[_Held]] = defaultdict(list)
    for part in held:
        if part.live == part.rows and part.bytes < SMALL:
            small[str(Path(part.path).parent)].append(part)
    for parts in small.values():
        if len(parts) >= TOGETHER:
            groups += _in_size(parts)
    return groups


def _in_size(parts: Sequence[_Held]) -> Iterator[list[_Held]]:
    group: list[_Held] = []
    for part in parts:
        if group and sum(p.bytes for p in group) + part.bytes > LARGEST:
            yield group
            group = []
        group.append(part)
    if len(group) > 1:
        yield group


def _merge(store: Store, group: Sequence[_Held], name: str, run_id: int) -> None:
    """Put what is wanted of some parts into one, and delete them."""
    kind, folder = group[0].kind, Path(group[0].path).parent
    wanted = [part for part in group if part.live]
    path, size, rows = "", 0, 0
    if wanted:
        path = f"{folder}/{name}.parquet"
        tables = (_wanted(store, part) for part in wanted)
        size = write_tables(tables, SCHEMAS[kind], store.folder / path)
        rows = pq.read_metadata(store.folder / path).num_rows
    source, column, _ = _REFERENCES[kind]
    with store.ledger.transaction() as db:
        new: int | None = None
        if wanted:
            new = db.execute(
                "INSERT INTO part (kind, path, rows, bytes, run_id) VALUES (?, ?, ?, ?, ?)",
                (kind, path, rows, size, run_id),
            ).lastrowid
        for part in group:
            db.execute(
                f"UPDATE {source.split()[0]} SET {column[2:]} = ? WHERE {column[2:]} = ?",
                (new, part.id),
            )
            db.execute("DELETE FROM part WHERE id = ?", (part.id,))
    for part in group:
        (store.folder / part.path).unlink(missing_ok=True)


def _wanted(store: Store, part: _Held) -> pa.Table:
    """The rows of a part that something refers to."""
    table = pq.read_table(store.folder / part.path, partitioning=None)
    if part.live == part.rows:
        return table
    tables, column, _ = _REFERENCES[part.kind]
    live = {
        tuple(row)
        for row in store.ledger.db.execute(
            f"SELECT e.content, e.suffix, e.extractor FROM {tables} WHERE {column} = ?", (part.id,)
        )
    }
    columns = (table[name].to_pylist() for name in ("content", "suffix", "extractor"))
    return table.filter(pa.array([key in live for key in zip(*columns, strict=True)], pa.bool_()))
