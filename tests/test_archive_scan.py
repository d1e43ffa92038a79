"""``tenderlens scan`` over folders as a user meets it: stores, interrupts, errors, exit codes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from archive_files import make_zip
from store_files import ask, content_of, make_archive, predictor, scan, text
from test_cli import Said, Scan

import cli
from classifier.archive.live import Census, Lines, line
from classifier.archive.progress import Totals
from classifier.archive.store import Store
from classifier.errors import Reason


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Scan:
    """``tenderlens scan --model lexical`` in this process; a traceback fails the test."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Said:
        with pytest.raises(SystemExit) as ended:
            cli.app(["scan", "--model", "lexical", *map(str, arguments)])
        assert isinstance(ended.value.code, int)
        said = capsys.readouterr()
        return Said(ended.value.code, said.out, said.err)

    return call


def small_archive(folder: Path) -> Path:
    folder.mkdir()
    for number in range(3):
        (folder / f"需求{number}.txt").write_text(text(number), encoding="utf-8")
    return folder


def test_a_folder_has_a_store_and_the_second_run_does_nothing(
    tmp_path: Path, command: Scan
) -> None:
    small_archive(tmp_path / "in")
    said = command("in", "--store", "store")
    assert said.code == 0, said.err
    assert "需求0.txt" in said.out
    assert "ok 3" in said.out
    before = content_of(tmp_path / "store")
    said = command("in", "-o", "store")
    assert said.code == 0
    assert "unchanged 3" in said.out
    assert "0 个文档" in said.out
    assert content_of(tmp_path / "store") == before


def test_what_was_beyond_a_limit_is_read_when_the_limit_is_raised(
    tmp_path: Path, command: Scan
) -> None:
    inner = make_zip({f"需求{number}.txt": text(number).encode() for number in range(3)})
    (tmp_path / "采购.zip").write_bytes(make_zip({"附件.zip": inner, "b.txt": text(9).encode()}))

    def rows() -> dict[str, str]:
        with Store.open(tmp_path / "s") as store:
            return {row.member: row.reason for row in store.rows()}

    assert command("采购.zip", "--store", "s", "--max-members", "3").code == 4
    assert rows()["附件.zip/需求1.txt"] == Reason.OK
    assert rows()[""] == Reason.TOO_LARGE
    assert command("采购.zip", "--store", "s", "--max-unpacked", "0.0001").code == 3
    assert command("采购.zip", "--store", "s", "--max-depth", "1").code == 4
    assert rows() == {"附件.zip": Reason.TOO_LARGE, "b.txt": Reason.OK}
    assert command("采购.zip", "--store", "s").code == 0
    assert len(rows()) == 4 and {*rows().values()} == {Reason.OK}


def test_without_a_name_the_store_is_in_this_folder_and_not_scanned_itself(
    tmp_path: Path, command: Scan
) -> None:
    (tmp_path / "需求.txt").write_text(text(1), encoding="utf-8")
    for _ in range(2):
        assert command(".").code == 0
        with Store.open(tmp_path / "tenderlens-reports") as store:
            assert [row.path for row in store.rows()] == ["需求.txt"]


