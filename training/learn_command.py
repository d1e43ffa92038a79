"""What ``tenderlens train --with-reviews`` says and does; needs no training extra."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.console import Exit, err, fail, out
from classifier.errors import ModelError, TenderlensError
from classifier.taxonomy import Orientation

if TYPE_CHECKING:
    from training.from_reviews import Outcome
    from training.held_back import Change


def learn_from(store: Path, base: str, dev: Path | None) -> None:
    """Learn from a review store, install what is better, and say what was measured."""
    from training.from_reviews import TooFewReviewsError, run

    try:
        outcome = run(store, base, dev, lambda line: err.print(line, markup=False, soft_wrap=True))
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    except TooFewReviewsError as error:
        fail(str(error), Exit.FAILED)
    except (ValueError, OSError, TenderlensError) as error:
        fail(f"学习失败 learning failed: {error}", Exit.FAILED)
    for line in report(outcome):
        out.print(line, markup=False, soft_wrap=True)


def report(outcome: Outcome) -> list[str]:
    """The outcome in lines to print."""
    gain = outcome.held_back
    return [
        f"{outcome.reviews} 条校正（{outcome.corrected} 条改了倾向），{outcome.documents} 份文件；"
        f"起点 base {outcome.base[0]} {outcome.base[1]}",
        f"{outcome.reviews} reviews ({outcome.corrected} changed the orientation), "
        f"{outcome.documents} documents",
        "留出的校正 held-back reviews: " + _changes(gain.changes),
        f"  平均 mean {gain.mean:+.3f}，90 % 区间 interval {gain.low:+.3f} … {gain.high:+.3f}",
        *(f"遗忘检查 forgetting, {name}: {_changes(c)}" for name, c in outcome.checks.items()),
        *_verdict(outcome),
    ]


def _changes(changes: Sequence[Change]) -> str:
    return "；".join(
        f"{Orientation(c.question).zh} {c.question} ({c.positives}) "
        f"F1 {c.before:.3f} → {c.after:.3f}"
        for c in changes
    )


def _verdict(outcome: Outcome) -> list[str]:
    if outcome.installed:
        lines = [
            f"✓ 新模型更好，已启用：{outcome.installed}；恢复原模型：tenderlens models rollback",
            f"  The new model is better and now in use: {outcome.installed}; "
            "tenderlens models rollback goes back",
        ]
        if outcome.removed:
            lines.append(f"  删去最旧的自有模型 oldest own model removed: {outcome.removed}")
        return lines
    if not outcome.held_back.is_real:
        return [
            "✗ 没有学到：在留出的校正上没有可靠的提高。没有安装任何模型。",
            "  It did not help: no gain on held-back reviews beyond chance. Nothing was installed.",
        ]
    return [
        "✗ 学到了，但忘掉了别的：在检查句上变差。没有安装任何模型。",
        "  It learnt, but forgot: worse on the check sentences. Nothing was installed.",
    ]
