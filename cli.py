"""The command line: thin, all work is done in ``classifier`` and ``training``."""

from __future__ import annotations

import io
import json
import logging
import math
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from classifier import __version__, marking, models_command
from classifier.analyzer import Classifier
from classifier.comparison.command import compare
from classifier.console import Exit, ModelOption, err, fail, out, output_name, output_path
from classifier.errors import ExtractionError, ModelError
from classifier.explain.command import explain
from classifier.extract.router import READABLE_SUFFIXES
from classifier.extract.suffixes import CONTAINER_SUFFIXES
from classifier.limits import MIB, Limits
from classifier.model import DEFAULT
from classifier.redact import redact
from classifier.report import terminal
from classifier.report.model import Brief
from classifier.report.report import OUR_SUFFIXES, REPORT_SUFFIX, Report
from classifier.review.command import review
from classifier.review.exchange_command import review_export, review_import
from training import commands

app = typer.Typer(
    help="看清招标文件和需求文档要对人做什么：赋能还是管控。\n\n"
    "Shows what a Chinese tender or requirement document would do to people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _finite(value: float) -> float:
    if not math.isfinite(value) or value <= 0:
        raise typer.BadParameter("须为正数 must be a positive number")
    return value


Inputs = Annotated[
    list[str], typer.Argument(metavar="FILE|FOLDER|-", help="文件、文件夹，或 - 从标准输入读取。")
]


@app.command()
def scan(
    inputs: Inputs,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="HTML 报告文件，或放报告的文件夹；缺省为当前文件夹。"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="输出 JSON（多个文件时每行一个），不写 HTML。")
    ] = False,
    with_xlsx: Annotated[
        bool, typer.Option("--xlsx", help="另在 HTML 报告旁写一份 Excel 工作簿。")
    ] = False,
    model: ModelOption = DEFAULT,
    max_size: Annotated[
        float, typer.Option(callback=_finite, help="单个文件大小上限，MiB。")
    ] = Limits().bytes / MIB,
    max_pages: Annotated[int, typer.Option(min=1, help="单个文件页数上限。")] = Limits().pages,
    max_chars: Annotated[int, typer.Option(min=1, help="单个文件字符数上限。")] = Limits().chars,
    timeout: Annotated[
        float, typer.Option(callback=_finite, help="单个文件解析时限，秒。")
    ] = Limits().seconds,
    memory: Annotated[int, typer.Option(min=64, help="解析进程内存上限，MiB。")] = Limits().memory
    // MIB,
    ocr: Annotated[
        Literal["auto", "off"], typer.Option(help="没有可用文字的页面：auto 识别，off 不识别。")
    ] = "auto",
    max_ocr_pages: Annotated[
        int, typer.Option(min=1, help="单个文件文字识别的页数上限。")
    ] = Limits().ocr_pages,
    ocr_timeout: Annotated[
        float, typer.Option(callback=_finite, help="单个文件文字识别的时限，秒。")
    ] = Limits().ocr_seconds,
    workers: Annotated[int, typer.Option(min=1, help="并行解析的进程数。")] = 2,
    screened: Annotated[
        bool, typer.Option("--screen", help="明显中性的句子不经编码器：更快，几乎不漏。")
    ] = False,
    redacting: Annotated[
        bool, typer.Option("--redact", help="遮盖所有输出中的电话、证件号、邮箱、卡号、联系人。")
    ] = False,
) -> None:
    """评估文件：终端摘要与 HTML 报告。 Score files: a summary and an HTML report."""
    if as_json and with_xlsx:
        fail("--json 与 --xlsx 不能同时使用 cannot be combined", Exit.USAGE)
    limits = Limits(
        bytes=int(max_size * MIB),
        pages=max_pages,
        chars=max_chars,
        seconds=timeout,
        memory=memory * MIB,
        ocr=ocr,
        ocr_pages=max_ocr_pages,
        ocr_seconds=ocr_timeout,
    )
    files, many = ([], False) if inputs == ["-"] else _expand(inputs)
    classifier = _load(model, limits, screened)
    try:
        if many:
            found = _with_progress(classifier.analyze_many(files, workers), len(files))
            _scan_many(_redacted(found) if redacting else found, output, as_json, with_xlsx)
        elif files:
            _scan_one(classifier, files[0], files[0].name, output, as_json, with_xlsx, redacting)
        else:
            data = sys.stdin.buffer.read(limits.bytes + 1)
            _scan_one(classifier, data, "stdin", output, as_json, with_xlsx, redacting)
    except OSError as error:
        fail(f"不能写入或读取 cannot write or read: {error}", Exit.FAILED)


def _load(model: str, limits: Limits, screened: bool) -> Classifier:
    try:
        return Classifier.load(model, limits=limits, screened=screened)
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)


def _expand(inputs: list[str]) -> tuple[list[Path], bool]:
    """Files named or found in folders, each once; whether there may be several."""
    files: dict[Path, Path] = {}
    skipped, folders = 0, False
    for item in map(Path, inputs):
        if item.is_dir():
            folders = True
            found = sorted(path for path in item.rglob("*") if path.is_file())
            readable = [path for path in found if _is_input(path)]
            skipped += len(found) - len(readable)
            files.update((path.resolve(), path) for path in readable)
        elif item.is_file():
            files[item.resolve()] = item
        else:
            fail(f"没有这个文件 no such file: {item}", Exit.USAGE)
    if skipped:
        err.print(f"跳过 {skipped} 个其他格式的文件 skipped {skipped} files of other formats")
    if not files:
        fail("没有可评估的文件 no files to score", Exit.USAGE)
    return list(files.values()), folders or len(files) > 1


