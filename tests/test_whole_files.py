"""Every file we write is there whole or not at all, whatever the disk says."""

from __future__ import annotations

import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sample_report import sample_report
from store_files import docx, scan
from typer.testing import CliRunner

from classifier.comparison.compare import compare
from classifier.report.report import Report
from classifier.whole_files import NotWritten, whole, write_text
from cli import app

TEXT = "第一章 要求\n员工须每日刷脸打卡，迟到扣发绩效。\n系统自动带入已有信息，无需重复填写。\n"
WRITERS: dict[str, Callable[[Report, Path], object]] = {
    "html": lambda report, path: report.to_html(path),
    "xlsx": lambda report, path: report.to_xlsx(path),
    "comparison": lambda report, path: compare(report, report).to_html(path),
}
OLDER = "older, and longer than nothing"


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 16 KiB, full but for an older file that says so."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk])
    except FileNotFoundError:
        pytest.skip("no mount here")
    if made.returncode:
        pytest.skip("no right to mount a file system")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", WRITERS)
def test_on_a_full_disk_the_older_file_stays(kind: str, report: Report, small_disk: Path) -> None:
    target = small_disk / "out"
    target.write_text(OLDER)
    with pytest.raises(NotWritten, match=r"磁盘已满.*No space left"):
        WRITERS[kind](report, target)
    assert target.read_text() == OLDER
    assert names(small_disk) == ["out"]


@pytest.mark.parametrize("kind", WRITERS)
def test_on_a_read_only_disk_nothing_changes(kind: str, report: Report, small_disk: Path) -> None:
    target = small_disk / "out"
    target.write_text(OLDER)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(NotWritten, match="只读"):
        WRITERS[kind](report, target)
    assert target.read_text() == OLDER


def test_scan_on_a_full_disk_says_so_in_one_line(small_disk: Path, tmp_path: Path) -> None:
    source = tmp_path / "需求.txt"
    source.write_text(TEXT, encoding="utf-8")
    arguments = ["scan", str(source), "-o", str(small_disk), "--model", "lexical"]
    result = CliRunner().invoke(app, [*arguments, "--xlsx", "--checklist"])
    assert result.exit_code == 1, result.output
    said = [line for line in result.stderr.splitlines() if "cannot write" in line]
    assert len(said) == 1 and "磁盘已满" in said[0] and "需求.report.html" in said[0]
    assert names(small_disk) == []


def test_mark_on_a_full_disk_keeps_the_older_copy(small_disk: Path, tmp_path: Path) -> None:
    source = tmp_path / "需求.docx"
    source.write_bytes(docx(1))
    copy = small_disk / "需求.marked.docx"
    copy.write_text(OLDER)
    (small_disk / "rest").write_bytes(b"x" * 8192)
    result = CliRunner().invoke(
        app, ["mark", str(source), "-o", str(small_disk), "--model", "lexical"]
    )
    assert result.exit_code == 1 and "磁盘已满" in result.stderr, result.output
    assert copy.read_text() == OLDER
    assert names(small_disk) == ["rest", "需求.marked.docx"]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "jsonl"])
def test_tables_on_a_full_disk_are_there_whole_or_not(
    kind: str, small_disk: Path, tmp_path: Path
) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "甲.txt").write_text(TEXT, encoding="utf-8")
    scan(tmp_path / "archive", tmp_path / "store")
    table = small_disk / f"all.{kind}"
    table.write_text(OLDER)
    (small_disk / "rest").write_bytes(b"x" * 12_000)
    result = CliRunner().invoke(app, ["report", str(tmp_path / "store"), f"--{kind}", str(table)])
    assert result.exit_code == 1 and "磁盘已满" in result.stderr, result.output
    assert table.read_text() == OLDER
    assert names(small_disk) == [f"all.{kind}", "rest"]


def test_a_limit_of_file_size_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "需求.txt"
    source.write_text(TEXT, encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    (out / "需求.report.html").write_text(OLDER)
    arguments = ["scan", str(source), "-o", str(out), "--model", "lexical"]
    ended = subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert ended.returncode == 1 and "文件大小超出系统限制" in ended.stderr, ended.stderr
    assert len([line for line in ended.stderr.splitlines() if line.strip()]) == 1
    assert names(out) == ["需求.report.html"]
    assert (out / "需求.report.html").read_text() == OLDER


def test_a_writer_that_fails_midway_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text(OLDER)

    def write() -> None:
        with whole(target) as part:
            part.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert target.read_text() == OLDER and names(tmp_path) == ["out"]


def test_links_permissions_and_long_names_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "真" / "a.html", tmp_path / "a.html"
    real.parent.mkdir()
    real.write_text(OLDER)
    real.chmod(0o640)
    link.symlink_to(real)
    write_text(link, "new\udcff")
    assert link.is_symlink() and real.read_text() == "new?"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    long = tmp_path / ("长" * 83 + ".html")
    write_text(long, "new")
    assert long.read_text() == "new"
    with pytest.raises(NotWritten, match="too long"):
        write_text(tmp_path / ("长" * 90), "new")
    assert names(tmp_path) == sorted(["a.html", "真", long.name])


def test_a_folder_or_a_device_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotWritten, match="directory"):
        write_text(tmp_path / "folder", "new")
    with pytest.raises(NotWritten, match="磁盘已满"):
        write_text(Path("/dev/full"), "new")
    assert Path("/dev/full").is_char_device()
    assert names(tmp_path) == ["folder"]
