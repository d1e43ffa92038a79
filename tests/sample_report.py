"""A report made from hand-labelled sentences, through the real pipeline behind the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from classifier import findings, orientation
from classifier.calibration import Calibration, QuestionRows
from classifier.document import (
    Aside,
    AsideKind,
    Block,
    BlockKind,
    Box,
    Cell,
    Document,
    Line,
    Page,
)
from classifier.errors import Reason
from classifier.model import decide
from classifier.report.model import LabelledSentence, Section
from classifier.report.report import Report
from classifier.segment import segment
from classifier.taxonomy import CATEGORIES, LABELS

HEADING, PARAGRAPH, ITEM, CELL = (
    BlockKind.HEADING,
    BlockKind.PARAGRAPH,
    BlockKind.LIST_ITEM,
    BlockKind.CELL,
)

# One sentence a line: page and kind of block (h1, h2, p, i) or "+" for the same block, the
# sentence, and the categories it is given; "?" marks one the model doubts.
SOURCE = """
1 h1 | 第一章 项目概况
1 p | 本项目为临江区公务行为监管平台建设项目。
+ | 项目预算为320万元，工期为六个月。
1 p | 平台面向全区42个部门、约3,100名工作人员，统一部署在区政务云上。
2 h2 | 1.1 建设目标
2 p | 通过信息化手段强化对工作人员日常履职的监督，形成用数据管人的工作机制。 | C9
+ | 减少各部门重复填报，已有数据由系统自动带入。 | A1
2 p | 建设单位应在立项前访谈不少于20名一线用户代表，并将意见写入需求说明书。 | A6
3 h1 | 第二章 功能需求
3 h2 | 2.1 智能考勤
3 p | 工作人员每日上下班须通过人脸识别打卡，系统自动判定迟到、早退和缺勤。 | C1 C2
+ | 识别距离为0.5米至2米，识别时间不大于1秒。
3 i | 外出办事人员应通过手机上报位置，系统每五分钟记录一次轨迹； | C3
3 i | 因公外出可在手机上一键提交说明，由系统自动关联会议通知，无需另附材料； | A1 A2
3 i | 连续三次未按时打卡的，由系统自动通报所在部门并扣减当月绩效分。 | C7 C6
4 h2 | 2.2 工作计划
4 p | 工作人员须于每日下班前填报当日工作总结和次日工作计划，未填报的不得签退。 | C5 C8
+ | 领导可随时查看下属填报情况并督办。 | C9
4 p | 系统向本人推送当天的会议和待办提醒，支持设为不打扰。 | A3 A7
5 h2 | 2.3 网络行为
5 p | 自动采集办公终端的上网行为和网页浏览记录，保存期限不少于180天。 | C4
+ | 对访问与工作无关网站的行为实时告警并截屏取证。 | C4
5 p | 采集前应告知本人采集范围，涉及个人信息的应当脱敏并限期删除。 | A9 ?
6 h2 | 2.4 量化评价
6 p | 系统按出勤、计划完成率、网络行为三项自动计分，每周生成全区个人排名并在大厅公示。 | C6
+ | 排名连续两周末位的，由督查室约谈。 | C7 C6
6 p | 本人对得分有异议的，可在线提出申诉，五个工作日内答复。 | A6
6 p | 为每名工作人员建立一人一档，汇聚考勤、轨迹、奖惩和信访数据，自动生成行为画像和风险等级。 | C10
6 h2 | 2.5 督查督办
6 p | 督查室可随时抽查任何工作人员的在岗视频。 | C3 C9
+ | 抽查不在岗的，一次扣两分。 | C7
+ | 系统对领导交办事项亮红黄牌，超期自动问责。 | C7 C9
6 p | 各部门须逐日上传工作台账，缺报漏报计入年终考核。 | C5 C6
+ | 离开办公区域超过十分钟自动锁定账号。 | C8
7 h1 | 第三章 技术要求
7 p | 系统应采用B/S架构，支持国产操作系统和数据库。
+ | 系统可用性不低于99.9%，平均响应时间不超过3秒。
+ | 接口采用RESTful风格，提供完整的接口文档。
7 p | 界面简洁友好，常用功能三步以内完成，并支持大字版和读屏软件。 | A7
7 p | 平台应记录全部操作日志，供审计使用。 | ? C5
8 h1 | 第四章 实施与培训
8 p | 供应商应提供不少于三次现场培训，编写图文操作手册并录制教学视频。 | A8
+ | 上线后驻场支持三个月，提供7×24小时热线。 | A8
8 p | 自上线之日起，各部门一律停用原有渠道，未通过本平台提交的事项不予受理。 | C8
8 p | 投标文件应当密封递交。
+ | 逾期送达的投标文件恕不接受。
"""
KINDS = {"h1": HEADING, "h2": HEADING, "p": PARAGRAPH, "i": ITEM}

PAGE_WIDTH, PAGE_HEIGHT = 595.0, 842.0

# A line in a cell is a paragraph of its own; cells that are empty or merged away leave no block.
TABLE_PAGE = 4
TABLE: list[tuple[list[str], list[str]]] = [
    (["序号", "功能", "说明"], ["", "", ""]),
    (["1", "日志填报", "每天必须上传不少于两张工作照片，留痕备查。"], ["", "C5"]),
    (["2", "材料共享", "各部门可在线共同编辑材料，自动合并版本。"], ["", "A5 A1"]),
    (["二、面向群众的功能"], [""]),
    (
        [
            "3",
            "进度查询",
            "办事群众可以在线查询进度，同时系统记录查询人的位置。\n查询结果每日更新一次。",
        ],
        ["", "A3 C3", ""],
    ),
    (["4", "", "界面采用统一的配色。"], [""]),
]

HOSTILE = (
    '系统应<script>window.pwned=1</script>防护"onload="window.pwned=2" </script><!--与\'<b>&amp;'
)

ASIDES = (
    *(Aside(AsideKind.HEADER, "临江区公务行为监管平台 招标文件", page) for page in range(1, 9)),
    *(Aside(AsideKind.PAGE_NUMBER, f"— {page} —", page) for page in range(1, 9)),
    Aside(AsideKind.TABLE_OF_CONTENTS, "第一章 项目概况 …… 1", 1),
)


def make_calibration() -> Calibration:
    rows = QuestionRows(
        sentences=np.array([430.0, 332, 561, 308]),
        positives=np.array([30.0, 22, 41, 18]),
        mass=np.array([29.4, 23.1, 40.2, 18.8]),
        variance=np.array([20.1, 16.0, 28.4, 13.3]),
    )
    return Calibration(
        scorers=(),
        weights=np.zeros((0, len(LABELS))),
        bias=np.zeros(len(LABELS)),
        thresholds=np.full(len(LABELS), 0.5),
        review=((0.35, 0.65), (0.35, 0.65)),
        rows=(rows, rows),
    )


def make_probabilities(labels: str, random: np.random.Generator) -> np.ndarray:
    """A row of probabilities that says what the hand label says; the first code is the surest."""
    row = random.uniform(0.001, 0.03, len(LABELS))
    codes = labels.split()
    doubtful = "?" in codes
    for order, code in enumerate(code for code in codes if code != "?"):
        row[LABELS.index(code)] = random.uniform(0.85, 0.97) - 0.12 * order - 0.25 * doubtful
        side = CATEGORIES[code].orientation.value
        row[LABELS.index(side)] = 0.58 if doubtful else random.uniform(0.88, 0.99)
    return row


def source_blocks() -> Iterator[tuple[Block, list[str]]]:
    """The blocks of :data:`SOURCE`, each with the labels of its sentences."""
    entries: list[list[list[str]]] = []
    for line in SOURCE.strip().splitlines():
        fields = [*line.split(" | "), ""][:3]
        if fields[0] == "+":
            entries[-1].append(fields)
        else:
            entries.append([fields])
    for entry in entries:
        page, kind = entry[0][0].split()
        yield (
            Block(
                "".join(text for _, text, _ in entry),
                KINDS[kind],
                int(kind[1:] or 0),
                label="●" if kind == "i" else "",
                page=int(page),
            ),
            [given for _, _, given in entry],
        )


def sample_blocks() -> tuple[list[Block], list[str]]:
    """The sample's blocks, a table behind those of its page, and one label string per sentence."""
    blocks, labels = [], []
    for block, given in source_blocks():
        if block.page == TABLE_PAGE + 1 and blocks[-1].page == TABLE_PAGE:
            table, table_labels = table_blocks()
            blocks += table
            labels += table_labels
        blocks.append(block)
        labels += given
    return blocks, labels


