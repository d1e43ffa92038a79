"""The command ``models``: which models there are, which is in use, and the way back."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from classifier import installed
from classifier.console import Exit, err, fail, out
from classifier.errors import ModelError
from classifier.harmless import json_text
from classifier.model import SHIPPED_DEFAULT, find, shipped, verify

app = typer.Typer(invoke_without_command=True)


@dataclass(frozen=True, slots=True)
class Listed:
    """One model as the list shows it; ``fault`` is empty where its files are as they should be."""

    name: str
    version: str
    active: bool
    shipped: bool
    fault: str
    origin: installed.Origin | None

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "active": self.active,
            "shipped": self.shipped,
            "fault": self.fault,
            "origin": asdict(self.origin) if self.origin else None,
        }


@app.callback()
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
) -> None:
    """列出、切换、恢复模型。 List the models, use another one, or go back to the one before."""
    if context.invoked_subcommand is None:
        found = listed()
        if as_json:
            content = {"home": str(installed.home()), "models": [m.to_json() for m in found]}
            sys.stdout.write(json_text(content, indent=1) + "\n")
        else:
            out.print(_table(found))
            place = f"自有模型存放于 own models: {installed.home()}"
            out.print(place, markup=False, soft_wrap=True, style="dim")


@app.command()
def use(
    name: Annotated[str, typer.Argument(metavar="NAME", help="模型名；standard 为自带模型。")],
) -> None:
    """今后缺省使用这个模型。 Use this model from now on."""
    if name not in shipped() and installed.folder_of(name) is None:
        names = ", ".join(model.name for model in listed())
        fail(f"没有这个模型 no model {name!r}: {names}", Exit.USAGE)
    try:
        version = verify(find(name))
        installed.use(name)
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    except OSError as error:
        fail(f"不能写入 cannot write: {error}", Exit.FAILED)
    _say_in_use(name, version)


@app.command()
def rollback() -> None:
    """恢复到之前使用的模型。 Go back to the model in use before."""
    try:
        name, left = installed.rollback(SHIPPED_DEFAULT)
        version = verify(find(name))
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    except OSError as error:
        fail(f"不能写入 cannot write: {error}", Exit.FAILED)
    err.print(f"不再使用 left: {left}", markup=False, soft_wrap=True)
    _say_in_use(name, version)


def listed() -> list[Listed]:
    """The shipped models, then the user's own, oldest first."""
    try:
        active = installed.active() or SHIPPED_DEFAULT
    except ModelError as error:
        err.print(Text(str(error), style="yellow"), soft_wrap=True)
        active = ""
    names = [(name, None) for name in sorted(shipped(), key=lambda name: name != SHIPPED_DEFAULT)]
    return [
        _listed(name, origin, active)
        for name, origin in [*names, *((model.name, model.origin) for model in installed.own())]
    ]


def _listed(name: str, origin: installed.Origin | None, active: str) -> Listed:
    version, fault = "", ""
    try:
        version = verify(find(name))
    except ModelError as error:
        fault = str(error)
    return Listed(name, version, name == active, origin is None, fault, origin)


def _say_in_use(name: str, version: str) -> None:
    line = f"现在使用 in use: {name}，版本 version {version}"
    out.print(line, markup=False, soft_wrap=True)


def _table(found: list[Listed]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in (
        "",
        "模型 model",
        "版本 version",
        "来源 from",
        "留出校正 F1 on held-back reviews",
    ):
        table.add_column(title, overflow="fold")
    for model in found:
        table.add_row(
            Text("✓" if model.active else "", style="green"),
            Text(model.name),
            Text(model.version or "✗", style="" if model.version else "red"),
            Text(_from(model)),
            Text(model.fault, style="red") if model.fault else Text(_figures(model.origin)),
        )
    return table


def _from(model: Listed) -> str:
    if model.origin is None:
        return "自带 shipped"
    day = time.strftime("%Y-%m-%d", time.localtime(model.origin.made))
    parts = (
        f"{model.origin.base} {model.origin.base_version}",
        f"{model.origin.sentences} 条校正 reviews",
        f"{model.origin.documents} 份文件 documents",
        day,
    )
    return "，".join(parts)


def _figures(origin: installed.Origin | None) -> str:
    """Before and after of both questions, as :mod:`training.from_reviews` measured them."""
    questions = origin.figures.get("held_back", {}) if origin else {}
    try:
        return "；".join(
            f"{name} {one['before']:.3f} → {one['after']:.3f}" for name, one in questions.items()
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""
