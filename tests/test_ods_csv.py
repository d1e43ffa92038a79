"""ODS and CSV: tables like those of other spreadsheets."""

from __future__ import annotations

import pytest
from sheet_files import cell, cells, header, ods, reason, row, section

from classifier.errors import ExtractionError, Reason
from classifier.extract.router import read
from classifier.extract.sheet.reader import read_csv, read_ods
from classifier.limits import Limits


def test_ods_shows_its_text_with_repeats_merges_and_hidden_tables():
    body = (
        '<table:table table:name="清单">'
        '<table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:visibility="collapse"/>'
        + row(cell("模块"), cell("描述"), cell("内部备注"))
        + row(
            cell("打卡", 'table:number-rows-spanned="2"'), cell("支持<text:s/>打卡。"), cell("机密")
        )
        + row("<table:covered-table-cell/>", cell("支持补卡。"))
        + row("<table:table-cell/>", attributes='table:number-rows-repeated="1048000"')
        + row(cell("重复", 'table:number-columns-repeated="2"'))
        + '</table:table><table:table table:name="字典" table:style-name="t1">'
        + row(cell("下拉选项"))
        + "</table:table>"
    )
    styles = (
        '<style:style style:name="t1"><style:table-properties table:display="false"/></style:style>'
    )
    document = read(ods(body, styles), "a.ods", Limits())
    assert cells(document)[2, 2] == "支持 打卡。" and cells(document)[1_048_004, 2] == "重复"
    assert section(document, "支持补卡。") == ("清单", "打卡")
    assert "机密" not in document.text and "下拉" not in document.text
    assert len(document.asides) == 2


def test_ods_with_a_password_and_with_endless_repeats():
    locked = ods(row(cell("内容")), manifest="<m><encryption-data/></m>")
    assert reason(locked, "a.ods") is Reason.ENCRYPTED
    endless = row(
        cell("甲", 'table:number-columns-repeated="16384"'),
        attributes='table:number-rows-repeated="1048576"',
    )
    with pytest.raises(ExtractionError) as caught:
        read_ods(ods(f"<table:table>{endless}</table:table>"), "a", Limits(chars=10_000))
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_a_table(encoding: str):
    text = '序号,功能名称,功能描述\n1,打卡,"支持人脸识别,\n并可补传。"\n2,请假,支持在线申请假期。\n'
    document = read(text.encode(encoding), "需求.csv", Limits())
    assert document.format == "csv" and document.notes == ()
    assert cells(document)[2, 3] == "支持人脸识别,\n并可补传。"
    assert header(document, "支持在线申请假期。") == "功能描述"


def test_delimiters_and_open_quotes_of_csv():
    assert cells(read_csv("甲项;乙项\n一,二;三\n".encode(), "a.csv", Limits()))[2, 1] == "一,二"
    assert cells(read_csv("甲项\t乙项\n".encode(), "a.tsv", Limits()))[1, 2] == "乙项"
    text = '甲,"没有关上的引号\n' + "乙,很长的内容\n" * 20_000
    assert cells(read_csv(text.encode(), "a.csv", Limits()))[20_001, 2] == "很长的内容"