def test_no_reports_and_workbooks(tmp_path: Path, command: Scan) -> None:
    small_archive(tmp_path / "in")
    assert command("in", "--store", "a", "--no-reports").code == 0
    assert not (tmp_path / "a" / "reports").exists()
    assert command("in", "--store", "b", "--xlsx").code == 0
    names = [path.suffix for path in (tmp_path / "b" / "reports").iterdir()]
    assert sorted(names) == [".html"] * 3 + [".xlsx"] * 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("in", "--json", "--store", "s"), "--json"),
        (("in", "-o", "a", "--store", "b"), "--store"),
        (("in", "-o", "in"), "这是要扫描的文件夹本身"),
        (("nothing",), "no such file"),
        (("empty",), "no files to score"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_written(
    tmp_path: Path, command: Scan, arguments: tuple[str, ...], told: str
) -> None:
    small_archive(tmp_path / "in")
    (tmp_path / "empty").mkdir()
    before = sorted(tmp_path.rglob("*"))
    said = command(*arguments)
    assert said.code == 2
    assert told.replace("这是要", "要") in said.err
    assert sorted(tmp_path.rglob("*")) == before


def test_options_that_a_store_was_made_without_are_refused(tmp_path: Path, command: Scan) -> None:
    small_archive(tmp_path / "in")
    assert command("in", "--store", "s").code == 0
    for option in ("--no-text", "--redact"):
        said = command("in", "--store", "s", option)
        assert said.code == 1
        assert option in said.err
        assert "take another --store" in said.err


def test_a_store_in_use_a_later_one_and_a_damaged_one(tmp_path: Path, command: Scan) -> None:
    small_archive(tmp_path / "in")
    assert command("in", "--store", "s").code == 0
    before = content_of(tmp_path / "s")
    with Store.writing(tmp_path / "s"):
        said = command("in", "--store", "s")
    assert (said.code, "In use by another run" in said.err) == (1, True)
    ledger = tmp_path / "s" / "ledger.sqlite"
    ledger.write_bytes(b"no database at all" * 500)
    said = command("in", "--store", "s")
    assert said.code == 0
    assert "ledger.sqlite.damaged-" in said.err.replace("\n", "")
    assert content_of(tmp_path / "s") == before
    with sqlite3.connect(ledger) as db:
        db.execute("PRAGMA user_version = 7777")
    said = command("in", "--store", "s")
    assert (said.code, "7777" in said.err) == (1, True)


def test_a_full_disk_and_a_target_that_cannot_be_written(
    tmp_path: Path, command: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = small_archive(tmp_path / "in")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        said = command("in", "--store", "s")
    assert (said.code, "No space left" in said.err) == (1, True)
    assert ask(tmp_path / "s", "PRAGMA integrity_check") == [("ok",)]
    assert ask(tmp_path / "s", "SELECT state FROM run") == [("failed",)]
    assert command("in", "--store", "s").code == 0
    scan(archive, tmp_path / "whole")
    assert content_of(tmp_path / "s") == content_of(tmp_path / "whole")
    (tmp_path / "file").write_text("")
    for target in ("file", "file/below", "/proc/nothing"):
        said = command("in", "--store", target)
        assert (said.code, "cannot write" in said.err) == (1, True), target


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_is_finished_and_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    archive = make_archive(tmp_path / "in", texts=40)
    # Opened before the fork: each child begins with the run itself.
    assert predictor().model
    scan(archive, tmp_path / "whole")
    store = tmp_path / "store"
    child = multiprocessing.get_context("fork").Process(target=_scan_quietly, args=(archive, store))
    child.start()
    assert child.pid is not None
    until = time.monotonic() + 100
    while time.monotonic() < until and not _finished(store):
        time.sleep(0.02)
    os.kill(child.pid, number)
    child.join(60)
    assert child.exitcode == 130
    kept = ask(store, "SELECT count(*) FROM document")[0][0]
    assert 0 < kept < 53
    assert ask(store, "SELECT state FROM run") == [("stopped",)]
    scan(archive, store)
    assert content_of(store) == content_of(tmp_path / "whole")


def _scan_quietly(archive: Path, store: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    cli.app(["scan", "--model", "lexical", str(archive), "--store", str(store)])


def _finished(store: Path) -> int:
    try:
        return ask(store, "SELECT count(*) FROM document")[0][0]
    except sqlite3.OperationalError:
        return 0


def test_a_log_gets_a_line_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    census = Census([small_archive(tmp_path / "in")])
    lines = Lines(census)
    totals = Totals(documents=1, files=1, pages=4, sentences=90, started=time.monotonic() - 9)
    totals.reasons[Reason.OK] = 1
    lines.tell(totals, last=False)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(lines, "_told", time.monotonic() - 61)
    lines.tell(totals, last=False)
    said = capsys.readouterr().err
    assert "1 文档 · 4 页 · 10 句/秒 · ok 1" in said.replace("\n", "")
    census.join()
    assert census.files == 3
    assert "left 0:00:18" in line(totals, census.files)