def table_blocks() -> tuple[list[Block], list[str]]:
    blocks, labels = [], []
    header = TABLE[0][0]
    for row, (cells, given) in enumerate(TABLE, 1):
        for column, text in enumerate(cells, 1):
            title = header[column - 1] if row > 1 else ""
            cell = Cell(1, row, column, title)
            blocks += [Block(line, CELL, page=TABLE_PAGE, cell=cell) for line in text.split("\n")]
        labels += given
    return blocks, labels


def make_report(
    blocks: list[Block], labels: list[str], name: str = "公务行为监管平台招标文件.pdf", **rest
) -> Report:
    document = Document.from_blocks(name, "pdf", blocks, sha256="5f" * 32, **rest)
    sentences = segment(document)
    assert len(sentences) == len(labels), (len(sentences), len(labels))
    calibration = make_calibration()
    random = np.random.default_rng(7)
    probabilities = np.array([make_probabilities(label, random) for label in labels])
    probabilities = probabilities.reshape(len(labels), len(LABELS))
    predictions = decide(probabilities, calibration)
    texts = [s.text for s in sentences]
    counted = orientation.distinct(texts)
    clusters = [s.section for s in sentences]

    def score(mask: np.ndarray) -> orientation.OrientationScore:
        chosen = np.flatnonzero(mask)
        return orientation.score(
            probabilities[chosen], [clusters[i] for i in chosen], calibration, replicates=200
        )

    total = score(counted)
    influence = orientation.influence(probabilities, total) * counted
    members: dict[str, list[int]] = {}
    for i, path in enumerate(clusters):
        members.setdefault(path[0] if path else "", []).append(i)
    index = np.arange(len(labels))
    return Report(
        document=document,
        model="standard",
        model_version="0123456789ab",
        orientation=total,
        sentences=tuple(
            LabelledSentence(
                sentence,
                predictions.orientations[i],
                predictions.categories[i],
                tuple(map(float, probabilities[i])),
                predictions.review[i],
                bool(counted[i]),
                float(influence[i]),
            )
            for i, sentence in enumerate(sentences)
        ),
        sections=tuple(
            Section(title, own[0], len(own), score(np.isin(index, own) & counted))
            for title, own in members.items()
        ),
        findings=findings.find(texts, predictions.categories, probabilities, clusters),
    )


