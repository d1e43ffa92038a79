"""The command ``mark``: score a file and write its marked copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from classifier.analyzer import Classifier
from classifier.console import Exit, ModelOption, err, fail, out, output_path
from classifier.errors import ExtractionError, MarkingError, MarkingFault, ModelError
from classifier.harmless import visible
from classifier.model import DEFAULT
from classifier.report.marked_copy import MARKED_SUFFIX, SUFFIXES, MarkedCopy
from classifier.report.report import Report


def mark(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="PDF 或 DOCX 文件。")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="副本的文件名，或放副本的文件夹；缺省为当前文件夹。"),
    ] = None,
    model: ModelOption = DEFAULT,
) -> None:
    """写出带批注的副本：PDF 高亮，Word 批注。 Write a copy of the original with notes in it."""
    try:
        with err.status("读取与评估 reading and scoring"):
            report = Classifier.load(model).analyze(file)
        path = _copy_path(report, file, output)
        with err.status("写入批注 writing the notes"):
            copy = report.to_marked_copy(file, path)
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    except ExtractionError as error:
        _stop(file, error.reason.value, error.reason.next_step, error.detail)
    except MarkingError as error:
        _stop(file, error.fault.value, error.fault.next_step, error.detail)
    except OSError as error:
        fail(f"不能写入或读取 cannot write or read: {error}", Exit.FAILED)
    _tell(copy, path)


def _copy_path(report: Report, file: Path, output: Path | None) -> Path:
    format = report.document.format
    if format not in SUFFIXES:
        raise MarkingError(MarkingFault.FORMAT, f"the format is {format}")
    path = output_path(output, file.name, MARKED_SUFFIX + SUFFIXES[format])
    if path.suffix.lower() != SUFFIXES[format]:
        fail(f"副本须以 {SUFFIXES[format]} 结尾 the copy must end with it: {path}", Exit.USAGE)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.samefile(file):
        fail(f"这会覆盖原件 this would overwrite the original: {path}", Exit.USAGE)
    return path


def _stop(file: Path, code: str, next_step: str, detail: str) -> NoReturn:
    err.print(f"{visible(file.name)}: {code} — {next_step}", markup=False, soft_wrap=True)
    if detail:
        err.print(f"  {visible(detail)}", markup=False, soft_wrap=True, style="dim")
    raise typer.Exit(Exit.UNREADABLE)


def _tell(copy: MarkedCopy, path: Path) -> None:
    for remark in copy.remarks:
        err.print(visible(remark), markup=False, soft_wrap=True)
    if copy.unplaced:
        many = f"{len(copy.unplaced)} 句在原件中没有找到位置，未标注 sentences have no place:"
        err.print(many, markup=False, soft_wrap=True)
        for text in copy.unplaced:
            err.print(f"  {visible(text)}", markup=False, soft_wrap=True)
    told = f"已标注 {copy.marked} 句 sentences marked: {visible(str(path))}"
    out.print(told, markup=False, soft_wrap=True)
