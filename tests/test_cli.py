"""The command line as a user meets it: output, files, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from classifier.resources import folder

SAMPLES = folder("data") / "samples"


def run(
    *arguments: str | Path, cwd: Path, stdin: bytes | None = None
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", "import cli; cli.main()", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        env=environment(),
    )


def environment() -> dict[str, str]:
    import os

    import cli

    return {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent), "COLUMNS": "120"}


def test_scan_prints_a_summary_and_writes_the_report(tmp_path: Path) -> None:
    done = run("scan", SAMPLES / "civil-service-supervision.pdf", cwd=tmp_path)
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert "管控" in text
    assert "生物特征考勤" in text
    assert "第" in text
    page = (tmp_path / "civil-service-supervision.report.html").read_text(encoding="utf-8")
    assert "人脸" in page


def test_json_goes_to_standard_output_alone(tmp_path: Path) -> None:
    done = run(
        "scan", "--json", "--model", "lexical", SAMPLES / "hospital-self-service.md", cwd=tmp_path
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["schema_version"] == "1.0"
    assert list(tmp_path.iterdir()) == []


def test_standard_input(tmp_path: Path) -> None:
    text = "员工每日须刷脸打卡，迟到扣款。".encode()
    done = run("scan", "--json", "--model", "lexical", "-", cwd=tmp_path, stdin=text)
    assert json.loads(done.stdout)["sentences"][0]["text"] == "员工每日须刷脸打卡，迟到扣款。"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.pdf", b"", "empty"),
        ("cut.pdf", (SAMPLES / "office-furniture-goods.pdf").read_bytes()[:3000], "damaged"),
        (
            "english.txt",
            b"The quick brown fox jumps over the lazy dog near the river bank.",
            "not_chinese",
        ),
        ("picture.docx", b"\x89PNG\r\n\x1a\n" + bytes(200), "unsupported"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_3(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(data)
    done = run("scan", "--model", "lexical", name, cwd=tmp_path)
    said = done.stderr.decode()
    assert done.returncode == 3
    assert said.splitlines()[0].startswith(f"{name}: {reason} — ")
    assert "Traceback" not in said
    assert done.stdout == b""


def test_too_large_is_said_before_reading(tmp_path: Path) -> None:
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(200 << 20)
    done = run("scan", "--model", "lexical", "big.txt", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.decode().startswith("big.txt: too_large — ")


def test_wrong_extension_is_read_by_content(tmp_path: Path) -> None:
    (tmp_path / "really-html.pdf").write_bytes((SAMPLES / "community-elder-care.html").read_bytes())
    done = run("scan", "--json", "--model", "lexical", "really-html.pdf", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["document"]["format"] == "html"


def test_folder_gives_a_table_and_a_report_for_each(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.txt").write_text("支持在线预约，已有信息自动带入。", encoding="utf-8")
    (source / "b.txt").write_text("员工须每日打卡。", encoding="utf-8")
    (source / "c.pdf").write_bytes(b"")
    done = run("scan", "--model", "lexical", source, "-o", "out", cwd=tmp_path)
    assert done.returncode == 4
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "00001-a.report.html",
        "00002-b.report.html",
    ]
    assert "empty" in done.stdout.decode()


def test_missing_file_and_unknown_model(tmp_path: Path) -> None:
    assert run("scan", "nothing.pdf", cwd=tmp_path).returncode == 2
    (tmp_path / "a.txt").write_text("系统支持打卡。", encoding="utf-8")
    done = run("scan", "--model", "nothing", "a.txt", cwd=tmp_path)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr.decode()


def test_doctor_finds_everything_working(tmp_path: Path) -> None:
    done = run("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout.decode()
    assert "standard" in done.stdout.decode()


def test_scan_works_without_any_network(tmp_path: Path) -> None:
    """Sockets are denied to the command and to the child that reads the file."""
    block = tmp_path / "block"
    block.mkdir()
    (block / "sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(*a, **k):\n    raise RuntimeError('network used')\n"
        "socket.socket.connect = socket.socket.connect_ex = refuse\n"
        "socket.getaddrinfo = refuse\n"
    )
    variables = environment()
    variables["PYTHONPATH"] = f"{block}:{variables['PYTHONPATH']}"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import cli; cli.main()",
            "scan",
            str(SAMPLES / "delivery-riders-srs.txt"),
        ],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
