"""An archive in the terminal: one row per document, and what a run came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from classifier.archive.progress import Totals
from classifier.archive.rows import DocumentRow, Score
from classifier.harmless import visible
from classifier.report.flowing import Flowing
from classifier.report.terminal import COLOURS

TITLES = ("文件 file", "结果 reason", "结论", "得分 score", "95 %", "句子", "警示 alarms")
# Below this many columns a table would leave names and alarms a few characters each.
LEAST_WIDTH = 120
LEAST_NAME, LEAST_ALARMS = 36, 18
MOST_ALARMS = 3


def listing(rows: Sequence[DocumentRow], width: int) -> RenderableType:
    """What became of every document: a table, or two lines each where ``width`` is too small."""
    if width >= LEAST_WIDTH:
        return _table(rows)
    return Group(*(part for row in rows for part in _lines(row)))


def _table(rows: Sequence[DocumentRow]) -> Table:
    grid = Table()
    least = {TITLES[0]: LEAST_NAME, TITLES[-1]: LEAST_ALARMS}
    for title in TITLES:
        grid.add_column(
            title, overflow="fold", min_width=least.get(title), no_wrap=not least.get(title)
        )
    for row in rows:
        if row.score is None:
            grid.add_row(_name(row), row.reason.value, "", "", "", "", Text(visible(row.detail)))
        else:
            grid.add_row(_name(row), row.reason.value, *_figures(row.score), _alarms(row))
    return grid


def _lines(row: DocumentRow) -> Iterator[RenderableType]:
    yield Flowing(_name(row))
    parts: list[Text | str] = [row.reason.value]
    if row.score is None:
        parts.append(visible(row.detail))
    else:
        verdict, balance, interval, counted = _figures(row.score)
        parts += [verdict, f"{balance} [{interval}]", f"{counted} 句", _alarms(row)]
    yield Padding(Flowing(Text("  ").join(Text.assemble(p) for p in parts if p)), (0, 0, 0, 2))


def _name(row: DocumentRow) -> Text:
    return Text(visible(row.label), style="bold")


def _figures(score: Score) -> tuple[Text, str, str, str]:
    """Verdict, score, interval, counted sentences."""
    return (
        Text(score.verdict.zh, style=COLOURS[score.verdict]),
        f"{score.balance:+.2f}",
        f"{score.low:+.2f} … {score.high:+.2f}",
        str(score.counted),
    )


def _alarms(row: DocumentRow) -> str:
    return "、".join(alarm.zh for alarm in row.alarms[:MOST_ALARMS])


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
