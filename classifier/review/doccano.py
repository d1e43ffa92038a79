"""doccano, project type *text classification*: JSONL with metadata out, its exports read back.

Only what people said is written as labels, and what the machine says as metadata: doccano does
not tell labels that came with a line from those an annotator gave. A line whose labels are as
they were written is taken for what those people said.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from classifier.errors import ReviewError
from classifier.review import exchange
from classifier.review.exchange import Imported, Problem, Task, TextOf
from classifier.review.model import Decision, Label, same
from classifier.taxonomy import CATEGORIES, Orientation

# Files of doccano's archive that are named for no single annotator.
_SHARED = ("all", "unknown")
_MAX_FILES = 200
_COLOURS = {"neutral": "#6b7280", "assistive": "#2563eb", "control": "#c2410c", "mixed": "#7c3aed"}


def label_config() -> str:
    """The labels for *Labels → Import*."""
    sides = [(exchange.orientation_name(o), o) for o in Orientation]
    sides += [(exchange.category_name(c.code), c.orientation) for c in CATEGORIES.values()]
    labels = [
        {"text": name, "backgroundColor": _COLOURS[side.value], "textColor": "#ffffff"}
        for name, side in sides
    ]
    return json.dumps(labels, ensure_ascii=False, indent=1) + "\n"


def write(tasks: Iterable[Task]) -> Iterator[str]:
    """The lines of a JSONL file for *Dataset → Import*, column Label ``label``."""
    for task in tasks:
        label = _agreed(task.said)
        line = {
            "text": task.text,
            "label": exchange.names_of(label) if label else [],
            **exchange.metadata(task),
        }
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _agreed(said: Mapping[str, Label]) -> Label | None:
    """What all who spoke said; where they differ doccano shows none."""
    labels = list(said.values())
    return labels[0] if labels and all(same(labels[0], label) for label in labels) else None


def read(data: bytes, name: str, text_of: TextOf, reviewers: Mapping[str, str]) -> Imported:
    """Read an export: the ZIP file as it comes, or one of its JSONL files.

    Args:
        name: of the file; doccano names files of a ZIP for their annotators.
        reviewers: names for annotators by the file's name without suffix; "" names those of
            whom the file says nothing.

    Raises:
        ReviewError: the file is too large, or no such export.
    """
    decisions: list[Decision] = []
    problems: list[Problem] = []
    unlabelled = 0
    for file, lines in _files(data, name):
        reviewer = _annotator(file, reviewers)
        # Not splitlines: a JSON string may hold U+0085 or U+2028 as they are.
        for number, line in enumerate(lines.split("\n"), 1):
            if not line.strip():
                continue
            try:
                made = list(_decisions(line, text_of, reviewer))
            except ReviewError as error:
                problems.append(Problem(f"{exchange.quoted(file)}:{number}", str(error)))
            else:
                decisions += made
                unlabelled += not made
    return Imported(tuple(decisions), tuple(problems), unlabelled)


def _files(data: bytes, name: str) -> Iterator[tuple[str, str]]:
    if not zipfile.is_zipfile(io.BytesIO(data)):
        yield name, exchange.decoded(data)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith((".jsonl", ".json"))]
            if not members or len(members) > _MAX_FILES:
                raise ReviewError(f"ZIP 中没有 JSONL 或过多 no JSONL files, or over {_MAX_FILES}")
            if sum(member.file_size for member in members) > exchange.MAX_BYTES:
                size = exchange.MAX_BYTES >> 20
                raise ReviewError(f"文件过大 the files are larger than {size} MiB")
            for member in members:
                with archive.open(member) as file:
                    # One more than allowed: a header may state less than there is.
                    yield member.filename, exchange.decoded(file.read(exchange.MAX_BYTES + 1))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise ReviewError(f"ZIP 文件已损坏 damaged ZIP file: {error}") from error


def _annotator(file: str, reviewers: Mapping[str, str]) -> str | None:
    stem = PurePosixPath(file).stem
    given = reviewers.get(stem, reviewers.get(""))
    return given or (None if stem in _SHARED else stem)


def _decisions(line: str, text_of: TextOf, reviewer: str | None) -> Iterator[Decision]:
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"不是 JSON not JSON: {exchange.quoted(str(error))}") from error
    if not isinstance(fields, dict):
        raise ReviewError("不是本软件导出的任务 not a task of ours")
    choices = fields.get("label", fields.get("labels", []))
    if not isinstance(choices, list) or not all(isinstance(one, str) for one in choices):
        raise ReviewError("label 不是标签列表 label is no list of names")
    target = exchange.target_of(fields, text_of)
    label, said = exchange.label_of(choices), exchange.said_of(fields)
    agreed = _agreed(said)
    if label is None:
        return
    if agreed is not None and same(agreed, label):
        for name, own in said.items():
            yield exchange.decision(target, name, own, 0.0)
        return
    if reviewer is None:
        raise ReviewError("不知道是谁标的：请加 --reviewer 姓名 who said it? add --reviewer NAME")
    yield exchange.decision(target, reviewer, label, 0.0)
