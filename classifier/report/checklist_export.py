"""The findings as a checklist on paper or in a sheet: every rule of every kind on one line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from classifier.findings import Finding, FindingState, Kind, rules
from classifier.harmless import visible
from classifier.report import passages
from classifier.report.cells import csv_text
from classifier.report.model import Analysis

PLACES: Final = 3
"""Places named on one line."""

GROUPS_ZH: Final = {"delivery": "风险 · 实施", "starting_point": "风险 · 出发点"}
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|~#])")


@dataclass(frozen=True, slots=True)
class Line:
    """One rule.

    Attributes:
        sentences: how many answer it.
        places: the first of them in words, strongest first.
    """

    id: str
    zh: str
    en: str
    kind: Kind
    group: str
    state: FindingState
    sentences: int
    places: tuple[str, ...]

    @property
    def kind_zh(self) -> str:
        return GROUPS_ZH.get(self.group, self.kind.zh)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Persons on whom several alarms meet, and what to ask for."""

    persons: str
    alarms: tuple[str, ...]
    note: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """Alarms, safeguards and risks, found or not, in the order of their strength."""

    document: str
    member: str
    sha256: str
    verdict_zh: str
    lines: tuple[Line, ...]
    meetings: tuple[Meeting, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values; the names are those of the attributes."""
        return asdict(self)

    def to_markdown(self) -> str:
        """A table to tick off, with room for remarks."""
        name = f"{self.document} / {self.member}" if self.member else self.document
        return "\n".join(
            [
                f"# 核对清单：{_plain(name)}",
                "",
                f"总体倾向：{self.verdict_zh}。模型自动生成，请逐项对照原文核对。",
                "",
                "| 核对 | 种类 | 项目 | 结果 | 句数 | 位置 | 备注 |",
                "|---|---|---|---|--:|---|---|",
                *(
                    f"| ☐ | {line.kind_zh} | {line.zh} | {line.state.zh} | {line.sentences} "
                    f"| {_plain(_listed(line.places, line.sentences))} |  |"
                    for line in self.lines
                ),
                *self._meetings(),
                "",
            ]
        )

    def _meetings(self) -> Iterator[str]:
        if self.meetings:
            yield from ("", "## 同一人群上的多项管控", "")
        for meeting in self.meetings:
            yield f"- ☐ {_plain(meeting.note)}（{_plain('；'.join(meeting.places))}）"

    def to_csv(self) -> str:
        """One row for each rule; begins with a byte order mark so that Excel reads UTF-8."""
        buffer = io.StringIO()
        buffer.write("\ufeff")
        writer = csv.writer(buffer)
        writer.writerow(("id", "种类", "项目", "item", "结果", "state", "句数", "位置", "文件"))
        for line in self.lines:
            places = csv_text(_listed(line.places, line.sentences))
            state = (line.state.zh, line.state.value)
            about = (line.id, line.kind_zh, line.zh, line.en)
            writer.writerow((*about, *state, line.sentences, places, csv_text(self.document)))
        return buffer.getvalue()


def checklist(report: Analysis) -> Checklist:
    findings, document = report.findings, report.document
    alarms = {finding.rule.id: finding for finding in findings.alarms}
    all_alarms = (
        alarms.get(rule.id, Finding(rule, (), FindingState.NOT_FOUND)) for rule in rules(Kind.ALARM)
    )
    names = {rule.id: rule.zh for rule in rules(Kind.ALARM)}
    return Checklist(
        document=document.name,
        member=document.member,
        sha256=document.sha256,
        verdict_zh=report.orientation.verdict.zh,
        lines=tuple(
            Line(
                id=finding.rule.id,
                zh=finding.rule.zh,
                en=finding.rule.en,
                kind=finding.rule.kind,
                group=finding.rule.group,
                state=finding.state,
                sentences=len(finding.evidence),
                places=_places(report, finding.evidence[:PLACES]),
            )
            for finding in (*all_alarms, *findings.safeguards, *findings.risks)
        ),
        meetings=tuple(
            Meeting(
                persons=one.persons,
                alarms=tuple(names[id_] for id_ in one.alarms),
                note=one.note,
                places=_places(report, one.evidence),
            )
            for one in findings.proportionality
        ),
    )


def _places(report: Analysis, evidence: tuple[int, ...]) -> tuple[str, ...]:
    sizes = report.document.page_sizes
    return tuple(dict.fromkeys(passages.where(report.sentences[i], sizes) for i in evidence))


def _listed(places: tuple[str, ...], sentences: int) -> str:
    return "；".join(places) + (" 等" if sentences > PLACES else "")


def _plain(text: str) -> str:
    """Text of a document as Markdown shows it: one line, nothing of it acts."""
    return _MARKDOWN.sub(r"\\\1", visible(" ".join(text.split())))
