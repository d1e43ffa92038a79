"""``tenderlens report``: overview and tables of a store, and what it refuses to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

import cli
from classifier.archive.groups import near_duplicates
from classifier.archive.near_duplicates import signature
from classifier.archive.store import Store

RUNNER = CliRunner()
OWN = ("员工须每日刷脸打卡，迟到扣发绩效{n}元。", "用户可在线查询第{n}号事项的办理进度，并可申诉。")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    (folder / "档案" / "2024年").mkdir(parents=True)
    for number in range(4):
        own = OWN[number % 2].format(n=number)
        text = f"第{number}号项目采购需求\n投标文件须加盖公章。\n{own}\n"
        (folder / "档案" / f"{number}.txt").write_text(text * 3, encoding="utf-8")
    copy = (folder / "档案" / "0.txt").read_bytes()
    (folder / "档案" / "2024年" / "副本.txt").write_bytes(copy)
    (folder / "档案" / "坏.pdf").write_bytes(b"%PDF-1.7 cut short")
    command = ["scan", str(folder / "档案"), "--store", str(folder / "库"), "--model", "lexical"]
    done = RUNNER.invoke(cli.app, command)
    assert done.exit_code == 4, done.output
    return folder / "库"


def test_overview_and_all_tables_are_written(store: Path, tmp_path: Path) -> None:
    kinds = ("csv", "xlsx", "parquet", "jsonl")
    options = [part for kind in kinds for part in (f"--{kind}", str(tmp_path / f"表.{kind}"))]
    done = RUNNER.invoke(cli.app, ["report", str(store), *options])
    assert done.exit_code == 0, done.output
    page = (store / "overview.html").read_text(encoding="utf-8")
    with Store.open(store) as opened:
        rows = list(opened.rows())
    assert f"{len(rows)} 个文件" in page
    lines = (tmp_path / "表.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["path"] for line in lines] == [row.path for row in rows]
    for kind in ("csv", "parquet"):
        count = duckdb.sql(f"select count(*) from '{tmp_path / f'表.{kind}'}'").fetchall()
        assert count == [(len(rows),)]
    book = openpyxl.load_workbook(tmp_path / "表.xlsx")
    assert book["文件"].max_row == len(rows) + 1


def test_links_of_overview_and_tables_lead_to_reports(store: Path, tmp_path: Path) -> None:
    table, page = tmp_path / "表" / "a.jsonl", tmp_path / "页" / "a.html"
    command = ["report", str(store), "-o", str(page), "--jsonl", str(table)]
    assert RUNNER.invoke(cli.app, command).exit_code == 0
    links = [json.loads(line)["report"] for line in table.read_text("utf-8").splitlines()]
    found = [link for link in links if link]
    assert found and all((table.parent / unquote(link)).is_file() for link in found)
    shown = re.findall(r'<a href="([^"#][^"]*)"', page.read_text("utf-8").partition('id="rows"')[2])
    assert shown and all((page.parent / unquote(link)).is_file() for link in shown)


def test_copies_in_the_archive_are_one_group(store: Path) -> None:
    with Store.open(store) as opened:
        rows = list(opened.rows())
    groups = near_duplicates(rows)
    contents = [row.content for row in rows]
    for i, row in enumerate(rows):
        if row.score and contents.count(row.content) > 1:
            assert groups.number(i), row.label


def test_signatures_of_real_texts_tell_near_from_far(tmp_path: Path) -> None:
    from archive_rows import row

    base = "".join(
        f"第{i}条，系统应当支持第{i * 37 % 101}类业务的在线办理与查询。" for i in range(120)
    )
    near = base.replace("第7条", "第七条").replace("第9条", "第九条")
    far = "".join(f"供货商须在{i}日内交付第{i * 53 % 97}批办公桌椅并负责安装。" for i in range(120))
    rows = [row(f"{i}", signature=signature(text)) for i, text in enumerate((base, far, near))]
    assert [group.members for group in near_duplicates(rows).groups] == [(0, 2)]


def test_a_scan_leaves_the_overview_and_renews_it_when_something_changed(tmp_path: Path) -> None:
    (tmp_path / "档案").mkdir()
    (tmp_path / "档案" / "甲.txt").write_text(OWN[0].format(n=1) * 3, encoding="utf-8")
    command = ["scan", str(tmp_path / "档案"), "--store", str(tmp_path / "库"), "-m", "lexical"]
    page = tmp_path / "库" / "overview.html"
    done = RUNNER.invoke(cli.app, command)
    assert done.exit_code == 0 and "overview.html" in done.output
    assert "甲.txt" in page.read_text("utf-8")
    made = page.stat().st_mtime_ns
    assert RUNNER.invoke(cli.app, command).exit_code == 0
    assert page.stat().st_mtime_ns == made
    (tmp_path / "档案" / "乙.txt").write_text(OWN[1].format(n=2) * 3, encoding="utf-8")
    (tmp_path / "档案" / "甲.txt").unlink()
    assert RUNNER.invoke(cli.app, command).exit_code == 0
    assert "甲.txt" not in page.read_text("utf-8") and "乙.txt" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--csv", "表.xlsx"], "must end in .csv"),
        (["-o", "ledger.sqlite"], "must end in .html"),
        (["--parquet", "库/sentences/a.parquet"], "not into a folder of the store"),
    ],
)
def test_what_would_spoil_something_is_refused(
    options: list[str], says: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.parent)
    done = RUNNER.invoke(cli.app, ["report", "库", *options])
    assert done.exit_code == 2 and says in done.output
    assert not (store / "sentences" / "a.parquet").exists()


def test_a_folder_that_is_no_store_and_a_place_that_cannot_be_written(
    store: Path, tmp_path: Path
) -> None:
    done = RUNNER.invoke(cli.app, ["report", str(tmp_path)])
    assert done.exit_code == 1 and "ledger.sqlite" in done.output
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = RUNNER.invoke(cli.app, ["report", str(store), "-o", str(tmp_path / "file" / "a.html")])
    assert done.exit_code == 1 and "cannot write" in done.output
