"""What a scan prints: sentences on lines that are filled, and file names that can be read."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from archive_rows import row, score
from rich.cells import cell_len
from rich.console import Console, RenderableType
from sample_report import sample_report

from classifier.archive.rows import Alarm
from classifier.archive.terminal import LEAST_WIDTH, listing
from classifier.errors import Reason
from classifier.orientation import Verdict
from classifier.report import terminal
from classifier.report.report import Report

NAME = "2024/临江市第一中学智慧校园二期建设项目公开招标文件（采购编号 LJ-2024-0117，更正后）.pdf"


def printed(what: RenderableType, width: int) -> list[str]:
    screen = Console(file=io.StringIO(), width=width)
    screen.print(what)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


def with_first_text(text: str) -> Report:
    """The sample with other words in the sentence that its strongest alarm quotes."""
    report = sample_report()
    at = report.findings.alarms[0].evidence[0]
    sentences = list(report.sentences)
    old = sentences[at].sentence
    place = replace(old.place, page=5)
    sentences[at] = replace(sentences[at], sentence=replace(old, text=text, place=place))
    return replace(report, sentences=tuple(sentences))


def test_1_a_line_does_not_end_behind_a_number() -> None:
    """``第5页 2.`` stood alone: rich breaks at a space before a word longer than the line."""
    long = "2.\n中心\t全体工作人员  上下班均须刷脸打卡，漏打一次按旷工半天处理，由人事科按月汇总后公示。"
    lines = printed(terminal.summary(with_first_text(long)), 50)
    first = next(line for line in lines if "第5页" in line)
    assert first.startswith("  第5页 2. 中心 全体工作人员 上下班")
    assert cell_len(first) >= 46
    assert all(cell_len(line) <= 50 for line in lines)


def test_2_a_document_cannot_steer_the_terminal() -> None:
    lines = printed(terminal.summary(with_first_text("刷脸\x1b[2J打卡\u202e")), 80)
    assert not any("\x1b" in line or "\u202e" in line for line in lines)


ALARMS = tuple(
    Alarm(name, name, 3, "句子", 1, 0)
    for name in ("生物特征考勤", "量化排名", "惩戒与追责", "督查监管")
)
ROWS = [
    row(NAME, score=score(-0.41, Verdict.RATHER_CONTROL), alarms=ALARMS),
    row("b.docx", score=score(0.5, Verdict.ASSISTIVE), alarms=()),
    row("坏.pdf", score=None, reason=Reason.DAMAGED, detail="no page tree"),
]


@pytest.mark.parametrize("width", [40, 80, LEAST_WIDTH - 1])
def test_3_narrow_or_no_terminal_two_lines_a_document(width: int) -> None:
    """A table of 80 columns left six characters of a name to a line."""
    lines = printed(listing(ROWS, width), width)
    assert NAME in "".join(lines), "folded, not cropped"
    assert cell_len(lines[0]) >= width - 12 or lines[0] == NAME
    assert all(cell_len(line) <= width for line in lines)
    shown = "".join(line.strip() for line in lines)
    for word in ("偏管控", "-0.41", "量化排名", "damaged", "no page tree"):
        assert word in shown
    assert "督查监管" not in shown, "the three strongest alarms"


def test_4_a_wide_terminal_has_a_table_with_room_for_names() -> None:
    lines = printed(listing(ROWS, LEAST_WIDTH), LEAST_WIDTH)
    assert all(cell_len(line) <= LEAST_WIDTH for line in lines)
    cells = [line.split("│")[1] for line in lines if line.startswith("│")]
    assert NAME.replace(" ", "") in "".join("".join(cells).split())
    assert len([cell for cell in cells if cell.strip()]) <= 6, "names have most room"
    assert any("-0.61 … -0.21" in line for line in lines)
