"""Personal data is masked in every export, and nothing else is."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sample_report import make_report

import cli
from classifier.analyzer import Classifier
from classifier.document import Aside, AsideKind, Block, BlockKind, Box, Cell, Line
from classifier.errors import MarkingError, MarkingFault
from classifier.redact import Kind, find, mask, redact
from classifier.report import terminal
from classifier.report.report import Report


def kinds(text: str) -> list[tuple[str, str]]:
    return [(r.kind.value, text[r.start : r.end]) for r in find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("请拨打13912345678。", ["13912345678"]),
        ("手机：＋８６ １３９１２３４５６７８", ["＋８６ １３９１２３４５６７８"]),
        ("手机 139 1234 5678，或139-1234-5678", ["139 1234 5678", "139-1234-5678"]),
        ("传真：010-62345678", ["010-62345678"]),
        ("（0571）8765432、87654321", ["（0571）8765432、87654321"]),
        ("0755—82331226转801", ["0755—82331226转801"]),
        ("+86-21-62345678", ["+86-21-62345678"]),
        ("电 话：\n22861688", ["22861688"]),
        ("联系电话：02162345678", ["02162345678"]),
        ("发至zhang.san_1@mail.example.com.cn。", ["zhang.san_1@mail.example.com.cn"]),
        ("邮箱：ａ＠ｂ．ｃｎ", ["ａ＠ｂ．ｃｎ"]),
        # The example of GB 11643 itself.
        ("身份证号11010519491231002X", ["11010519491231002X"]),
        ("卡号 6228480402564890018", ["6228480402564890018"]),
        ("6228 4804 0256 4890 018", ["6228 4804 0256 4890 018"]),
    ],
)
def test_numbers_and_addresses_are_found(text: str, expected: list[str]) -> None:
    assert [found for _, found in kinds(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("联系人：王小明，电话见下。", ["王小明"]),
        ("联 系 人： 王 明", ["王 明"]),
        ("项目负责人：欧阳修远 法定代表人（签字）：李四", ["欧阳修远", "李四"]),
        ("经办人：李某林、赵钱孙和周吴。", ["李某林", "赵钱孙", "周吴"]),
        ("联系方式：王女士 010-62345678，孙先生", ["王女士", "孙先生"]),
        ("联系人\n王小明\n职务\n经理", ["王小明"]),
        ("联系人:王小明项目联系电话", ["王小明"]),
        ("联系人：王小明。请找王小明办理。", ["王小明", "王小明"]),
        ("联系人：李四。请找李四办理。", ["李四"]),
        ("联系人：阿依古丽·买买提", ["阿依古丽·买买提"]),
    ],
)
def test_names_are_found_after_cues(text: str, expected: list[str]) -> None:
    assert [found for kind, found in kinds(text) if kind == Kind.NAME] == expected


@pytest.mark.parametrize(
    "text",
    [
        "项目编号：13912345678",
        "招标编号 ZB-13912345678、13912345678-001、310113000240930133426-13157007",
        "统一社会信用代码：124419004572320124，91500102686228746X",
        "预算13800000000元，折合138.12345678亿元，单价13812345678.50",
        "工期自2024-05-10至2024年12月31日，20240510。",
        "部署在192.168.100.101:8080和10.10.13.12",
        "型号DS-2CD13912345678与GB/T 18582-2008、JG/T 0312-2010",
        "订单20240510123456789012，批号1391234567、139123456789",
        "身份证号110105194912310021，110105199913310026",
        "卡号6228480402564890017",
        "服务热线400-123-4567、95598、12345",
        "账号：31050161393600006212",
        "图标icon@2x.png，依赖lodash@4.17.21，@提及",
        "联系人：由采购人指定。项目负责人：应具有高级职称。",
        "法定代表人：\n委托代理人：\n联系人：\n项目名称",
        "姓名\n部门\n班级\n单位",
        "项目经理：负责全面管理工作",
        "联系人管理：新增、修改",
        "地址：某市某区某路12号302室，邮编310000",
    ],
)
def test_other_numbers_and_words_stay(text: str) -> None:
    assert redact(text) == text


def test_masks_say_what_they_cover_at_the_same_length() -> None:
    assert redact("电话13912345678，") == "电话［手机号******］，"
    assert redact("联系人：王小明") == "联系人：***"


PARTS = st.sampled_from(
    [
        *(
            "联系人：",
            "联 系 人",
            "姓名\n",
            "电话",
            "Tel",
            "编号：",
            "卡号",
            "手机号",
            "经办人（签字）：",
        ),
        *(
            "王小明",
            "李四",
            "李四光",
            "欧阳修远",
            "张",
            "先生",
            "项目",
            "、",
            "，",
            "；",
            "和",
            " ",
            "\n",
        ),
        *("13912345678", "+86", "86", "010-62345678", "(021)", "62345678", "转801", "/7260", "元"),
        *("11010519491231002X", "6228480402564890018", "a@b.cn", "@", ".cn", "x", "*", "［", "］"),
        *("-", "_", ".", ":", "(", ")", "１３９１２３４５６７８", "［手机号******］", "·"),
    ]
)
MADE = st.lists(PARTS | st.text(max_size=4) | st.from_regex(r"\A\d{1,19}\Z"), max_size=24).map(
    "".join
)


@settings(deadline=None)
@given(MADE, st.lists(st.sampled_from(["王小明", "李四光", "欧阳修远"])))
def test_redacting_twice_is_redacting_once(text: str, names: list[str]) -> None:
    once = redact(text, names)
    assert redact(once, names) == once


@settings(deadline=None)
@given(MADE)
def test_every_character_outside_the_spans_stays_in_its_place(text: str) -> None:
    found = find(text)
    masked = mask(text, found)
    assert len(masked) == len(text)
    at = 0
    for redaction in found:
        assert at <= redaction.start < redaction.end <= len(text)
        assert masked[at : redaction.start] == text[at : redaction.start]
        assert "\n" not in text[redaction.start : redaction.end]
        at = redaction.end
    assert masked[at:] == text[at:]


# Without digits, the at sign and the last characters of all cues there is nothing personal.
HARMLESS = st.characters(exclude_categories=("Nd", "Cs"), exclude_characters="@＠人式名理表")


@settings(deadline=None)
@given(st.text(HARMLESS | st.sampled_from("王李张联系电话：、，"), max_size=80))
def test_text_without_personal_data_is_unchanged(text: str) -> None:
    assert redact(text) == text


SECRETS = ("王小明", "李四", "13912345678", "62345678", "b.cn", "11010519491231002X")


def report_with_personal_data() -> Report:
    text = "联系人：王小明，电话13912345678。"
    printed = Line(0, len(text), 1, Box(70, 80, 300, 92), [70.0 + i for i in range(len(text) + 1)])
    blocks = [
        Block("联系人：王小明", BlockKind.HEADING, 1, label="13912345678", page=1),
        Block("员工须每日打卡，投诉请找王小明。", page=1),
        Block(text, page=1, lines=(printed,)),
        Block("李四", BlockKind.CELL, page=1, cell=Cell(1, 2, 1, "联系人")),
        Block("a@b.cn", BlockKind.CELL, page=1, cell=Cell(1, 2, 2, "010-62345678")),
    ]
    return make_report(
        blocks,
        ["", "C1", "", "", ""],
        name="王小明13912345678.pdf",
        member="附件/a@b.cn/13912345678.pdf",
        asides=(Aside(AsideKind.FOOTER, "电话：010-62345678", 1),),
        notes=("11010519491231002X 所在页未读出。",),
    )


def test_no_text_of_a_redacted_report_holds_personal_data(tmp_path: Path) -> None:
    report = report_with_personal_data()
    assert all(secret in repr(report) for secret in SECRETS)
    redacted = report.redacted()
    screen = Console(file=io.StringIO(), width=200)
    screen.print(terminal.summary(redacted))
    redacted.to_html(tmp_path / "a.html")
    redacted.to_xlsx(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    values = [str(v) for sheet in book for row in sheet.iter_rows(values_only=True) for v in row]
    exports = {
        # Every field there is, those of the future too.
        "repr": repr(redacted),
        "json": json.dumps(redacted.to_json(), ensure_ascii=False),
        "html": (tmp_path / "a.html").read_text(encoding="utf-8"),
        "frame": redacted.to_frame().to_csv(),
        "terminal": screen.file.getvalue(),
        "workbook": "\n".join([*values, str(book.properties.title)]),
    }
    for name, export in exports.items():
        assert "员工须每日打卡" in export, name
        assert not [secret for secret in SECRETS if secret in export], name


def test_offsets_places_and_scores_stay() -> None:
    report = report_with_personal_data()
    redacted = report.redacted()
    assert redacted.document.text == "\n".join(b.text for b in redacted.document.blocks)
    for before, after in zip(report.sentences, redacted.sentences, strict=True):
        s = after.sentence
        assert redacted.document.text[s.start : s.end] == s.text
        assert (s.start, s.end, s.place.boxes) == (
            before.sentence.start,
            before.sentence.end,
            before.sentence.place.boxes,
        )
        assert (after.probabilities, after.influence) == (before.probabilities, before.influence)
    assert redacted.orientation == report.orientation
    assert redacted.findings == report.findings


def test_a_redacted_report_says_so_and_stays_as_it_is() -> None:
    redacted = report_with_personal_data().redacted()
    assert "手机号 1 处" in redacted.document.notes[-1]
    assert redacted.redacted() is redacted


def test_no_marked_copy_is_made_of_a_redacted_report(tmp_path: Path) -> None:
    with pytest.raises(MarkingError) as refused:
        report_with_personal_data().redacted().to_marked_copy(b"%PDF-", tmp_path / "a.pdf")
    assert refused.value.fault is MarkingFault.REDACTED
    assert not list(tmp_path.iterdir())


TEXT = "员工须每日刷脸打卡，迟到扣款。\n联系人：王小明，电话13912345678。\n"


def scan(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.app(["scan", "--model", "lexical", "--redact", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_scan_masks_all_it_says_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("方案13912345678.txt").write_text(TEXT, encoding="utf-8")
    with zipfile.ZipFile("包13912345678.zip", "w") as archive:
        archive.writestr("a@b.cn.txt", TEXT)
        archive.writestr("13912345678.pdf", b"%PDF-1.4 cut")
    code = {
        name: scan(*arguments)
        for name, arguments in {
            "one": ("方案13912345678.txt",),
            "one as JSON": ("--json", "方案13912345678.txt"),
            "archive": ("包13912345678.zip", "-o", "reports"),
            "archive as JSON": ("--json", "包13912345678.zip"),
            "failed": ("--max-chars", "3", "方案13912345678.txt"),
            "folder": (".", "-o", "all"),
        }.items()
    }
    assert code == {
        "one": 0,
        "one as JSON": 0,
        "archive": 4,
        "archive as JSON": 4,
        "failed": 3,
        "folder": 4,
    }
    said = capsys.readouterr()
    written = list(tmp_path.rglob("*.html"))
    # Three reports, since the folder holds one document twice, and two overviews.
    assert len(written) == 5
    everything = [said.out, said.err]
    for page in written:
        everything += [page.name, page.read_text(encoding="utf-8")]
    assert sum("员工须每日刷脸打卡" in part for part in everything) == 4
    for store in (Path("reports"), Path("all")):
        with sqlite3.connect(store / "ledger.sqlite") as ledger:
            everything.append("\n".join(ledger.iterdump()))
        parts = list(store.rglob("*.parquet"))
        assert parts
        everything += [str(pq.read_table(one, partitioning=None).to_pylist()) for one in parts]
    assert not [part for part in everything if re.search("王小明|13912345678|a@b", part)]


def test_the_model_reads_the_text_as_it_was(tmp_path: Path) -> None:
    report = Classifier.load("lexical").analyze(TEXT.encode(), "a.txt")
    again = report.redacted()
    assert [s.probabilities for s in again.sentences] == [s.probabilities for s in report.sentences]
