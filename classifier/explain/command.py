"""The command ``explain``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from classifier.analyzer import Classifier
from classifier.console import Exit, ModelOption, err, fail, out
from classifier.errors import ModelError
from classifier.harmless import json_text
from classifier.model import DEFAULT

# Of standard input; more than is ever explained.
_MOST_BYTES = 1 << 16


def explain(
    sentence: Annotated[
        str, typer.Argument(metavar="句子|-", help="一句话，或 - 从标准输入读取。")
    ],
    section: Annotated[str, typer.Option(help="句子所在的标题。")] = "",
    previous: Annotated[str, typer.Option(help="前一句。")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
    model: ModelOption = DEFAULT,
) -> None:
    """解释一句话的判定：词、准则、例句、怎样改会不同。 Why a sentence is labelled as it is."""
    from classifier.explain.terminal import page

    if sentence == "-":
        data = sys.stdin.buffer.read(_MOST_BYTES)
        sentence = data.decode("utf-8", "replace").strip()
    try:
        with err.status("解释 explaining"):
            explanation = Classifier.load(model).explain(sentence, (section, previous))
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    if as_json:
        sys.stdout.write(json_text(explanation.to_json(), indent=1) + "\n")
    else:
        out.print(page(explanation))
