"""What the commands share: two consoles, exit codes, and one way to fail."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.text import Text

from classifier.harmless import HarmlessConsole

out, err = HarmlessConsole(), HarmlessConsole(stderr=True)

MAX_NAME_BYTES = 160
# What some file system or other does not take in a file's name.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]')

ModelOption = Annotated[
    str,
    typer.Option(
        "--model", "-m", help="active（在用模型）、standard、lexical、自有模型名或模型文件夹。"
    ),
]


class Exit(IntEnum):
    """Exit codes, as documented in the README."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREADABLE = 3
    SOME_UNREADABLE = 4
    MODEL = 5
    INTERRUPTED = 130


def fail(message: str, code: Exit) -> NoReturn:
    """Say why on standard error and end the program with ``code``."""
    err.print(Text(message, style="red"), soft_wrap=True)
    raise typer.Exit(code)


def output_name(stem: str, suffix: str) -> str:
    """``stem`` as every file system takes it, cut at a character's boundary, and ``suffix``."""
    stem = _UNSAFE.sub("_", stem)
    return stem.encode(errors="replace")[:MAX_NAME_BYTES].decode(errors="ignore") + suffix


def output_path(output: Path | None, name: str, suffix: str) -> Path:
    """Where the result of the file ``name`` goes; ``output`` may be a file or a folder."""
    own = output_name(Path(name).stem, suffix)
    if output is None:
        return Path(own)
    return output / own if output.is_dir() or output.suffix == "" else output
