"""The comparison in the terminal: what changed for people, and the strongest changes."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from classifier.comparison.model import Change, Differences, Kind
from classifier.comparison.overview import overview
from classifier.harmless import visible
from classifier.orientation import OrientationScore
from classifier.report.flowing import Flowing
from classifier.report.terminal import quoted, scale
from classifier.taxonomy import QUESTIONS, Orientation

MOST_CHANGES = 5
_COLOURS = {Orientation.ASSISTIVE: "bright_blue", Orientation.CONTROL: "dark_orange"}
_TITLES = {
    Orientation.ASSISTIVE: "更多赋能 More help",
    Orientation.CONTROL: "更多管控 More control",
}


def summary(differences: Differences) -> RenderableType:
    """Both scores, the overview, counts of changes, and those that move the score most."""
    old, new = differences.old, differences.new
    names = [report.document.member or report.document.name for report in (old, new)]
    parts: list[RenderableType] = [
        Text(visible(f"{names[0]} → {names[1]}"), style="bold"),
        _score("旧 old", old.orientation),
        _score("新 new", new.orientation),
        Text(),
        *(Text(line) for line in overview(differences)),
        Text(_counts(differences), style="dim"),
    ]
    for question in reversed(QUESTIONS):
        ranked = differences.ranked(question, MOST_CHANGES)
        if ranked:
            parts.append(Text(f"\n{_TITLES[question]}", style=f"bold {_COLOURS[question]}"))
        parts += [Padding(_line(change), (0, 0, 0, 2)) for change in ranked]
    return Group(*parts)


def _score(title: str, result: OrientationScore) -> Text:
    interval = f"[{result.interval.low:+.2f}, {result.interval.high:+.2f}]"
    return Text(f"{title}  {scale(result)}  {result.score:+.2f} {interval} {result.verdict.zh}")


def _counts(differences: Differences) -> str:
    counts = differences.counts()
    listed = "，".join(f"{kind.zh} {counts[kind.value]}" for kind in Kind)
    return f"句子：{listed}；其中移动 {counts['moved']}"


def _line(change: Change) -> Flowing:
    side = change.new or change.old
    assert side is not None
    page = side.sentence.place.page
    what = "判断有变" if change.relabelled else change.kind.zh
    return Flowing(
        Text.assemble(
            (f"{change.weight:+.4f} ", "bold"),
            (f"{what} {f'第{page}页 ' if page else ''}", "dim"),
            quoted(side.text),
        )
    )
