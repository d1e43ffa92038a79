"""Processes that read a stranger's file: started anew, or forked from one that is warm.

A new process imports the readers before it reads, which takes longer than reading most
files. A fork server has them imported: each file still gets a process of its own, with its
own limits, that ends with it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, Final, Protocol

from classifier.limits import MIB, Limits

# -P keeps the current folder off the path: a scanned folder may hold a module of any name.
PYTHON: Final = [sys.executable, "-P", "-c"]
STATUS: Final = struct.Struct("<i")
FORKED_FROM: Final = 1024 * MIB
"""Least memory limit under which a child is forked: it starts with all readers in its space."""

_ROOT = Path(__file__).resolve().parents[2]
_SERVER = "from classifier.extract.fork_server import serve; serve()"
_COMPLAINT = 64 * 1024


class Child(Protocol):
    """A process with a request on its standard input.

    Attributes:
        stdout: what it answers, unbuffered.
    """

    stdout: IO[bytes]

    def wait(self) -> int | None:
        """Exit status, negative for a signal; None where nobody can tell any more."""
        ...

    def complaints(self) -> bytes:
        """The end of what it wrote to standard error."""
        ...

    def close(self) -> None:
        """End it, if it still runs, and free what it held."""
        ...


class Source(Protocol):
    """Where children come from; ``entry`` names a function as ``module:function``."""

    def start(self, entry: str, request: tuple[Any, ...]) -> Child: ...


class Fresh:
    """Starts a new interpreter for every child."""

    def start(self, entry: str, request: tuple[Any, ...]) -> Child:
        return _Spawned(entry, request)


class _Spawned:
    def __init__(self, entry: str, request: tuple[Any, ...]) -> None:
        module, function = entry.split(":")
        self._complaints = _memory()
        with _memory() as given:
            _fill(given, request)
            self._process = subprocess.Popen(
                [*PYTHON, f"from {module} import {function}; {function}()"],
                env=environment(),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                bufsize=0,
            )
        assert self._process.stdout is not None
        self.stdout: IO[bytes] = self._process.stdout

    def wait(self) -> int | None:
        return self._process.wait()

    def complaints(self) -> bytes:
        return _end_of(self._complaints)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self.stdout.close()
        self._complaints.close()


class ForkServer:
    """Starts children as forks of a process that has the readers imported.

    Safe to use from several threads. Should the server end, the next child gets a new one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_closed = False
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, entry: str, request: tuple[Any, ...]) -> Child:
        limits = request[-1]
        if isinstance(limits, Limits) and limits.memory < FORKED_FROM:
            return Fresh().start(entry, request)
        with _memory() as given:
            _fill(given, request)
            return self._fork(entry, given)

    def _fork(self, entry: str, given: IO[bytes]) -> Child:
        complaints = _memory()
        answer, answer_to = os.pipe()
        status, status_to = os.pipe()
        try:
            fds = [given.fileno(), answer_to, complaints.fileno(), status_to]
            with self._lock:
                try:
                    socket.send_fds(self._running(), [entry.encode()], fds)
                except OSError:
                    self._stop()
                    socket.send_fds(self._running(), [entry.encode()], fds)
        except BaseException:
            os.close(answer)
            os.close(status)
            complaints.close()
            raise
        finally:
            os.close(answer_to)
            os.close(status_to)
        return _Forked(answer, status, complaints)

    def _running(self) -> socket.socket:
        if self._control is None:
            if self._is_closed:
                raise RuntimeError("this fork server is closed")
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                # A session of its own: an interrupt from the keyboard is for the caller alone.
                self._process = subprocess.Popen(
                    [*PYTHON, _SERVER],
                    env={**environment(), "OPENBLAS_NUM_THREADS": "1"},
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self._control = ours
        return self._control

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the server and every child it still has."""
        with self._lock:
            self._is_closed = True
            self._stop()

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Forked:
    """A child of the server, known by its pipes; closing that of its status ends it."""

    def __init__(self, answer: int, status: int, complaints: IO[bytes]) -> None:
        self.stdout: IO[bytes] = os.fdopen(answer, "rb", buffering=0)
        self._status = os.fdopen(status, "rb", buffering=0)
        self._complaints = complaints

    def wait(self) -> int | None:
        told = self._status.read(STATUS.size) or b""
        return STATUS.unpack(told)[0] if len(told) == STATUS.size else None

    def complaints(self) -> bytes:
        return _end_of(self._complaints)

    def close(self) -> None:
        self._status.close()
        self.stdout.close()
        self._complaints.close()


def read_all(stream: IO[bytes], seconds: float) -> bytes:
    """Everything up to the end of the stream.

    Raises:
        TimeoutError: the end did not come within ``seconds``.
    """
    received = bytearray()
    until = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(max(until - time.monotonic(), 0)):
                raise TimeoutError
            piece = stream.read(MIB)
            if not piece:
                return bytes(received)
            received += piece


def environment() -> dict[str, str]:
    """That of a child: this package, before what the user's own environment names."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


def _memory() -> IO[bytes]:
    """A file that no disk has to hold: reading works also where the disk is full."""
    return os.fdopen(os.memfd_create("tenderlens"), "w+b")


def _fill(file: IO[bytes], request: tuple[Any, ...]) -> None:
    pickle.dump(request, file, protocol=pickle.HIGHEST_PROTOCOL)
    file.flush()
    file.seek(0)


def _end_of(file: IO[bytes]) -> bytes:
    with contextlib.suppress(OSError):
        file.seek(max(os.fstat(file.fileno()).st_size - _COMPLAINT, 0))
        return file.read()
    return b""
