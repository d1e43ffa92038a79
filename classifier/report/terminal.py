"""The report in the terminal: short, for a first look."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from classifier.findings import Finding, Findings, FindingState
from classifier.harmless import visible
from classifier.orientation import OrientationScore, Verdict
from classifier.report.flowing import Flowing
from classifier.report.model import Analysis, LabelledSentence
from classifier.taxonomy import CATEGORIES

MOST_FINDINGS = 8
MOST_MEETINGS = 3
MOST_CHARS = 60
SCALE = 41

COLOURS = {
    Verdict.ASSISTIVE: "bright_blue",
    Verdict.RATHER_ASSISTIVE: "bright_blue",
    Verdict.BALANCED: "white",
    Verdict.RATHER_CONTROL: "dark_orange",
    Verdict.CONTROL: "dark_orange",
    Verdict.UNDECIDED: "bright_black",
}


def summary(report: Analysis) -> RenderableType:
    """Verdict, scale, strongest alarms with page and sentence, safeguards."""
    parts: list[RenderableType] = [
        Flowing(Text(visible(report.document.member or report.document.name), style="bold")),
        _verdict(report.orientation),
    ]
    parts += [Flowing(Text(f"! {visible(note)}", style="yellow")) for note in report.document.notes]
    if report.findings.alarms:
        parts.append(Text("\n警示 Alarms", style="bold"))
    for finding in report.findings.alarms[:MOST_FINDINGS]:
        first = report.sentences[finding.evidence[0]]
        title = Text.assemble(
            ("● ", "dark_orange"),
            (finding.rule.zh, "bold"),
            f"  {len(finding.evidence)} 处  ",
        )
        parts += [title, Padding(_quote(first), (0, 0, 0, 2))]
    found = [f"{s.rule.zh}({len(s.evidence)})" for s in report.findings.safeguards if s.found]
    missing = _in_state(report.findings.safeguards, FindingState.NOT_FOUND)
    unknown = _in_state(report.findings.safeguards, FindingState.UNKNOWN)
    parts.append(Text("\n保障 Safeguards", style="bold"))
    parts.append(_listed("有 found", found))
    if missing:
        parts.append(_listed("未发现 not found", missing))
    if unknown:
        parts.append(_listed("无从判断（文字不足或未写系统功能）not enough text to tell", unknown))
    parts += _risks(report.findings)
    parts += _profile(report)
    return Group(*parts)


def _in_state(findings: Sequence[Finding], state: FindingState) -> list[str]:
    return [finding.rule.zh for finding in findings if finding.state is state]


def _risks(findings: Findings) -> list[RenderableType]:
    """Risks that are present, and persons on whom several alarms meet."""
    parts: list[RenderableType] = [
        Text(
            f"{visible(one.persons)}：{len(one.alarms)} 项警示叠加，须说明必要与相称",
            style="dark_orange",
        )
        for one in findings.proportionality[:MOST_MEETINGS]
    ]
    present = [
        f"{finding.rule.zh}({len(finding.evidence) or '未见应对'})"
        for finding in findings.risks
        if finding.state is FindingState.PRESENT
    ]
    if present:
        parts.append(_listed("失败风险 risks of failure", present))
    return parts


def _listed(title: str, names: Sequence[str]) -> Flowing:
    return Flowing(Text(f"{title}: {'、'.join(names) or '无'}"))


def _verdict(result: OrientationScore) -> Text:
    if result.sentences == 0:
        return Text("没有可评估的句子 no sentences to score")
    text = Text.assemble(
        ("结论 ", ""),
        (result.verdict.zh, f"bold {COLOURS[result.verdict]}"),
        f"   得分 {result.score:+.2f}  [{result.interval.low:+.2f}, {result.interval.high:+.2f}]",
        f"   句子 {result.sentences}，赋能 {result.assistive:.0f}，管控 {result.control:.0f}",
        f"，显著度 {result.salience:.1%}\n",
    )
    return text.append(scale(result))


def scale(result: OrientationScore, width: int = SCALE) -> str:
    """``管控 ┄┄┄┄━━●━━┄┄┄ 赋能``: the interval and the score between -1 and +1."""
    at = lambda x: round((x + 1) / 2 * (width - 1))  # noqa: E731
    low, high = at(result.interval.low), at(result.interval.high)
    cells = ["━" if low <= i <= high else "┄" for i in range(width)]
    cells[at(0.0)] = "┼" if cells[at(0.0)] == "━" else "│"
    cells[at(result.score)] = "●"
    return f"管控 {''.join(cells)} 赋能"


def quoted(text: str) -> str:
    """A sentence on one line: what its page breaks or sets apart is one space here."""
    line = " ".join(visible(text).split())
    return line if len(line) <= MOST_CHARS else f"{line[:MOST_CHARS]}…"


def _quote(labelled: LabelledSentence) -> Flowing:
    page = labelled.sentence.place.page
    where = f"第{page}页 " if page else ""
    return Flowing(Text.assemble((where, "dim"), quoted(labelled.text)))


def _profile(report: Analysis) -> list[RenderableType]:
    counts = [(code, n) for code, n in report.profile().items() if n]
    listed = "、".join(
        f"{code} {CATEGORIES[code].zh} {n}" for code, n in sorted(counts, key=lambda c: -c[1])
    )
    return [Text(), Flowing(Text(f"类别 Categories: {listed}", style="dim"))] if listed else []
