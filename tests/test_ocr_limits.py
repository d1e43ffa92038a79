"""Recognition held in bounds: switched off, not installed, out of time, failing; nothing fetched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ocr_pages import (
    EXPECTED,
    SECOND,
    drawn,
    picture,
    prose,
    put,
    read,
    reason_of,
    saved,
    scanned,
    texts,
)
from pdf_pages import needs_chinese_font
from typer.testing import CliRunner

import classifier
from classifier.errors import Reason
from classifier.extract.ocr import recognizer
from classifier.limits import Limits
from cli import app

pytestmark = needs_chinese_font

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(classifier.__file__).parents[1])}


def test_switched_off():
    data = drawn(lambda c: put(c, 40, SECOND), scanned(prose))
    document = read(data, limits=Limits(ocr="off"))
    assert (document.reason, texts(document)) == (Reason.OK_PARTIAL, [SECOND])
    assert any("--ocr off" in note and "第 2 页" in note for note in document.notes)
    assert reason_of(drawn(scanned(prose)), "a.pdf", Limits(ocr="off")) is Reason.NEEDS_OCR
    assert reason_of(saved("PNG"), "a.png", Limits(ocr="off")) is Reason.NEEDS_OCR


def test_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recognizer, "model_paths", lambda: None)
    document = read(drawn(lambda c: put(c, 40, SECOND), scanned(prose)))
    assert document.reason is Reason.OK_PARTIAL
    assert any("pip install 'tenderlens[ocr]'" in note for note in document.notes)
    assert reason_of(saved("PNG"), "a.png") is Reason.NEEDS_OCR


@pytest.mark.parametrize(
    ("limits", "note"), [(Limits(ocr_pages=1), "1 页"), (Limits(ocr_seconds=1e-6), "秒")]
)
def test_pages_beyond_a_limit_are_named_and_the_others_kept(limits: Limits, note: str):
    document = read(drawn(scanned(prose), scanned(prose), scanned(prose)), limits=limits)
    assert texts(document) == EXPECTED
    assert document.reason is Reason.OK_PARTIAL
    assert any(found.startswith("第 2–3 页未识别") and note in found for found in document.notes)


def test_page_that_cannot_be_recognised_costs_only_itself(monkeypatch: pytest.MonkeyPatch):
    def fail(page, dpi):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(recognizer, "_rendered", fail)
    document = read(drawn(lambda c: put(c, 40, SECOND), scanned(prose)))
    assert (document.reason, texts(document)) == (Reason.OK_PARTIAL, [SECOND])
    assert any("识别出错" in note for note in document.notes)


def test_nothing_is_fetched_or_written(tmp_path: Path):
    """In a process of its own, since the engine is made once."""
    (tmp_path / "a.png").write_bytes(saved("PNG", picture(prose).crop((0, 60, 800, 150))))
    program = """
import sys
from pathlib import Path
from classifier.extract import router
from classifier.limits import Limits

def watch(event, args):
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    if writes or event in ("socket.connect", "socket.getaddrinfo", "os.mkdir", "os.rename"):
        print(event, args, file=sys.stderr)

sys.dont_write_bytecode = True
sys.addaudithook(watch)
router.read(Path("a.png").read_bytes(), "a.png", Limits())
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env={**ENVIRONMENT, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_time_limit_stands_still_during_recognition():
    program = """
import time
from classifier.extract import clock
clock.start(0.4)
with clock.stopped():
    time.sleep(0.6)
print("still there", flush=True)
time.sleep(5)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("still there\n", -signal.SIGALRM)


def test_switch_and_limits_reach_the_reading_process(tmp_path: Path):
    path = tmp_path / "扫描.png"
    path.write_bytes(saved("PNG"))
    command = ["scan", str(path), "--model", "lexical", "--json"]
    result = CliRunner().invoke(app, [*command, "--ocr", "off"])
    assert result.exit_code == 3 and '"needs_ocr"' in result.stdout
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0 and "通报" in result.stdout
