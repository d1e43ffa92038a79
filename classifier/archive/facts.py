"""What names and titles tell of a tender: folder, year, buyer.

Rules of thumb, for grouping in tables and trends only. Where nothing is plain, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from classifier.archive.rows import DocumentRow

_YEAR: Final = r"(?<!\d)(20[0-4]\d)"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
# From the plainest to the least plain way to write a year.
_YEARS: Final = (
    re.compile(rf"{_YEAR}(?:\s*[-—~～至]\s*20\d\d)?\s*年"),
    re.compile(rf"{_YEAR}[-_./]{_MONTH}(?!\d)|{_YEAR}{_MONTH}(?:[0-3]\d)?(?!\d)"),
    re.compile(rf"[〔\[(（【]{_YEAR}[〕\])）】]"),
    re.compile(rf"(?<![-\d]){_YEAR}-(?!20\d\d)"),
    re.compile(rf"(?:^|[/_-]){_YEAR}(?:$|[/_.-])"),
)

_ORGANISATION: Final = (
    "大学|学院|医院|卫生院|中学|小学|幼儿园|学校|公安局|公安分局|法院|检察院|人民政府|委员会|管委会"
    "|办公室|街道办事处|办事处|管理局|监督局|教育局|税务局|统计局|气象局|海关|财政厅|教育厅|局|厅"
    "|银行|集团|有限公司|公司|研究院|研究所|图书馆|博物馆|服务中心|管理中心|信息中心|数据中心"
)
# What may follow and still be part of the name.
_PART: Final = (
    "(?:第[一二三四五六七八九十]+)?附属(?:第[一二三四五六七八九十]+)?"
    "[\u4e00-\u9fff]{0,8}?(?:医院|中学|小学)|[\u4e00-\u9fff]{0,12}?(?:有限公司|有限责任公司)"
    "|图书馆|分局|支队|总队|分公司|分行|支行|信息中心|研究生院"
)
_BUYER: Final = re.compile(rf"([\u4e00-\u9fff（）()·]{{2,24}}?(?:{_ORGANISATION})(?:{_PART})?)")
_NAMED_BUYER: Final = re.compile(
    r"(?:采购人|采购单位|招标人|建设单位)[:：]\s*([\u4e00-\u9fff（）()·]{4,30})"
)
_NOT_NAME: Final = re.compile(
    r"^(?:关于|采购|招标|项目|本|某|各|该|智慧|数字|全国|互联网|电子|移动)"
)


def folder(row: DocumentRow) -> str:
    """The first folder of its path; empty for a file that lies in none."""
    parts = PurePath(row.path).parts
    return parts[0] if len(parts) > 1 and parts[0] != "/" else ""


def year(row: DocumentRow) -> int | None:
    """The year in title, member's path or path; None if there is no plain one."""
    for text in (row.title, row.member, row.path):
        for pattern in _YEARS:
            if found := pattern.search(text):
                return int(next(group for group in found.groups() if group))
    return None


def buyer(row: DocumentRow) -> str:
    """The organisation a title or file name begins with or names; empty if there is none."""
    for text in _names(row):
        if named := _NAMED_BUYER.search(text):
            return named[1]
        if (found := _BUYER.match(text)) and not _NOT_NAME.match(found[1]):
            return found[1]
    return ""


def _names(row: DocumentRow) -> Iterator[str]:
    yield row.title.strip()
    for path in (row.member, row.path):
        if path:
            yield PurePath(path).stem.strip()
