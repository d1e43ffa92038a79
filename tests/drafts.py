"""Drafts of a tender for the tests of the comparison."""

from __future__ import annotations

from sample_report import make_report

from classifier import Comparison, Report, compare
from classifier.document import Block, BlockKind

BASE = """
# 第一章 项目概况
本项目为临江区政务服务平台的升级改造。
平台面向全区四十二个部门统一部署。
# 第二章 功能需求
## 2.1 办事服务
系统自动带入已有信息，群众无需重复填写。 | A1
办理进度可以在线查询，并以短信提醒申请人。 | A3
窗口人员每日须通过人脸识别打卡。 | C1 C2
## 2.2 统计分析
各部门可以按月查看本部门的办件数量。
# 第三章 培训
供应商应提供三次现场培训，并编写操作手册。 | A8
上线后驻场支持三个月，随时解答使用问题。 | A8
# 第四章 商务要求
投标保证金为五万元，于开标前一日到账。
合同签订后六十日内完成安装与调试。
""".lstrip()


def draft(source: str, name: str = "草稿.docx", **rest) -> Report:
    blocks, labels = [], []
    for line in source.strip().splitlines():
        text, _, given_labels = line.partition(" | ")
        title = text.lstrip("#")
        level = len(text) - len(title)
        kind = BlockKind.HEADING if level else BlockKind.PARAGRAPH
        blocks.append(Block(title.strip(), kind, level))
        labels.append(given_labels)
    return make_report(blocks, labels, name, **rest)


def edited(*replacements: tuple[str, str]) -> Comparison:
    source = BASE
    for old, new in replacements:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return compare(draft(BASE), draft(source))


def counts(comparison: Comparison) -> dict[str, int]:
    kinds = comparison.counts()
    return {name: kinds[name] for name in ("reworded", "added", "removed", "moved", "renumbered")}


NOTHING = {"reworded": 0, "added": 0, "removed": 0, "moved": 0, "renumbered": 0}


def assert_covers(comparison: Comparison) -> None:
    """Every sentence of both drafts stands in exactly one change, the new ones in their order."""
    old = [c.old.sentence.index for c in comparison.changes if c.old]
    new = [c.new.sentence.index for c in comparison.changes if c.new]
    assert sorted(old) == list(range(len(comparison.old.sentences)))
    assert new == list(range(len(comparison.new.sentences)))
