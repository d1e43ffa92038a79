"""The report as an Excel workbook: 摘要, 清单, 发现, 句子, 类别."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from xlsxwriter import Workbook

from classifier.findings import Finding, FindingState, Kind, Rule, rules
from classifier.report import passages
from classifier.report.cells import MOST_ROWS, Column, Formats, Link, Look, Sheet, Value, safe_text
from classifier.report.checklist_export import GROUPS_ZH, checklist
from classifier.report.model import Analysis, LabelledSentence
from classifier.taxonomy import CATEGORIES, QUESTIONS, Orientation

SUMMARY, CHECKLIST, FINDINGS, SENTENCES, CATEGORY = "摘要", "清单", "发现", "句子", "类别"

_SENTENCE_COLUMNS: Final = (
    Column("序号", 7, Look.WHOLE),
    Column("页", 6, Look.WHOLE),
    Column("位置", 20),
    Column("章节", 28, Look.WRAPPED),
    Column("句子", 70, Look.WRAPPED),
    Column("取向", 8),
    Column("赋能概率", 10, Look.PERCENT),
    Column("管控概率", 10, Look.PERCENT),
    Column("类别", 12),
    Column("类别名称", 26, Look.WRAPPED),
    Column("待复核", 8),
    Column("计入得分", 9),
    Column("对得分的影响", 13, Look.DECIMAL),
)
_CHECKLIST_COLUMNS: Final = (
    Column("种类", 14),
    Column("项目", 24, Look.WRAPPED),
    Column("Item", 30, Look.WRAPPED),
    Column("结果", 10),
    Column("句数", 8, Look.WHOLE),
    Column("位置", 44, Look.WRAPPED),
    Column("为何重要", 50, Look.WRAPPED),
    Column("核对", 8),
    Column("备注", 30, Look.WRAPPED),
)
_FINDING_COLUMNS: Final = (
    Column("种类", 14),
    Column("发现", 22, Look.WRAPPED),
    Column("结果", 10),
    Column("见于", 8, Look.WHOLE),
    Column("序号", 7, Look.WHOLE),
    Column("页", 6, Look.WHOLE),
    Column("位置（点击到句子）", 22),
    Column("句子", 70, Look.WRAPPED),
    Column("类别", 12),
    Column("概率", 9, Look.PERCENT),
    Column("为何重要", 50, Look.WRAPPED),
)
_CATEGORY_COLUMNS: Final = (
    Column("代码", 7),
    Column("类别", 26),
    Column("取向", 8),
    Column("计入得分的句数", 15, Look.WHOLE),
    Column("占计入句数", 12, Look.PERCENT),
    Column("全部句数（含重复）", 18, Look.WHOLE),
    Column("涵盖", 60, Look.WRAPPED),
)
_SIDE_LOOKS: Final = {
    Orientation.ASSISTIVE: Look.ASSISTIVE,
    Orientation.CONTROL: Look.CONTROL,
    Orientation.MIXED: Look.MIXED,
    Orientation.NEUTRAL: Look.TEXT,
}


def workbook(report: Analysis, most_rows: int = MOST_ROWS) -> bytes:
    """An XLSX file; sentences beyond ``most_rows`` go on in further sheets of the same kind."""
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": safe_text(report.document.name), "author": "tenderlens"})
        formats = Formats(book)
        room = most_rows - 1
        sheets = -(-len(report.sentences) // room) or 1
        names = [SENTENCES, *(f"{SENTENCES} {n}" for n in range(2, sheets + 1))]
        _summary(Sheet(book.add_worksheet(SUMMARY), formats), report)
        _checklist(Sheet(book.add_worksheet(CHECKLIST), formats), report)
        _findings(Sheet(book.add_worksheet(FINDINGS), formats), report, names, room)
        for n, name in enumerate(names):
            part = report.sentences[n * room : (n + 1) * room]
            _sentences(Sheet(book.add_worksheet(name), formats), report, part)
        _categories(Sheet(book.add_worksheet(CATEGORY), formats), report)
    return buffer.getvalue()


def _summary(sheet: Sheet, report: Analysis) -> None:
    sheet.widths(24, 24, 60)
    sheet.add(["tenderlens 评估摘要"], [Look.TITLE])
    for name, value, look, remark in _facts(report):
        sheet.add([name, value, remark], [Look.HEADER, look, Look.WRAPPED])
    for note in report.document.notes:
        sheet.add(["说明", note], [Look.HEADER, Look.TEXT])


def _facts(report: Analysis) -> Iterator[tuple[str, Value, Look, str]]:
    """Name, value, its look, and what it means."""
    document, total = report.document, report.orientation
    text, whole, percent, decimal = Look.TEXT, Look.WHOLE, Look.PERCENT, Look.DECIMAL
    yield "文件", document.name, text, document.member
    yield "格式", document.format, text, ""
    yield "页数", len(document.pages) or None, whole, ""
    yield "读取结果", document.reason.value, text, document.reason.next_step
    yield "SHA-256", document.sha256, text, ""
    yield "模型", f"{report.model} {report.model_version}", text, ""
    yield "结论", total.verdict.zh, text, ""
    yield "取向得分", total.score, decimal, "从 −1（全部管控）到 +1（全部赋能）"
    low, high = total.interval.low, total.interval.high
    yield "得分 95 % 区间下限", low, decimal, ""
    yield "得分 95 % 区间上限", high, decimal, ""
    yield "影响到人的句子占比", total.salience, percent, "计入得分的句子中"
    yield "估计赋能句数", total.assistive, Look.DECIMAL, "经校准；兼有的两边各计一半"
    yield "估计管控句数", total.control, Look.DECIMAL, "经校准；兼有的两边各计一半"
    yield "计入得分的句数", total.sentences, whole, "重复的套话只计一次"
    yield "全部句数", len(report.sentences), whole, ""
    marked = Counter(sentence.orientation for sentence in report.sentences)
    for orientation in Orientation:
        yield f"标为{orientation.zh}的句数", marked[orientation], whole, ""
    yield "待复核句数", sum(s.review for s in report.sentences), whole, "模型没有把握，请人工判断"
    yield "警示", len(report.findings.alarms), whole, "见“发现”"
    found = sum(finding.found for finding in report.findings.safeguards)
    yield "已有保障", found, whole, f"共查 {len(report.findings.safeguards)} 项，见“清单”"
    risks = report.findings.risks
    present = sum(finding.state is FindingState.PRESENT for finding in risks)
    yield "失败风险", present, whole, f"共查 {len(risks)} 项，见“清单”"


def _findings(sheet: Sheet, report: Analysis, names: Sequence[str], room: int) -> None:
    """One row for each piece of evidence, one for what was not found."""
    sheet.head(_FINDING_COLUMNS)
    looks = [column.look for column in _FINDING_COLUMNS]

    def link_to(index: int) -> Link:
        where = passages.where(report.sentences[index], report.document.page_sizes)
        return Link(where, names[index // room], index % room + 2)

    found = report.findings
    for finding in (*found.alarms, *found.safeguards, *found.risks):
        rule, evidence = finding.rule, finding.evidence
        about: tuple[Value, ...] = (_kind(rule), rule.zh, finding.state.zh, len(evidence))
        if not evidence:
            blanks: list[Value] = [None] * 6
            sheet.add([*about, *blanks, rule.why], looks)
        for index in evidence:
            labelled = report.sentences[index]
            values = (*about, index + 1, labelled.sentence.place.page, link_to(index))
            codes, probability = _for_rule(finding, labelled)
            sheet.add([*values, labelled.text, codes, probability, rule.why], looks)
    for one in found.proportionality:
        for index in one.evidence:
            labelled = report.sentences[index]
            about = ("相称性", one.persons, f"{len(one.alarms)} 项警示", len(one.evidence))
            values = (*about, index + 1, labelled.sentence.place.page, link_to(index))
            codes = " ".join(labelled.categories)
            sheet.add([*values, labelled.text, codes, None, one.note], looks)
    sheet.filter(len(_FINDING_COLUMNS))


def _checklist(sheet: Sheet, report: Analysis) -> None:
    """One row for each rule, with room to tick it off."""
    sheet.head(_CHECKLIST_COLUMNS)
    looks = [column.look for column in _CHECKLIST_COLUMNS]
    why = {rule.id: rule.why for kind in Kind for rule in rules(kind)}
    for line in checklist(report).lines:
        places = "；".join(line.places)
        values = (line.kind_zh, line.zh, line.en, line.state.zh, line.sentences, places)
        sheet.add([*values, why[line.id], None, None], looks)
    sheet.filter(len(_CHECKLIST_COLUMNS))


def _kind(rule: Rule) -> str:
    return GROUPS_ZH.get(rule.group, rule.kind.zh)


def _for_rule(finding: Finding, labelled: LabelledSentence) -> tuple[str, float | None]:
    """The sentence's categories that the rule asks for, and the strongest one's probability."""
    codes = [code for code in labelled.categories if code in finding.rule.categories]
    return " ".join(codes), max((labelled.probability(code) for code in codes), default=None)


def _sentences(sheet: Sheet, report: Analysis, part: Sequence[LabelledSentence]) -> None:
    sheet.head(_SENTENCE_COLUMNS)
    looks = [column.look for column in _SENTENCE_COLUMNS]
    side = next(i for i, column in enumerate(_SENTENCE_COLUMNS) if column.title == "取向")
    for labelled in part:
        sentence = labelled.sentence
        looks[side] = _SIDE_LOOKS[labelled.orientation]
        sheet.add(
            [
                sentence.index + 1,
                sentence.place.page,
                passages.where(labelled, report.document.page_sizes),
                " › ".join(sentence.section),
                labelled.text,
                labelled.orientation.zh,
                *(labelled.probability(question.value) for question in QUESTIONS),
                " ".join(labelled.categories),
                "、".join(CATEGORIES[code].zh for code in labelled.categories),
                labelled.review,
                labelled.counted,
                labelled.influence,
            ],
            looks,
        )
    sheet.filter(len(_SENTENCE_COLUMNS))


def _categories(sheet: Sheet, report: Analysis) -> None:
    sheet.head(_CATEGORY_COLUMNS)
    counted = report.profile()
    every = Counter(code for sentence in report.sentences for code in sentence.categories)
    total = sum(sentence.counted for sentence in report.sentences)
    looks = [column.look for column in _CATEGORY_COLUMNS]
    for category in CATEGORIES.values():
        count = counted[category.code]
        share = count / total if total else None
        looks[2] = _SIDE_LOOKS[category.orientation]
        values = (category.code, category.zh, category.orientation.zh, count, share)
        sheet.add([*values, every[category.code], category.covers], looks)
    sheet.filter(len(_CATEGORY_COLUMNS))
