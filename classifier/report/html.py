"""The report as one HTML page that needs no network and opens from disk.

How untrusted text is kept from acting is said in :mod:`classifier.report.page`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment

from classifier.errors import Reason
from classifier.orientation import MAX_WIDTH, MIN_ORIENTED, OrientationScore, Verdict
from classifier.report import checklist, passages
from classifier.report.explained import explained
from classifier.report.model import Analysis, LabelledSentence, Section
from classifier.report.page import SHORT, as_text, asset, environment, policy, script
from classifier.report.reading import LEAST_CONFIDENCE, is_doubtful, readings
from classifier.report.strip import strip
from classifier.taxonomy import CATEGORIES, LABELS, QUESTIONS, Orientation

EVIDENCE_SHOWN = 3
MOVERS_SHOWN = 5
NOTES_SHOWN = 4
SECTIONS_SHOWN = 12
_LEAST_ORIENTED = 0.5
# In this order they make one script; the last starts the page.
_SCRIPTS = ("reading.js", "filters.js", "explain.js", "details.js", "report.js")
# Category probabilities under this are noise to a reader.
_LEAST_PROBABILITY = 0.1

_MEANINGS = {
    Verdict.ASSISTIVE: "涉及人的功能以帮助为主。",
    Verdict.RATHER_ASSISTIVE: "涉及人的功能中，帮助多于管控。",
    Verdict.BALANCED: "帮助与管控大致相当，请看具体功能。",
    Verdict.RATHER_CONTROL: "涉及人的功能中，管控多于帮助。",
    Verdict.CONTROL: "涉及人的功能以监督、考核、限制为主。",
}


def render(report: Analysis) -> str:
    """The complete page. Any text is accepted; lone surrogates become question marks."""
    main, more, plain = _sections(report)
    style, code = asset("report.css"), script(_SCRIPTS)
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            document=report.document,
            total=report.orientation,
            style=style,
            script=code,
            policy=policy(style, code),
            sentence_of_meaning=_meaning(report.orientation),
            next_step=report.document.reason.next_step.split(" ")[0],
            is_partial=report.document.reason is not Reason.OK,
            marked=Counter(SHORT.get(s.orientation, "n") for s in report.sentences),
            review=sum(s.review for s in report.sentences),
            profile=_profile(report),
            sections=main,
            more_sections=more,
            plain_sections=plain,
            movers=_movers(report),
            strip=strip(report),
            groups=passages.groups(report),
            readings=readings(report.document.pages),
            least_confidence=LEAST_CONFIDENCE,
            misread=sum(is_doubtful(s.sentence.place) for s in report.sentences),
            asides=passages.set_aside(report.document.asides),
            data=_data(report),
            categories=CATEGORIES,
            evidence_shown=EVIDENCE_SHOWN,
            movers_shown=MOVERS_SHOWN,
            notes_shown=NOTES_SHOWN,
            checklist=checklist.checklist(report),
        )
    )
    return as_text(page)


@dataclass(frozen=True, slots=True)
class Bar:
    """One category of the profile; ``share`` is relative to the longest bar, in per cent."""

    code: str
    zh: str
    covers: str
    count: int
    share: float


def _profile(report: Analysis) -> dict[str, list[Bar]]:
    """Bars per side, most frequent first."""
    counts = report.profile()
    longest = max(1, *counts.values())
    sides: dict[str, list[Bar]] = {question.value: [] for question in QUESTIONS}
    for code, count in sorted(counts.items(), key=lambda item: -item[1]):
        category = CATEGORIES[code]
        sides[category.orientation.value].append(
            Bar(code, category.zh, category.covers, count, round(100 * count / longest, 1))
        )
    return sides


def _sections(report: Analysis) -> tuple[list[Section], list[Section], list[Section]]:
    """In document order: sections with most oriented sentences, the others, those with none."""

    def oriented(section: Section) -> float:
        return section.orientation.assistive + section.orientation.control

    ranked = sorted(report.sections, key=oriented, reverse=True)
    chosen = {section.first for section in ranked[:SECTIONS_SHOWN]}
    bearing = [s for s in report.sections if oriented(s) >= _LEAST_ORIENTED]
    return (
        [s for s in bearing if s.first in chosen],
        [s for s in bearing if s.first not in chosen],
        [s for s in report.sections if oriented(s) < _LEAST_ORIENTED],
    )


def _movers(report: Analysis) -> dict[str, list[LabelledSentence]]:
    """Marked sentences that move the score most to either side, strongest first.

    Near -1 or +1 all sentences of the rarer side move the score more than any of the other:
    one common list would show one side only.
    """
    marked = [
        s for s in report.movers(len(report.sentences)) if s.orientation is not Orientation.NEUTRAL
    ]
    return {
        SHORT[Orientation.CONTROL]: [s for s in marked if s.influence < 0][:MOVERS_SHOWN],
        SHORT[Orientation.ASSISTIVE]: [s for s in marked if s.influence > 0][:MOVERS_SHOWN],
    }


def _meaning(total: OrientationScore) -> str:
    """One plain sentence on what the figures say."""
    if total.verdict is Verdict.UNDECIDED:
        return f"{_why_undecided(total)}，因此不下结论；下面的发现和标注仍可参考。"
    return (
        f"计入的 {total.sentences} 句中约 {total.assistive + total.control:.0f} 句影响到人："
        f"约 {total.assistive:.0f} 句在帮助，约 {total.control:.0f} 句在管控。"
        + _MEANINGS[total.verdict]
    )


def _why_undecided(total: OrientationScore) -> str:
    if not total.sentences:
        return "文件中没有可以判断的句子"
    oriented = total.assistive + total.control
    if oriented < MIN_ORIENTED:
        return f"影响到人的句子太少（约 {oriented:.1f} 句，至少要 {MIN_ORIENTED:.0f} 句）"
    if total.interval.width > MAX_WIDTH:
        return f"得分的 95 % 区间太宽（宽 {total.interval.width:.2f}，至多 {MAX_WIDTH:.2f}）"
    return "得分的 95 % 区间跨过 0，帮助与管控孰多尚不能确定"


def _data(report: Analysis) -> dict[str, Any]:
    """What the detail panel shows, in short form; see ``report.js``."""
    sentences = report.sentences
    places = [s.sentence.place for s in sentences]
    sizes = report.document.page_sizes
    depths = [passages.depth_of(place, sizes) for place in places]
    return {
        "labels": [[c.code, c.zh, SHORT[c.orientation]] for c in CATEGORIES.values()],
        "pages": _runs([place.page for place in places]),
        "paragraphs": _runs([None if p.page is not None else p.block + 1 for p in places]),
        "depths": _runs([None if depth is None else round(100 * depth) for depth in depths]),
        "ends": {
            i: place.boxes[-1][0]
            for i, place in enumerate(places)
            if place.boxes and place.boxes[-1][0] != place.page
        },
        "sections": _runs([s.sentence.section for s in sentences]),
        "rows": [_row(s) for s in sentences],
        "cells": {
            i: [cell.table, cell.row, cell.column, cell.header]
            for i, place in enumerate(places)
            if (cell := place.cell) is not None
        },
        "repeated": [i for i, s in enumerate(sentences) if not s.counted],
        "findings": list(_told_of(report)),
        "model": report.model,
        "explained": explained(report),
    }


def _told_of(report: Analysis) -> Iterator[list[Any]]:
    """``[id on the page, kind, name, evidence]`` of every finding with evidence."""
    found = report.findings
    for finding in (*found.alarms, *found.safeguards, *found.risks):
        if finding.evidence:
            rule = finding.rule
            yield [checklist.anchor(finding), rule.kind.zh, rule.zh, list(finding.evidence)]
    for number, met in enumerate(found.proportionality, 1):
        yield [f"f-persons-{number}", "相称性", met.persons, list(met.evidence)]


def _row(labelled: LabelledSentence) -> list[Any]:
    """Percentages of the two questions; for a marked sentence its influence and categories too."""
    percent = [round(100 * p) for p in labelled.probabilities]
    row: list[Any] = percent[: len(QUESTIONS)]
    if labelled.orientation is not Orientation.NEUTRAL or labelled.review:
        likely = [
            (number, percent[len(QUESTIONS) + number])
            for number, p in enumerate(labelled.probabilities[len(QUESTIONS) :])
            if p > _LEAST_PROBABILITY or LABELS[len(QUESTIONS) + number] in labelled.categories
        ]
        likely.sort(key=lambda pair: -pair[1])
        row += [round(labelled.influence, 4), [x for pair in likely for x in pair]]
    return row


def _runs(values: list[Any]) -> list[list[Any]]:
    """Run-length form: ``[index, value]`` wherever the value changes."""
    return [[i, v] for i, v in enumerate(values) if i == 0 or v != values[i - 1]]


@cache
def _environment() -> Environment:
    made = environment()
    made.filters.update(
        anchor=checklist.anchor,
        sign=checklist.sign,
        look=checklist.look,
        by_concern=checklist.by_concern,
    )
    made.tests["heading"] = passages.is_heading
    made.tests["table"] = lambda item: isinstance(item, passages.Table)
    return made
