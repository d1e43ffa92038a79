"""The command ``doctor``."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.text import Text

from classifier import __version__
from classifier.console import Exit, out
from classifier.doctor import Check, checks

_SIGNS = {"works": ("✓", "green"), "missing": ("–", "yellow"), "broken": ("✗", "red")}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
) -> None:
    """检查安装：机器、模型、格式、扩展。 What works here, what to install for the rest."""
    found = []
    for check in checks():
        found.append(check)
        if not as_json:
            _say(check)
    healthy = all(check.state != "broken" for check in found)
    if as_json:
        listed = [
            {"name": c.name, "state": c.state, "detail": c.detail, "install": c.install}
            for c in found
        ]
        answer = {"version": __version__, "healthy": healthy, "checks": listed}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
    elif any(check.state == "missing" for check in found):
        out.print("– 为可选部分，不影响其余功能 is optional: all else works without it")
    if not healthy:
        raise typer.Exit(Exit.FAILED)


def _say(check: Check) -> None:
    line = Text.assemble(_SIGNS[check.state], f" {check.name}: {check.detail}")
    out.print(line, soft_wrap=True)
    if check.install:
        out.print(Text(f"    {check.install}", style="bold"), soft_wrap=True)
