"""The command line as a user meets it: output, files, exit codes."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

import cli
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
    return {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent), "COLUMNS": "120"}


class Said(NamedTuple):
    code: int
    out: str
    err: str


Scan = Callable[..., Said]


@pytest.fixture
def scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Scan:
    """``tenderlens scan --model lexical`` in this process, which takes a tenth of the time.

    An exception that escapes, a traceback to the user, fails the test.
    """
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Said:
        with pytest.raises(SystemExit) as ended:
            cli.app(["scan", "--model", "lexical", *map(str, arguments)])
        assert isinstance(ended.value.code, int)
        said = capsys.readouterr()
        return Said(ended.value.code, said.out, said.err)

    return call


def test_scan_prints_a_summary_and_writes_the_report(tmp_path: Path) -> None:
    done = run("scan", SAMPLES / "civil-service-supervision.pdf", cwd=tmp_path)
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert "管控" in text
    assert "生物特征考勤" in text
    assert "第" in text
    page = (tmp_path / "civil-service-supervision.report.html").read_text(encoding="utf-8")
    assert "人脸" in page


def test_json_goes_to_standard_output_alone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    done = run(
        "scan", "--json", "--model", "lexical", SAMPLES / "hospital-self-service.md", cwd=tmp_path
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["schema_version"] == "1.2"
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
        ("picture.docx", b"GIF89a" + bytes(200), "unsupported"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_3(
    tmp_path: Path, scan: Scan, name: str, data: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(data)
    said = scan(name)
    assert said.code == 3
    assert said.err.splitlines()[0].startswith(f"{name}: {reason} — ")
    assert said.out == ""


def test_too_large_is_said_before_reading(tmp_path: Path, scan: Scan) -> None:
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(200 << 20)
    said = scan("big.txt")
    assert said.code == 3
    assert said.err.startswith("big.txt: too_large — ")


def test_wrong_extension_is_read_by_content(tmp_path: Path, scan: Scan) -> None:
    (tmp_path / "really-html.pdf").write_bytes((SAMPLES / "community-elder-care.html").read_bytes())
    said = scan("--json", "really-html.pdf")
    assert said.code == 0
    assert json.loads(said.out)["document"]["format"] == "html"


def test_password_protected_pdf(tmp_path: Path, scan: Scan) -> None:
    page = canvas.Canvas(
        str(tmp_path / "locked.pdf"), encrypt=StandardEncryption("secret", canPrint=0)
    )
    page.drawString(72, 700, "locked")
    page.save()
    said = scan("locked.pdf")
    assert said.code == 3
    assert said.err.startswith("locked.pdf: encrypted — ")


def test_report_goes_where_it_is_told(tmp_path: Path, scan: Scan) -> None:
    text = tmp_path / "需求.txt"
    text.write_text("员工须每日打卡。", encoding="utf-8")
    for output, expected in (
        ("新文件夹/子文件夹/", "新文件夹/子文件夹/需求.report.html"),
        ("另一处/页面.html", "另一处/页面.html"),
    ):
        assert scan(text, "-o", output).code == 0
        assert (tmp_path / expected).is_file()
    (tmp_path / "file").write_text("")
    said = scan(text, "-o", "file/x.html")
    assert said.code == 1
    assert "cannot write" in said.err


def test_long_and_odd_file_names(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / ("采购需求" * 20 + ".txt")).write_text("员工须每日打卡。", encoding="utf-8")
    (source / os.fsdecode("需求.txt".encode("gb18030"))).write_text(
        "支持在线预约。", encoding="utf-8"
    )
    done = run("scan", "-m", "lexical", source, "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert len(list((tmp_path / "out" / "reports").iterdir())) == 2
    assert run("scan", "-m", "lexical", "--json", source, cwd=tmp_path).returncode == 0


def test_our_own_reports_and_lock_files_are_not_scored(tmp_path: Path, scan: Scan) -> None:
    (tmp_path / "a.txt").write_text("员工须每日打卡。", encoding="utf-8")
    (tmp_path / "~$a.docx").write_bytes(b"lock")
    (tmp_path / "film.mp4").write_bytes(b"picture")
    for _ in range(2):
        said = scan("a.txt", "--json", ".")
        lines = [json.loads(line) for line in said.out.splitlines()]
        assert [line["path"] for line in lines] == ["a.txt"]
        assert "skipped" in said.err
        assert scan("a.txt").code == 0


def test_json_lines_follow_the_schema(tmp_path: Path, scan: Scan) -> None:
    (tmp_path / "a.txt").write_text("员工须每日打卡。", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"")
    said = scan("--json", ".")
    assert said.code == 4
    schema = json.loads((folder("data") / "report.schema.json").read_text(encoding="utf-8"))
    line_of = jsonschema.Draft202012Validator(schema).evolve(schema=schema["$defs"]["line"])
    first, second = map(json.loads, said.out.splitlines())
    line_of.validate(first)
    line_of.validate(second)
    jsonschema.validate(first["report"], schema)
    assert first["member"] == second["member"] == first["report"]["document"]["member"] == ""
    assert second["failure"]["reason"] == "empty"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("wrong", [("--max-size", "nan"), ("--timeout", "-1"), ("--workers", "0")])
def test_impossible_limits_are_wrong_usage(scan: Scan, wrong: tuple[str, str]) -> None:
    said = scan(*wrong, "a.txt")
    assert said.code == 2
    assert wrong[0] in said.err


def reports_in(store: Path) -> list[str]:
    """Paths of the reports without the hash of the content and the suffix."""
    pages = (p.relative_to(store / "reports") for p in store.rglob("*.report.html"))
    return sorted(re.sub(r"-[0-9a-f]{8}\.report\.html$", "", str(page)) for page in pages)


def test_folder_gives_a_table_and_a_report_for_each(tmp_path: Path, scan: Scan) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.txt").write_text("支持在线预约，已有信息自动带入。", encoding="utf-8")
    (source / "b.txt").write_text("员工须每日打卡。", encoding="utf-8")
    (source / "c.pdf").write_bytes(b"")
    said = scan(source, "-o", "out")
    assert said.code == 4
    assert reports_in(tmp_path / "out") == ["a.txt", "b.txt"]
    assert "empty" in said.out


def make_zip(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()


def members() -> bytes:
    files = {
        "b.txt": "支持在线预约。",
        "c/b.txt": "员工须每日打卡。",
        "空.txt": "",
        ".DS_Store": "x",
    }
    inner = {name: text.encode() for name, text in files.items()}
    return make_zip(**{"内.zip": make_zip(**inner), "a?.txt": "员工须每日签到。".encode()})


def test_an_archive_gives_a_table_and_a_report_for_each_member(tmp_path: Path) -> None:
    (tmp_path / "包.zip").write_bytes(members())
    done = run("scan", "-m", "lexical", "包.zip", "-o", "out", cwd=tmp_path)
    assert done.returncode == 4, done.stderr.decode()
    assert reports_in(tmp_path / "out") == [
        "包.zip/a_.txt",
        "包.zip/内.zip/b.txt",
        "包.zip/内.zip/c/b.txt",
    ]
    assert "包.zip/内.zip/空.txt" in done.stdout.decode()
    assert "跳过 1 个" in done.stderr.decode()
    (found,) = (tmp_path / "out" / "reports" / "包.zip" / "内.zip" / "c").iterdir()
    page = found.read_text(encoding="utf-8")
    assert "内.zip/c/b.txt" in page


def test_archives_from_folders_and_standard_input_as_json_lines(tmp_path: Path, scan: Scan) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "包.zip").write_bytes(members())
    (tmp_path / "in" / "查.txt").write_text("支持在线查询。", encoding="utf-8")
    expected = ["内.zip/b.txt", "内.zip/c/b.txt", "内.zip/空.txt", "a?.txt"]
    schema = json.loads((folder("data") / "report.schema.json").read_text(encoding="utf-8"))
    line_of = jsonschema.Draft202012Validator(schema).evolve(schema=schema["$defs"]["line"])
    folder_said = scan("--json", "in")
    done = run("scan", "-m", "lexical", "--json", "-", cwd=tmp_path, stdin=members())
    for code, out, found in (
        (folder_said.code, folder_said.out, [*expected, ""]),
        (done.returncode, done.stdout.decode(), expected),
    ):
        lines = [json.loads(line) for line in out.splitlines()]
        assert code == 4
        assert [line["member"] for line in lines] == found
        for line in lines:
            line_of.validate(line)
        assert lines[1]["report"]["document"]["member"] == "内.zip/c/b.txt"
        assert lines[2]["failure"]["reason"] == "empty"


def test_an_archive_that_cannot_be_opened_is_one_line(tmp_path: Path, scan: Scan) -> None:
    (tmp_path / "a.zip").write_bytes(make_zip())
    said = scan("a.zip")
    assert said.code == 3
    assert said.err.startswith("a.zip: empty — ")


def test_brackets_in_a_name_are_not_markup(tmp_path: Path, scan: Scan) -> None:
    (tmp_path / "[red]a[").write_text("系统支持打卡。", encoding="utf-8")
    assert scan("[red]a[").code == 0
    said = scan("-m", "[/]", "[red]a[")
    assert said.code == 5
    assert "'[/]'" in said.err


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


def without_network(tmp_path: Path, *command: str) -> subprocess.CompletedProcess:
    """Run Python with sockets denied, in this process and in those it starts."""
    block = tmp_path / "block"
    block.mkdir(exist_ok=True)
    (block / "sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(*a, **k):\n    raise RuntimeError('network used')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refuse\n"
        "socket.getaddrinfo = refuse\n"
    )
    variables = environment()
    variables["PYTHONPATH"] = os.pathsep.join([str(block), variables["PYTHONPATH"]])
    return subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_scan_works_without_any_network(tmp_path: Path) -> None:
    control = without_network(
        tmp_path, "-c", "import socket; socket.create_connection(('localhost', 9))"
    )
    assert b"network used" in control.stderr
    (tmp_path / "a.txt").write_text("员工须每日打卡。已有信息自动带入。", encoding="utf-8")
    scan = ("-c", "import cli; cli.main()", "scan", "--redact")
    done = without_network(tmp_path, *scan, "--xlsx", "a.txt")
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "a.report.html").exists()
    assert (tmp_path / "a.report.xlsx").exists()
    done = without_network(tmp_path, *scan, "--json", "--model", "lexical", "a.txt")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["sentences"]
