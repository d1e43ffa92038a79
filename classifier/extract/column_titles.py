"""Give every cell of a table its title: that of its column, or in a form the label beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from classifier.document import Block

MAX_TITLE_CHARS = 30
"""A first row with a longer cell holds content, not column titles."""

TITLE_WORDS = re.compile(
    r"序号|编号|号$|[名职简]称|内容|要求|说明|备注|数量|单位|描述|类型|类别|标准|分值|得分|分数|权重|指标|参数"
    r"|条款|规格|型号|品牌|金额|单价|总价|合计|限价|日期|时间|负责人|职务|联系|地[点址]|字段|含义|功能|项目"
    r"|模块|角色|步骤|结果|级别|等级|优先级|状态|版本|作者|姓名|岗位|人数|方[式法案]|依据|情况|因素|评审|响应"
    r"|偏离|页码|用例|输入|输出|操作|对比|现状|长度|默认|主键|约束|场景|目标|价值|影响|措施|风险|来源|用途|维度"
    r"|评分|类别|阶段|比例|清单|条件"
    r"|name|type|no\.?$|^id$|description|value|key|field",
    re.IGNORECASE,
)

Rows = dict[int, dict[int, str]]
"""Text by row and column, both from 1; empty cells are missing."""


def with_headers(
    blocks: Iterable[Block],
    table: int,
    header_rows: int = 0,
    widths: Mapping[int, int] | None = None,
) -> list[Block]:
    """Set ``cell.header`` on the blocks of one table.

    ``header_rows`` is what the file says; 0 takes the first row that has more than one cell
    if it reads like column titles. ``widths`` counts the cells of each row, empty ones as well.
    Without column titles the table is a form, and a cell is titled by the label on its left.
    Header cells get no title; blocks of other (nested) tables pass through.
    """
    blocks = list(blocks)
    rows: Rows = {}
    for block in blocks:
        if block.cell and block.cell.table == table:
            row = rows.setdefault(block.cell.row, {})
            row[block.cell.column] = row.get(block.cell.column, "") + block.text.strip()
    last = header_rows or _header_row(rows, widths or {})
    first = 1 if header_rows else last
    columns = _column_titles(rows, first, last) if last else {}

    def titled(block: Block) -> Block:
        cell = block.cell
        if not cell or cell.table != table or cell.row <= last:
            return block
        title = columns.get(cell.column, "") if last else _label(rows, cell.row, cell.column)
        return replace(block, cell=replace(cell, header=title))

    return [titled(block) for block in blocks]


def _header_row(rows: Rows, widths: Mapping[int, int]) -> int:
    """Number of the row with the column titles, 0 if there is none."""
    for number in sorted(rows):
        row = rows[number]
        width = widths.get(number, len(row))
        if width == 1 and number < max(rows):
            continue
        named = sum(TITLE_WORDS.search(text) is not None for text in row.values())
        is_full = len(row) == width > 1 and number < max(rows)
        # In a form of two columns the label alone reads like a title.
        is_named = named > width / 2
        is_title = is_full and is_named and all(reads_like_title(text) for text in row.values())
        return number if is_title else 0
    return 0


def reads_like_title(text: str) -> bool:
    """Short, mostly letters, and no end of a sentence."""
    letters = sum(char.isalpha() for char in text)
    is_short = len(text) <= MAX_TITLE_CHARS and not text.endswith(("。", "；", ";", "：", ":"))
    return is_short and letters * 2 >= len(text)


def _column_titles(rows: Rows, first: int, last: int) -> dict[int, str]:
    titles: dict[int, str] = {}
    for column in {column for row in rows.values() for column in row}:
        parts: list[str] = []
        for number in range(first, last + 1):
            # A cell that spans several columns stands at the leftmost of them.
            row = rows.get(number, {})
            left = max((at for at in row if at <= column), default=None)
            title = row[left][:MAX_TITLE_CHARS] if left is not None else ""
            if title and title not in parts:
                parts.append(title)
        titles[column] = " ".join(parts)
    return titles


def _label(rows: Rows, row: int, column: int) -> str:
    """Nearest text to the left, for a merged label also in the rows above."""
    for number in range(row, 0, -1):
        cells = rows.get(number, {})
        left = max((at for at in cells if at < column), default=None)
        if left is not None:
            label = cells[left].rstrip("：: ")
            return label if 0 < len(label) <= MAX_TITLE_CHARS and reads_like_title(label) else ""
        if column == min(cells, default=column) and number < row:
            return ""
    return ""
