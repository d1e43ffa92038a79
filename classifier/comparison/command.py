"""The command ``compare``: score two drafts and show what changed between them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from classifier.analyzer import Classifier
from classifier.comparison import terminal
from classifier.comparison.compare import compare as compare_reports
from classifier.console import Exit, ModelOption, err, fail, out, output_path
from classifier.errors import ExtractionError, ModelError
from classifier.harmless import json_text, visible
from classifier.model import DEFAULT
from classifier.redact import redact
from classifier.report.report import COMPARISON_SUFFIX, Report

Draft = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


def compare(
    old: Draft,
    new: Draft,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="HTML 文件，或放它的文件夹；缺省为当前文件夹。"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，不写 HTML。")] = False,
    model: ModelOption = DEFAULT,
    redacting: Annotated[
        bool, typer.Option("--redact", help="遮盖电话、证件号、邮箱、卡号、联系人。")
    ] = False,
) -> None:
    """对照两稿：增删改移与倾向的变化。 Compare two drafts: what changed, and for whom."""
    page = _page(output, (old, new), redacting)
    try:
        classifier = Classifier.load(model)
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    try:
        drafts = [_analyze(classifier, path, as_json) for path in (old, new)]
        if redacting:
            drafts = [report.redacted() for report in drafts]
        with err.status("对照 comparing"):
            comparison = compare_reports(*drafts)
            if as_json:
                text = json_text(comparison.to_json(), indent=1)
                sys.stdout.write(text + "\n")
                return
            page.parent.mkdir(parents=True, exist_ok=True)
            comparison.to_html(page)
    except OSError as error:
        fail(f"不能写入或读取 cannot write or read: {error}", Exit.FAILED)
    out.print(terminal.summary(comparison))
    out.print(f"对照 comparison: {visible(str(page))}", markup=False, soft_wrap=True)


def _page(output: Path | None, drafts: tuple[Path, Path], redacting: bool) -> Path:
    name = drafts[1].name
    page = output_path(output, redact(name) if redacting else name, COMPARISON_SUFFIX)
    if page.exists() and any(page.samefile(draft) for draft in drafts):
        fail(f"这会覆盖原件 this would overwrite a draft: {page}", Exit.USAGE)
    return page


def _analyze(classifier: Classifier, path: Path, as_json: bool) -> Report:
    try:
        with err.status("读取与评估 reading and scoring"):
            return classifier.analyze(path)
    except ExtractionError as error:
        _stop(path, error, as_json)


def _stop(path: Path, error: ExtractionError, as_json: bool) -> NoReturn:
    """One draft cannot be read: say which and why, on standard output for programs."""
    reason = error.reason
    if as_json:
        failure = {"reason": reason.value, "detail": error.detail, "next_step": reason.next_step}
        line = {"path": str(path), "failure": failure}
        sys.stdout.write(json_text(line) + "\n")
        raise typer.Exit(Exit.UNREADABLE)
    said = f"{visible(path.name)}: {reason.value} — {reason.next_step}"
    err.print(said, markup=False, soft_wrap=True)
    if error.detail:
        err.print(f"  {visible(error.detail)}", markup=False, soft_wrap=True, style="dim")
    raise typer.Exit(Exit.UNREADABLE)
