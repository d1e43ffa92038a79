"""DOCX: headings and numbers, which stand in styles and lists and not in the text."""

from __future__ import annotations

import pytest
from word_files import STYLES, level, numbered, numbering, p, read

from classifier.document import BlockKind
from classifier.extract.office.numbering import format_number


def test_headings_by_style_chain_outline_level_and_number():
    body = (
        p("继承的标题", '<w:pStyle w:val="own"/>')
        + p("大纲", '<w:outlineLvl w:val="0"/>')
        + p("第三章 评标办法")
        + p("一段普通的话", '<w:pStyle w:val="loop"/>')
        + p("这一段虽然用了标题样式，却是一句写完的话。", '<w:pStyle w:val="own"/>')
    )
    found = [(block.kind, block.level) for block in read(body, styles=STYLES).blocks]
    heading, paragraph = BlockKind.HEADING, BlockKind.PARAGRAPH
    assert found == [(heading, 2), (heading, 1), (heading, 1), (paragraph, 0), (paragraph, 0)]


def test_numbered_heading_goes_below_the_styled_one():
    styled = p("功能需求", '<w:outlineLvl w:val="1"/>')
    body = styled + p("1.1 登录") + p("文字。") + p("1.1.1 找回") + p("第二章 附则") + p("1.2 其他")
    assert [block.level for block in read(body).blocks] == [2, 3, 0, 4, 1, 2]


def test_bold_numbered_line_is_a_heading_and_a_plain_one_an_item():
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>1、付款方式</w:t></w:r></w:p>"
    kinds = [block.kind for block in read(bold + p("1、登录系统")).blocks]
    assert kinds == [BlockKind.HEADING, BlockKind.LIST_ITEM]


def test_style_linked_numbering_with_two_levels():
    levels = level(0, "chineseCountingThousand", "第%1章") + level(
        1, "decimal", "%1.%2", "<w:isLgl/>"
    )
    body = (
        numbered("总则")
        + p("范围", '<w:pStyle w:val="own"/>')
        + p("目标", '<w:pStyle w:val="h2"/>')
    )
    document = read(body + numbered("附则"), styles=STYLES, numbering=numbering(levels))
    assert [block.label for block in document.blocks] == ["第一章", "1.1", "1.2", "第二章"]
    assert document.text.startswith("总则")


def test_start_override_restarts_and_plain_num_goes_on():
    nums = (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    )
    body = "".join(numbered("项", 0, num) for num in (1, 1, 2, 3, 3)) + numbered("无", 0, 0)
    document = read(body, numbering=numbering(level(0, "decimal", "%1、"), nums))
    assert [block.label for block in document.blocks] == ["1、", "2、", "3、", "5、", "6、", ""]


@pytest.mark.parametrize(
    ("format", "value", "expected"),
    [
        ("chineseCounting", 10, "十"),
        ("chineseCounting", 23, "二十三"),
        ("chineseCountingThousand", 105, "一百零五"),
        ("chineseLegalSimplified", 12, "壹拾贰"),
        ("ideographTraditional", 3, "丙"),
        ("decimalEnclosedCircle", 12, "⑫"),
        ("decimalEnclosedCircleChinese", 21, "㉑"),
        ("lowerLetter", 28, "bb"),
        ("upperRoman", 1994, "MCMXCIV"),
        ("decimalZero", 7, "07"),
        ("none", 7, ""),
        ("a format of the year 2090", 7, "7"),
    ],
)
def test_number_formats(format: str, value: int, expected: str):
    assert format_number(value, format) == expected