def _is_input(path: Path) -> bool:
    """Whether a file found in a folder is a document, not one of our reports or Word's locks."""
    ours = path.name.endswith(OUR_SUFFIXES)
    readable = path.suffix.lower() in (*READABLE_SUFFIXES, *CONTAINER_SUFFIXES)
    return readable and not ours and not path.name.startswith("~$")


def _scan_one(
    classifier: Classifier,
    source: Path | bytes,
    name: str,
    output: Path | None,
    as_json: bool,
    with_xlsx: bool,
    redacting: bool,
) -> None:
    """One file; an archive or mail gives a table and a report for each member instead."""
    file, found = Path(name), iter(())
    try:
        with err.status("读取与评估 reading and scoring"):
            found = ((file, *item) for item in classifier.analyze_all(source, name))
            found = _redacted(found) if redacting else found
            path, member, result = next(found)
    except ExtractionError as error:
        path, member, result = Path(redact(name) if redacting else name), "", error
    name = path.name
    if member:
        _scan_many(chain([(path, member, result)], found), output, as_json, with_xlsx)
    elif isinstance(result, ExtractionError):
        _say_failed(name, result, as_json)
        raise typer.Exit(Exit.UNREADABLE)
    elif as_json:
        sys.stdout.write(json.dumps(result.to_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        page = output_path(output, name, REPORT_SUFFIX)
        page.parent.mkdir(parents=True, exist_ok=True)
        _write(result, page, with_xlsx)
        out.print(terminal.summary(result))
        out.print(f"报告 report: {page}", markup=False, soft_wrap=True)


def _write(report: Report, page: Path, with_xlsx: bool) -> None:
    """The HTML report, and the workbook beside it."""
    report.to_html(page)
    if with_xlsx:
        report.to_xlsx(page.with_suffix(".xlsx"))


Found = tuple[Path, str, Report | ExtractionError]


def _scan_many(found: Iterable[Found], output: Path | None, as_json: bool, with_xlsx: bool) -> None:
    """Documents one by one: path of the file, path of the member in it, report or failure."""
    folder = output or Path("tenderlens-reports")
    if not as_json:
        folder.mkdir(parents=True, exist_ok=True)
    results: list[tuple[str, Brief | ExtractionError]] = []
    for number, (path, member, result) in enumerate(found, start=1):
        label = f"{path.name}/{member}" if member else path.name
        results.append((label, result if isinstance(result, ExtractionError) else result.brief()))
        if as_json:
            _write_line(path, member, result)
        elif isinstance(result, Report):
            stem = f"{path.stem}-{Path(member).with_suffix('')}" if member else path.stem
            page = folder / f"{number:05d}-{output_name(stem, REPORT_SUFFIX)}"
            _write(result, page, with_xlsx)
    if not as_json:
        out.print(terminal.table(results))
        out.print(f"报告 reports: {folder}", markup=False, soft_wrap=True)
    failed = sum(isinstance(result, ExtractionError) for _, result in results)
    if failed:
        raise typer.Exit(Exit.UNREADABLE if failed == len(results) else Exit.SOME_UNREADABLE)


def _redacted(found: Iterable[Found]) -> Iterator[Found]:
    """The same with personal data masked, in what is said of failures and in names too."""
    for path, member, result in found:
        if isinstance(result, ExtractionError):
            hidden = ExtractionError(result.reason, redact(result.detail))
        else:
            hidden = result.redacted()
        yield Path(redact(str(path))), redact(member), hidden


def _with_progress(found: Iterable[Found], files: int) -> Iterator[Found]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    ) as progress:
        task = progress.add_task("评估 scoring", total=files)
        before: Path | None = None
        for item in found:
            if before is not None and item[0] != before:
                progress.advance(task)
            before = item[0]
            yield item
        progress.update(task, completed=files)


def _write_line(path: Path | str, member: str, result: Report | ExtractionError) -> None:
    """One JSON object on one line: file, member of it, and the report or the failure."""
    line: dict[str, object] = {"path": str(path), "member": member}
    if isinstance(result, ExtractionError):
        failure = {"reason": result.reason.value, "detail": result.detail}
        line["failure"] = {**failure, "next_step": result.reason.next_step}
    else:
        line["report"] = result.to_json()
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _say_failed(name: str, error: ExtractionError, as_json: bool) -> None:
    """One line with the reason code, on standard output for programs, else on standard error."""
    if as_json:
        _write_line(name, "", error)
        return
    err.print(
        f"{name}: {error.reason.value} — {error.reason.next_step}", markup=False, soft_wrap=True
    )
    if error.detail:
        err.print(f"  {error.detail}", markup=False, soft_wrap=True, style="dim")


for command in (
    explain,
    compare,
    marking.mark,
    review,
    review_export,
    review_import,
    commands.train,
    commands.evaluate,
    commands.export,
):
    app.command()(command)
app.add_typer(models_command.app, name="models")


@app.command()
def doctor() -> None:
    """检查安装：模型、格式、扩展。 What is installed and what works."""
    from classifier.doctor import checks

    healthy = True
    for check in checks():
        healthy &= check.works or check.optional
        sign, colour = ("✓", "green") if check.works else ("✗", "red")
        if not check.works and check.optional:
            sign, colour = "–", "yellow"
        out.print(Text.assemble((sign, colour), f" {check.name}: {check.detail}"), soft_wrap=True)
    if not healthy:
        raise typer.Exit(Exit.FAILED)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"tenderlens {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Common options."""


def _show_log() -> None:
    """What the library has to say besides its results, such as files left out, on stderr."""
    log = logging.getLogger("classifier")
    log.setLevel(logging.INFO)
    log.addHandler(RichHandler(console=err, show_time=False, show_level=False, show_path=False))


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A file name that is not valid in the terminal's encoding must not end a run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    _show_log()
    app()


if __name__ == "__main__":
    main()
