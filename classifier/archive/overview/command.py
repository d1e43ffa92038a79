"""The command ``report``: the overview and the tables of an archive, from its store."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from classifier.archive.errors import StoreError
from classifier.archive.groups import near_duplicates
from classifier.archive.overview.html import FILE_NAME, write_overview
from classifier.archive.store import Store
from classifier.archive.tables import Format, write_tables
from classifier.console import Exit, err, fail, out

_PAGES: Final = (".html", ".htm")


def report(
    store: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="scan 建立的存储文件夹。")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", dir_okay=False, help=f"总览网页；缺省为存储里的 {FILE_NAME}。"
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(dir_okay=False, help="另写总表：CSV，Excel 可直接打开。")
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option(dir_okay=False, help="另写总表：Excel 工作簿，带报告链接。")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option(dir_okay=False, help="另写总表：Parquet，供 pandas、DuckDB。")
    ] = None,
    jsonl: Annotated[
        Path | None, typer.Option(dir_okay=False, help="另写总表：每行一个 JSON 对象。")
    ] = None,
) -> None:
    """档案的总览网页与总表。 Overview and tables of a scanned archive."""
    asked = {
        Format.CSV: csv, Format.XLSX: xlsx, Format.PARQUET: parquet, Format.JSONL: jsonl,
    }  # fmt: skip
    tables = {kind: path for kind, path in asked.items() if path is not None}
    page = output or store / FILE_NAME
    _check(page, _PAGES, store)
    for kind, path in tables.items():
        _check(path, (f".{kind}",), store)
    try:
        with Store.open(store) as opened, err.status("汇总 summing up"), opened.snapshot():
            _write(opened, page, tables)
    except StoreError as error:
        fail(str(error), Exit.FAILED)
    except (OSError, sqlite3.Error) as error:
        fail(f"不能写入或读取 cannot write or read: {error}", Exit.FAILED)
    for kind, path in tables.items():
        out.print(f"总表 table ({kind}): {path}", markup=False, soft_wrap=True)
    out.print(f"总览 overview: {page}", markup=False, soft_wrap=True)


def _write(store: Store, page: Path, tables: Mapping[Format, Path]) -> None:
    for path in (page, *tables.values()):
        path.parent.mkdir(parents=True, exist_ok=True)
    if tables:
        write_tables(store.rows(), near_duplicates(store.rows()), tables, store.folder)
    write_overview(store.rows(), store.folder, page)


def _check(path: Path, suffixes: tuple[str, ...], store: Path) -> None:
    """Nothing is written over what the store is made of, nor under a misleading name."""
    if path.suffix.lower() not in suffixes:
        fail(f"{path}：文件名须以 {suffixes[0]} 结尾 must end in {suffixes[0]}", Exit.USAGE)
    folder, target = store.resolve(), path.resolve()
    if folder in target.parents and target.parent != folder:
        fail(f"{path}：存储的子文件夹不放总表 not into a folder of the store", Exit.USAGE)
