"""The command line as a user meets it: output, files, exit codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

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
    assert json.loads(done.stdout)["schema_version"] == "1.1"
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


def test_password_protected_pdf(tmp_path: Path) -> None:
    page = canvas.Canvas(
        str(tmp_path / "locked.pdf"), encrypt=StandardEncryption("secret", canPrint=0)
    )
    page.drawString(72, 700, "locked")
    page.save()
    done = run("scan", "--model", "lexical", "locked.pdf", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.decode().startswith("locked.pdf: encrypted — ")


def test_report_goes_where_it_is_told(tmp_path: Path) -> None:
    text = tmp_path / "需求.txt"
    text.write_text("员工须每日打卡。", encoding="utf-8")
    for output, expected in (
        ("新文件夹/子文件夹/", "新文件夹/子文件夹/需求.report.html"),
        ("另一处/页面.html", "另一处/页面.html"),
    ):
        assert run("scan", "-m", "lexical", text, "-o", output, cwd=tmp_path).returncode == 0
        assert (tmp_path / expected).is_file()
    (tmp_path / "file").write_text("")
    done = run("scan", "-m", "lexical", text, "-o", "file/x.html", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr.decode()


def test_long_and_odd_file_names(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / ("采购需求" * 20 + ".txt")).write_text("员工须每日打卡。", encoding="utf-8")
    (source / os.fsdecode("需求.txt".encode("gb18030"))).write_text(
        "支持在线预约。", encoding="utf-8"
    )
    done = run("scan", "-m", "lexical", source, "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert run("scan", "-m", "lexical", "--json", source, cwd=tmp_path).returncode == 0


def test_our_own_reports_and_lock_files_are_not_scored(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("员工须每日打卡。", encoding="utf-8")
    (tmp_path / "~$a.docx").write_bytes(b"lock")
    (tmp_path / "film.mp4").write_bytes(b"picture")
    for _ in range(2):
        done = run("scan", "-m", "lexical", "a.txt", "--json", ".", cwd=tmp_path)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["path"] for line in lines] == ["a.txt"]
        assert "skipped" in done.stderr.decode()
        assert run("scan", "-m", "lexical", "a.txt", cwd=tmp_path).returncode == 0


def test_json_lines_follow_the_schema(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("员工须每日打卡。", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"")
    done = run("scan", "-m", "lexical", "--json", ".", cwd=tmp_path)
    assert done.returncode == 4
    schema = json.loads((folder("data") / "report.schema.json").read_text(encoding="utf-8"))
    line_of = jsonschema.Draft202012Validator(schema).evolve(schema=schema["$defs"]["line"])
    for line in done.stdout.splitlines():
        line_of.validate(json.loads(line))
    first, second = map(json.loads, done.stdout.splitlines())
    jsonschema.validate(first["report"], schema)
    assert first["member"] == second["member"] == first["report"]["document"]["member"] == ""
    assert second["failure"]["reason"] == "empty"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("wrong", [("--max-size", "nan"), ("--timeout", "-1"), ("--workers", "0")])
def test_impossible_limits_are_wrong_usage(tmp_path: Path, wrong: tuple[str, str]) -> None:
    done = run("scan", *wrong, "a.txt", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr.decode()


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
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "00001-包-内.zip_b.report.html",
        "00002-包-内.zip_c_b.report.html",
        "00004-包-a_.report.html",
    ]
    assert "包.zip/内.zip/空.txt" in done.stdout.decode()
    assert "跳过 1 个" in done.stderr.decode()
    page = (tmp_path / "out" / "00002-包-内.zip_c_b.report.html").read_text(encoding="utf-8")
    assert "内.zip/c/b.txt" in page


def test_archives_from_folders_and_standard_input_as_json_lines(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "包.zip").write_bytes(members())
    (tmp_path / "in" / "查.txt").write_text("支持在线查询。", encoding="utf-8")
    expected = ["内.zip/b.txt", "内.zip/c/b.txt", "内.zip/空.txt", "a?.txt"]
    schema = json.loads((folder("data") / "report.schema.json").read_text(encoding="utf-8"))
    line_of = jsonschema.Draft202012Validator(schema).evolve(schema=schema["$defs"]["line"])
    for source, stdin, found in (("in", None, [*expected, ""]), ("-", members(), expected)):
        done = run("scan", "-m", "lexical", "--json", source, cwd=tmp_path, stdin=stdin)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 4
        assert [line["member"] for line in lines] == found
        for line in lines:
            line_of.validate(line)
        assert lines[1]["report"]["document"]["member"] == "内.zip/c/b.txt"
        assert lines[2]["failure"]["reason"] == "empty"


def test_an_archive_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(make_zip())
    done = run("scan", "-m", "lexical", "a.zip", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.decode().startswith("a.zip: empty — ")


def test_brackets_in_a_name_are_not_markup(tmp_path: Path) -> None:
    (tmp_path / "[red]a[").write_text("系统支持打卡。", encoding="utf-8")
    assert run("scan", "-m", "lexical", "[red]a[", cwd=tmp_path).returncode == 0
    done = run("scan", "-m", "[/]", "[red]a[", cwd=tmp_path)
    assert done.returncode == 5
    assert "'[/]'" in done.stderr.decode()


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
        "socket.socket.connect = socket.socket.connect_ex = refuse\n"
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
    sample = str(SAMPLES / "delivery-riders-srs.txt")
    done = without_network(tmp_path, "-c", "import cli; cli.main()", "scan", sample)
    assert done.returncode == 0, done.stderr.decode()
