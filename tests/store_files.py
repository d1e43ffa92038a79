"""Archives of small documents for tests, runs over them, and what is in a store afterwards."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import sqlite3
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from docx import Document as Word

from classifier.archive.predictor import Predictor
from classifier.archive.progress import Totals
from classifier.archive.run import Options, scan_archive
from classifier.archive.store import Store
from classifier.model import shipped

SHARED = (
    "投标人应当具备独立承担民事责任的能力。",
    "投标文件须加盖公章。",
    "合同签订后三十日内支付首付款。",
)
OWN = (
    "员工须每日刷脸打卡，迟到扣发绩效{n}元。",
    "系统自动带入已有信息，第{n}号事项无需重复填写。",
    "平台应抓取第{n}组终端的上网记录并保存。",
    "用户可在线查询第{n}号事项的办理进度，并可申诉。",
)


def text(number: int) -> str:
    """A requirement document of our own; its sentences partly recur in all others."""
    own = (OWN[(number + i) % len(OWN)].format(n=number) for i in range(6))
    return "\n".join((f"第{number}号项目采购需求", *SHARED, *own))


@cache
def docx(number: int) -> bytes:
    """The same bytes each time: the format would tell the time of saving."""
    document = Word()
    document.add_heading(f"第{number}号项目", level=1)
    for line in text(number).splitlines():
        document.add_paragraph(line)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w") as target:
        for name, data in files.items():
            target.writestr(name, data)
    return saved.getvalue()


def make_archive(folder: Path, texts: int = 12) -> Path:
    """Texts, DOCX, copies, containers in each other, and files that cannot be read."""
    folder.mkdir(parents=True)
    for number in range(texts):
        place = folder / f"{2020 + number % 3}年"
        place.mkdir(exist_ok=True)
        (place / f"需求{number}.txt").write_text(text(number), encoding="utf-8")
    for number in range(100, 103):
        (folder / f"方案{number}.docx").write_bytes(docx(number))
    (folder / "副本.txt").write_text(text(1), encoding="utf-8")
    inner = packed({"内.txt": text(200).encode(), "同.txt": text(2).encode(), "空.txt": b""})
    members = {"里.zip": inner, "外.txt": text(201).encode(), "外.docx": docx(100)}
    (folder / "附件.zip").write_bytes(packed(members))
    (folder / "空.pdf").write_bytes(b"")
    (folder / "坏.docx").write_bytes(docx(7)[:900])
    (folder / "图.bin").write_bytes(b"not a document")
    return folder


@cache
def predictor() -> Predictor:
    """One model for all tests of a process; what it remembers changes no answer."""
    return Predictor("lexical")


def scan(archive: Path, store: Path, options: Options | None = None, **opening: Any) -> Totals:
    with Store.writing(store, **opening) as opened:
        return scan_archive([archive], opened, predictor(), options)


def content_of(store: Path) -> dict[str, Any]:
    """All that a store says, without times, numbers of runs, and the order of writing."""
    with Store.open(store) as opened:
        rows = [dataclasses.replace(row, seconds=0.0) for row in opened.rows()]
    pages = {
        str(path.relative_to(store)): path.read_bytes()
        for path in (store / "reports").rglob("*")
        if path.is_file()
    }
    parts = {kind: part_rows(store, kind) for kind in ("documents", "sentences", "predictions")}
    return {"rows": rows, "files": files_of(store), "pages": pages, **parts}


def files_of(store: Path) -> list[tuple[Any, ...]]:
    query = "SELECT path, size, content, state, is_current FROM file ORDER BY path, id"
    return list(ask(store, query))


def part_rows(store: Path, kind: str) -> list[dict[str, Any]]:
    rows = [
        row
        for path in sorted((store / kind).rglob("*.parquet"))
        for row in pq.read_table(path, partitioning=None).to_pylist()
    ]
    return sorted(rows, key=lambda row: (row["content"], row["suffix"], row.get("index", 0)))


def ask(store: Path, query: str) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(f"file:{store / 'ledger.sqlite'}?mode=ro", uri=True)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def model_like_lexical(folder: Path, bias: float) -> Path:
    """A copy of the shipped lexical model whose answers lean more to yes."""
    source = shipped()["lexical"]
    folder.mkdir()
    for name in ("lexical.npz", "calibration.json"):
        shutil.copy(source / name, folder / name)
    calibration = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    calibration["bias"] = [value + bias for value in calibration["bias"]]
    (folder / "calibration.json").write_text(json.dumps(calibration), encoding="utf-8")
    sums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("lexical.npz", "calibration.json")
    }
    (folder / "checksums.json").write_text(json.dumps(sums), encoding="utf-8")
    return folder
