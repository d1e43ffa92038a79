"""The commands ``review-export`` and ``review-import``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from classifier.console import Exit, err, fail, out
from classifier.errors import ReviewError
from classifier.harmless import visible
from classifier.review import doccano, exchange, label_studio
from classifier.review.exchange import Imported
from classifier.review.store import ReviewStore
from classifier.whole_files import whole, write_text

_SHOWN_PROBLEMS = 20

Store = Annotated[
    Path, typer.Argument(metavar="STORE", exists=True, dir_okay=False, help="审阅库。")
]


def review_export(
    store: Store,
    output: Annotated[Path, typer.Option("--output", "-o", help="要写的任务文件。")],
    tool: Annotated[
        Literal["label-studio", "doccano"], typer.Option("--for", help="标注工具。")
    ] = "label-studio",
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="只要模型没有把握的和已有人标过的句子。")
    ] = False,
) -> None:
    """把审阅库写成 Label Studio 或 doccano 的任务。 Write tasks for an annotation tool."""
    labels = output.with_suffix(".config.xml" if tool == "label-studio" else ".labels.json")
    try:
        with ReviewStore.open(store) as opened:
            found = exchange.tasks(opened, doubtful=doubtful)
            if tool == "label-studio":
                number = _write(output, label_studio.write(found)) - 1
                write_text(labels, label_studio.labelling_config())
            else:
                number = _write(output, doccano.write(found))
                write_text(labels, doccano.label_config())
    except ReviewError as error:
        fail(f"审阅库 review store: {error}", Exit.FAILED)
    except OSError as error:
        fail(f"不能写入 cannot write: {error}", Exit.FAILED)
    out.print(f"{number} 个任务 tasks: {output}", markup=False, soft_wrap=True)
    out.print(f"标签设置 labels: {labels}", markup=False, soft_wrap=True)


def review_import(
    store: Store,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="标注工具的导出。")],
    tool: Annotated[
        Literal["label-studio", "doccano"], typer.Option("--from", help="标注工具。")
    ] = "label-studio",
    reviewer: Annotated[
        list[str] | None,
        typer.Option("--reviewer", help="审阅人姓名；或 标识=姓名（编号、邮箱、文件名），可多次。"),
    ] = None,
) -> None:
    """把标注工具的导出并入审阅库。 Take an annotation tool's export into a review store."""
    names = dict(_named(one) for one in reviewer or ())
    try:
        with file.open("rb") as opened:
            data = opened.read(exchange.MAX_BYTES + 1)
        with ReviewStore.open(store) as opened:
            text_of = exchange.texts_of(opened)
            if tool == "label-studio":
                found = label_studio.read(data, text_of, names)
            else:
                found = doccano.read(data, file.name, text_of, names)
            new = opened.import_decisions(found.decisions)
    except ReviewError as error:
        fail(f"不能导入 cannot import: {error}", Exit.FAILED)
    except OSError as error:
        fail(f"不能读取 cannot read: {error}", Exit.FAILED)
    _say(found, new)
    if found.problems:
        raise typer.Exit(Exit.SOME_UNREADABLE if found.decisions else Exit.UNREADABLE)


def _named(option: str) -> tuple[str, str]:
    """``ID=NAME``, or a name for those of whom the file says nothing."""
    key, found, name = option.rpartition("=")
    return (key, name) if found else ("", option)


def _write(file: Path, pieces: Iterable[str]) -> int:
    number = 0
    with whole(file) as part, part.open("w", encoding="utf-8") as opened:
        for piece in pieces:
            opened.write(piece)
            number += 1
    return number


def _say(found: Imported, new: int) -> None:
    people = sorted({decision.reviewer for decision in found.decisions})
    for problem in found.problems[:_SHOWN_PROBLEMS]:
        err.print(Text(visible(f"{problem.place}: {problem.why}"), style="yellow"), soft_wrap=True)
    if (more := len(found.problems) - _SHOWN_PROBLEMS) > 0:
        err.print(f"… 另有 {more} 个 more", markup=False)
    out.print(
        f"新增 new: {new}；已有 known already: {len(found.decisions) - new}；"
        f"未标注 unlabelled: {found.unlabelled}；未采用 not taken: {len(found.problems)}",
        markup=False,
        soft_wrap=True,
    )
    if people:
        out.print(f"审阅人 reviewers: {visible('、'.join(people))}", markup=False, soft_wrap=True)
