"""What the commands share: two consoles, exit codes, and one way to fail."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

out, err = Console(), Console(stderr=True)

ModelOption = Annotated[str, typer.Option("--model", "-m", help="standard、lexical 或模型文件夹。")]


class Exit(IntEnum):
    """Exit codes, as documented in the README."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREADABLE = 3
    SOME_UNREADABLE = 4
    MODEL = 5


def fail(message: str, code: Exit) -> NoReturn:
    """Say why on standard error and end the program with ``code``."""
    err.print(Text(message, style="red"), soft_wrap=True)
    raise typer.Exit(code)
