"""What a process that reads strangers' files can no longer do, in Python and below it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import ctypes, os, socket, subprocess, sys, tempfile
from classifier.extract.confine import confine
libc = ctypes.CDLL(None, use_errno=True)
by_kernel = confine()
"""

IN_PYTHON = (
    "open('new', 'w')",
    "open('old', 'a')",
    "open('old', 'r+')",
    "os.open('old', os.O_WRONLY)",
    "os.remove('old')",
    "os.rename('old', 'new')",
    "os.symlink('old', 'new')",
    "os.mkdir('new')",
    "os.truncate('old', 0)",
    "os.chmod('old', 0)",
    "socket.create_connection(('127.0.0.1', 9))",
    "socket.getaddrinfo('example.org', 80)",
    "socket.socket().bind(('127.0.0.1', 0))",
    "subprocess.run([sys.executable, '--version'])",
    "os.system('true')",
)
IN_C = (
    "libc.open(b'new', os.O_WRONLY | os.O_CREAT, 0o600)",
    "libc.open(b'old', os.O_RDWR)",
    "libc.creat(b'new', 0o600)",
    "libc.openat(-100, b'old', os.O_WRONLY | os.O_TRUNC)",
    "libc.unlink(b'old')",
    "libc.rename(b'old', b'new')",
    "libc.link(b'old', b'new')",
    "libc.mkdir(b'new', 0o700)",
    "libc.chmod(b'old', 0)",
    "libc.truncate(b'old', ctypes.c_long(0))",
    "libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)",
    "libc.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0)",
    "libc.execv(b'/bin/true', (ctypes.c_char_p * 2)(b'true'))",
    "libc.syscall(425, 1, 0)",
    "libc.syscall(437, -100, b'old', 0, 0)",
)
by_kernel = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="needs Linux's seccomp",
)


def run(program: str, folder: Path) -> str:
    (folder / "old").write_text("as it was", encoding="utf-8")
    before = (folder / "old").stat()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.iterdir()] == ["old"]
    assert (folder / "old").read_text(encoding="utf-8") == "as it was"
    assert (folder / "old").stat().st_mode == before.st_mode
    return done.stdout


@pytest.mark.parametrize("call", IN_PYTHON)
def test_python_code_is_refused(call: str, tmp_path: Path) -> None:
    program = f"""
try:
    {call}
except PermissionError:
    print("refused")
"""
    assert run(BEGIN + program, tmp_path) == "refused\n"


@by_kernel
def test_libraries_in_c_are_refused(tmp_path: Path) -> None:
    program = "assert by_kernel\n" + "".join(
        f"ctypes.set_errno(0); print({call}, ctypes.get_errno())\n" for call in IN_C
    )
    assert run(BEGIN + program, tmp_path).splitlines() == ["-1 1"] * len(IN_C)


@by_kernel
def test_threads_begun_before_are_refused_too(tmp_path: Path) -> None:
    begun = """
import ctypes, threading
from classifier.extract.confine import confine
libc, go, said = ctypes.CDLL(None, use_errno=True), threading.Event(), []
def late():
    go.wait()
    said.append((libc.creat(b"new", 0o600), ctypes.get_errno()))
thread = threading.Thread(target=late)
thread.start()
confine()
go.set()
thread.join()
print(said)
"""
    assert run(begun, tmp_path) == "[(-1, 1)]\n"


def test_reading_and_nameless_files_remain(tmp_path: Path) -> None:
    program = """
with tempfile.TemporaryFile() as file:
    file.write(b"x" * 10)
    file.seek(0)
    print(open("old").read(), len(file.read()))
import encodings.big5hkscs, csv
"""
    assert run(BEGIN + program, tmp_path) == "as it was 10\n"
