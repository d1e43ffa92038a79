"""Readers forked from a warm process: the same answers and limits as a new process has."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from archive_files import make_zip
from word_files import p, package

from classifier import Limits, Reason
from classifier.errors import ExtractionError
from classifier.extract import processes, sandbox
from classifier.extract.processes import ForkServer
from classifier.resources import folder

TEXT = "系统应支持用户在线查询办理进度。已有信息自动带入，无需重复填写。"
SAMPLES = folder("data") / "samples"


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


def reason_of(forks: ForkServer, data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(ExtractionError) as caught:
        sandbox.read(data, "a.txt", limits or Limits(), forks)
    return caught.value.reason


@pytest.mark.parametrize(
    "name", ["smart-campus-mixed.docx", "community-elder-care.html", "office-furniture-goods.pdf"]
)
def test_answers_are_those_of_a_new_process(forks: ForkServer, name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    forked = sandbox.read(data, name, Limits(), forks)
    assert forked == sandbox.read(data, name, Limits())


def test_time_and_memory_are_limited(forks: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason_of(forks, TEXT.encode(), Limits(seconds=0.0001)) is Reason.TIMEOUT
    long = (TEXT + "\n").encode() * 40_000
    assert reason_of(forks, long, Limits(memory=120 << 20)) is Reason.OUT_OF_MEMORY
    # Less than a fork is made for: it has all readers in its space from the beginning.
    monkeypatch.setattr(processes, "FORKED_FROM", 0)
    assert reason_of(forks, long, Limits(memory=240 << 20)) is Reason.OUT_OF_MEMORY
    assert sandbox.read(TEXT.encode(), "a.txt", Limits(), forks).text == TEXT


def test_many_threads_get_their_own_answers(forks: ForkServer) -> None:
    texts = [f"第{number}条：{TEXT}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        read = pool.map(lambda t: sandbox.read(t.encode(), "a.txt", Limits(), forks).text, texts)
        assert list(read) == texts


def test_containers_are_unpacked(forks: ForkServer) -> None:
    data = make_zip({"a.txt": TEXT.encode(), "b.docx": package(p(TEXT)), "c.pdf": b""})
    members = {m.path: m.result for m in sandbox.read_members(data, "x.zip", Limits(), forks)}
    assert [getattr(members[name], "text", None) for name in ("a.txt", "b.docx")] == [TEXT, TEXT]
    error = members["c.pdf"]
    assert isinstance(error, ExtractionError)
    assert error.reason is Reason.EMPTY


def test_a_server_that_was_ended_is_replaced() -> None:
    with ForkServer() as server:
        assert sandbox.read(TEXT.encode(), "a.txt", Limits(), server).text == TEXT
        assert server._process is not None
        os.kill(server._process.pid, signal.SIGKILL)
        assert sandbox.read(TEXT.encode(), "a.txt", Limits(), server).text == TEXT


def test_no_process_outlives_the_server() -> None:
    server = ForkServer()
    child = server.start(
        "classifier.extract.sandbox:serve_members",
        (make_zip({"a.txt": b"x" * 10**7, "b.txt": b"y"}), "a.zip", Limits()),
    )
    assert child.stdout.read(1)
    assert server._process is not None
    group = server._process.pid
    server.close()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    child.close()
    with pytest.raises(RuntimeError, match="closed"):
        server.start("classifier.extract.sandbox:serve", (b"", "a", Limits()))


def test_a_module_in_the_current_folder_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit('ran a stranger')")
    monkeypatch.chdir(tmp_path)
    with ForkServer() as server:
        assert sandbox.read(TEXT.encode(), "a.txt", Limits(), server).text == TEXT
