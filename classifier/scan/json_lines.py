"""Many files as JSON lines on standard output, each as soon as its turn comes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from classifier.analyzer import Classifier
from classifier.archive.walk import Walk
from classifier.console import Exit, err
from classifier.errors import ExtractionError
from classifier.harmless import json_text
from classifier.redact import redact
from classifier.report.report import Report

Found = tuple[Path, str, Report | ExtractionError]


def write_lines(classifier: Classifier, inputs: list[Path], workers: int, redacting: bool) -> None:
    """Score files and folders, and end with the exit code that sums them up."""
    walk = Walk(inputs)
    found = classifier.analyze_many((file.file for file in walk.files()), workers)
    write_found(found, redacting, walk)


def write_found(found: Iterable[Found], redacting: bool, walk: Walk | None = None) -> None:
    """One line for each document: file, member of it, and the report or the failure."""
    failed = number = 0
    for path, member, result in redacted(found) if redacting else found:
        number += 1
        failed += isinstance(result, ExtractionError)
        write_line(path, member, result)
    if walk is not None:
        tell_skipped(walk.skipped)
    if failed:
        raise typer.Exit(Exit.UNREADABLE if failed == number else Exit.SOME_UNREADABLE)


def write_line(path: Path | str, member: str, result: Report | ExtractionError) -> None:
    line: dict[str, object] = {"path": str(path), "member": member}
    if isinstance(result, ExtractionError):
        failure = {"reason": result.reason.value, "detail": result.detail}
        line["failure"] = {**failure, "next_step": result.reason.next_step}
    else:
        line["report"] = result.to_json()
    sys.stdout.write(json_text(line) + "\n")
    sys.stdout.flush()


def redacted(found: Iterable[Found]) -> Iterator[Found]:
    """The same with personal data masked, in what is said of failures and in names too."""
    for path, member, result in found:
        if isinstance(result, ExtractionError):
            hidden = ExtractionError(result.reason, redact(result.detail))
        else:
            hidden = result.redacted()
        yield Path(redact(str(path))), redact(member), hidden


def tell_skipped(skipped: int) -> None:
    if skipped:
        err.print(f"跳过 {skipped} 个其他格式的文件 skipped {skipped} files of other formats")
