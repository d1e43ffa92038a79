"""The command line: thin, all work is done in ``classifier`` and ``training``."""

from __future__ import annotations

import io
import logging
import sys
from typing import Annotated

import typer
from rich.logging import RichHandler

from classifier import __version__, marking, models_command
from classifier.archive.overview.command import report
from classifier.comparison.command import compare
from classifier.console import err, out
from classifier.doctor.command import doctor
from classifier.explain.command import explain
from classifier.review.command import review
from classifier.review.exchange_command import review_export, review_import
from classifier.scan.command import scan
from training import commands

app = typer.Typer(
    help="看清招标文件和需求文档要对人做什么：赋能还是管控。\n\n"
    "Shows what a Chinese tender or requirement document would do to people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


for command in (
    scan,
    report,
    explain,
    compare,
    marking.mark,
    review,
    review_export,
    review_import,
    commands.train,
    commands.evaluate,
    commands.export,
    doctor,
):
    app.command()(command)
app.add_typer(models_command.app, name="models")


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
