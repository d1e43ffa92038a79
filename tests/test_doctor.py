"""``doctor``: what works here, and for the rest the command that brings it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from classifier.doctor import extras, machine
from classifier.doctor.check import Check

ROOT = Path(__file__).parents[1]


def run(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "doctor", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_json_names_every_part_with_its_state(tmp_path: Path) -> None:
    done = run(tmp_path, "--json", TENDERLENS_ENGINE="float")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert found["healthy"] is True
    checks = {check["name"].split()[-1]: check for check in found["checks"]}
    assert {"machine", "memory", "folder", "encoder", "reading", "archives"} <= checks.keys()
    assert {"standard", "lexical", *extras.offered()} <= checks.keys()
    assert {check["state"] for check in found["checks"]} <= {"works", "missing", "broken"}
    assert checks["encoder"]["detail"].startswith("float（")
    assert "sentences/s" in checks["encoder"]["detail"]
    for extra in extras.offered():
        assert bool(checks[extra]["install"]) == (checks[extra]["state"] == "missing")


def test_engine_that_is_none_makes_it_fail_and_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, TENDERLENS_ENGINE="abacus")
    assert done.returncode == 1
    assert "abacus" in done.stdout
    assert "Traceback" not in done.stderr


def test_missing_extra_is_named_with_a_command_for_this_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = {"sky": ["no-such-distribution-a>=2,<3", "no-such-distribution-b", "numpy"]}
    monkeypatch.setattr(extras, "offered", lambda: wanted)
    (check,) = extras.checks()
    assert check.state == "missing"
    assert shlex.split(check.install) == [
        *(sys.executable, "-m", "pip", "install"),
        *("no-such-distribution-a>=2,<3", "no-such-distribution-b"),
    ]


def test_extras_are_read_from_metadata_as_from_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = [
        "numpy>=1.26",
        'openvino>=2026.0; extra == "fast"',
        "rapidocr<4,>=3.10; extra == 'ocr'",
        'pillow>=11; extra == "ocr"',
        'tenderlens[fast]; extra == "all"',
    ]
    monkeypatch.setattr(extras, "requires", lambda _: stated)
    found = extras._from_metadata()
    assert found["fast"] == ["openvino>=2026.0"]
    assert found["ocr"] == ["rapidocr<4,>=3.10", "pillow>=11"]
    assert "all" not in extras.offered()


def test_little_memory_is_said_but_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.available_memory() is None or machine.available_memory() > 1 << 20
    monkeypatch.setattr(machine, "available_memory", lambda: 200 << 20)
    assert machine._memory().state == "missing"
    assert "200 MiB" in machine._memory().detail


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    assert machine._folder(tmp_path).state == "works"
    gone = machine._folder(tmp_path / "gone")
    assert gone.state == "missing"
    assert "-o" in gone.detail


def test_states() -> None:
    assert Check("a", True, "").state == "works"
    assert Check("a", False, "", optional=True).state == "missing"
    assert Check("a", False, "").state == "broken"