def with_lines(blocks: list[Block]) -> Iterator[Block]:
    """The blocks in printed lines, one below the other from the top of their page."""
    size = 40
    next_top: dict[int, float] = {}
    for block in blocks:
        assert block.page is not None
        lines = []
        for start in range(0, len(block.text), size):
            top = next_top.get(block.page, 72.0)
            end = min(start + size, len(block.text))
            lines.append(Line(start, end, block.page, Box(72.0, top, PAGE_WIDTH - 72, top + 12)))
            next_top[block.page] = top + 24
        yield replace(block, lines=tuple(lines))


def sample_report() -> Report:
    blocks, labels = sample_blocks()
    return make_report(
        list(with_lines(blocks)),
        labels,
        pages=(Page(PAGE_WIDTH, PAGE_HEIGHT),) * 9,
        asides=ASIDES,
        reason=Reason.OK_PARTIAL,
        notes=("第 9 页是扫描图片，没有可读文字。",),
    )


def hostile_report() -> Report:
    blocks = [
        Block("标题" + HOSTILE, BlockKind.HEADING, 1, label='<i id="x">', page=1),
        Block("正文" + HOSTILE, page=1),
        Block("单元格" + HOSTILE, BlockKind.CELL, page=1, cell=Cell(1, 1, 1, "列名" + HOSTILE)),
    ]
    return make_report(
        blocks,
        ["", "C3 C7 A9", "A1"],
        name="招标" + HOSTILE + "\udcff.pdf",
        asides=(Aside(AsideKind.HEADER, "页眉" + HOSTILE, 1),),
        notes=("说明" + HOSTILE,),
    )


def large_report(size: int = 12_000) -> Report:
    """A long tender: the sample's sentences over and over, each made distinct."""
    blocks: list[Block] = []
    labels: list[str] = []
    names = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
    pool = [entry for entry in source_blocks() if entry[0].kind is not HEADING]
    neutral = [entry for entry in pool if not any(entry[1])]
    random = np.random.default_rng(3)
    number = 0
    while len(labels) < size:
        page = number // 15 + 1
        if number % 60 == 0:
            blocks.append(Block(f"第{number // 60 + 1}章 分项要求", HEADING, 1, page=page))
            labels.append("")
        source = pool if random.random() < 0.2 else neutral
        block, given = source[number % len(source)]
        mark = names[number % 22] + names[number // 22 % 22] + names[number // 484 % 22]
        text = block.text.replace("，", f"（{mark}类），", 1)
        blocks.append(replace(block, text=text, page=page))
        labels += given
        number += 1
    return make_report(blocks, labels, pages=(Page(595.0, 842.0),) * (number // 15 + 1))
