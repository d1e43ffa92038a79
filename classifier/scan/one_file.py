"""One document: a summary in the terminal and its report, or JSON."""

from __future__ import annotations

import sys
from contextlib import closing
from itertools import chain
from pathlib import Path

import typer

from classifier.analyzer import Classifier
from classifier.console import Exit, err, out, output_path
from classifier.errors import ExtractionError
from classifier.extract import sandbox
from classifier.harmless import json_text, visible
from classifier.limits import Limits
from classifier.redact import redact
from classifier.report import terminal
from classifier.report.report import CHECKLIST_SUFFIX, REPORT_SUFFIX, Report
from classifier.scan.json_lines import redacted, write_found, write_line
from classifier.whole_files import write_text


def holds_members(source: Path | bytes, limits: Limits) -> bool:
    """Whether it is an archive or mail with files in it; a file that is too large is not opened."""
    if isinstance(source, Path):
        if source.stat().st_size > limits.bytes:
            return False
        source = source.read_bytes()
    with closing(sandbox.unpack(source, "archive", limits)) as members:
        return bool(next(members).path)


def scan_one(
    classifier: Classifier,
    source: Path | bytes,
    output: Path | None,
    redacting: bool,
    with_xlsx: bool,
    with_checklist: bool = False,
    explaining: int = 0,
) -> None:
    """Score a document, print its summary, and write its report.

    Args:
        explaining: so many sentences get a full rationale (:meth:`Classifier.explained`).
    """
    name = source.name if isinstance(source, Path) else "stdin"
    try:
        with err.status("读取与评估 reading and scoring"):
            _, result = next(classifier.analyze_all(source, name))
        if explaining and isinstance(result, Report):
            result = _explained(classifier, result, explaining)
        found = [(Path(name), "", result)]
        path, _, result = next(iter(redacted(found) if redacting else found))
    except ExtractionError as error:
        path, result = Path(redact(name) if redacting else name), error
    if isinstance(result, ExtractionError):
        say_failed(path.name, result)
        raise typer.Exit(Exit.UNREADABLE)
    page = output_path(output, path.name, REPORT_SUFFIX)
    page.parent.mkdir(parents=True, exist_ok=True)
    result.to_html(page)
    if with_xlsx:
        result.to_xlsx(page.with_suffix(".xlsx"))
    if with_checklist:
        _write_checklist(result, page)
    out.print(terminal.summary(result))
    out.print(f"报告 report: {visible(str(page))}", markup=False, soft_wrap=True)


def _write_checklist(report: Report, page: Path) -> None:
    stem = page.name.removesuffix(REPORT_SUFFIX).removesuffix(page.suffix)
    text = report.checklist().to_markdown()
    write_text(page.with_name(stem + CHECKLIST_SUFFIX), text)


def _explained(classifier: Classifier, report: Report, most: int) -> Report:
    with err.status("解释 explaining") as status:
        return classifier.explained(
            report, most, lambda done, of: status.update(f"解释 explaining {done}/{of}")
        )


def json_of_one(classifier: Classifier, source: Path | bytes, redacting: bool) -> None:
    """One JSON object for a document; JSON lines for an archive or mail."""
    name = source.name if isinstance(source, Path) else "stdin"
    path = Path(name)
    try:
        found = ((path, *item) for item in classifier.analyze_all(source, name))
        first = next(found)
    except ExtractionError as error:
        first, found = (path, "", error), iter(())
    _, member, result = first
    if member:
        write_found(chain([first], found), redacting)
        return
    ((path, _, result),) = redacted([first]) if redacting else [first]
    if isinstance(result, Report):
        sys.stdout.write(json_text(result.to_json(), indent=1) + "\n")
        return
    write_line(path, "", result)
    raise typer.Exit(Exit.UNREADABLE)


def say_failed(name: str, error: ExtractionError) -> None:
    """One line with the reason code and what to do next."""
    err.print(
        f"{visible(name)}: {error.reason.value} — {error.reason.next_step}",
        markup=False,
        soft_wrap=True,
    )
    if error.detail:
        err.print(f"  {visible(error.detail)}", markup=False, soft_wrap=True, style="dim")
