"""An archive in the terminal: one line per document, and what a run came to."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from classifier.archive.progress import Totals
from classifier.archive.rows import DocumentRow
from classifier.report.terminal import COLOURS

TITLES = ("文件 file", "结果 reason", "结论", "得分 score", "95 %", "句子", "警示 alarms")


def table(rows: Sequence[DocumentRow]) -> Table:
    """One line per document: reason code, verdict, score, interval, figures."""
    grid = Table()
    for title in TITLES:
        grid.add_column(title, overflow="fold")
    for row in rows:
        if row.score is None:
            grid.add_row(Text(row.label), row.reason.value, "", "", "", "", Text(row.detail))
            continue
        score = row.score
        grid.add_row(
            Text(row.label),
            row.reason.value,
            Text(score.verdict.zh, style=COLOURS[score.verdict]),
            f"{score.balance:+.2f}",
            f"{score.low:+.2f} … {score.high:+.2f}",
            str(score.counted),
            "、".join(alarm.zh for alarm in row.alarms[:3]),
        )
    return grid


def summary(totals: Totals) -> Text:
    """What this run did, in one or two lines."""
    reasons = "，".join(f"{reason.value} {n}" for reason, n in totals.reasons.most_common())
    parts = [f"本次 this run: {totals.documents} 个文档 documents"]
    if reasons:
        parts.append(f"（{reasons}）")
    if totals.copies:
        parts.append(f"，另有内容相同的 copies {totals.copies}")
    parts.append(f"，未变化的文件 unchanged {totals.settled}")
    if totals.gone:
        parts.append(f"，已不在的 gone {totals.gone}")
    if totals.pages or totals.sentences:
        parts.append(
            f"；{totals.pages} 页 pages，{totals.sentences} 句 sentences，{totals.seconds:.0f} 秒 s"
        )
    return Text("".join(parts))
