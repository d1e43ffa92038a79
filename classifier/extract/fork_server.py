"""The fork server's side: import the readers once, then a process for every file.

It reads no file itself and runs one thread, so that a fork is whole. A child is a copy of it
taken before any stranger's file was read, limits itself as a new process would
(:mod:`classifier.extract.sandbox`), and ends with its file.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import traceback
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

from classifier.extract.processes import STATUS

_ENTRIES: Final = ("classifier.extract.sandbox:serve", "classifier.extract.sandbox:serve_members")
# What the readers import only when first needed, or others import for them.
_ALSO: Final = (
    "encodings.gb18030",
    "encodings.big5",
    "encodings.utf_16",
    "classifier.extract.container.zip_members",
    "classifier.extract.container.mail_members",
    "classifier.extract.container.tar_members",
)
_LONGEST: Final = 256


def serve() -> None:
    """Answer requests until the caller has gone; then end all children."""
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    _warm_up()
    _Server(control).run()


def _warm_up() -> None:
    from classifier.extract import router

    for module in (*sorted({module for module, _ in router.READERS.values()}), *_ALSO):
        # What a format needs may be missing; its own child will say so.
        with contextlib.suppress(ImportError):
            import_module(module)
    gc.collect()
    # Collections in a child would otherwise copy every page they mark.
    gc.freeze()


@dataclass(slots=True)
class _Running:
    pid: int
    status_to: int


@dataclass(slots=True)
class _Server:
    control: socket.socket
    children: dict[int, _Running] = field(default_factory=dict)
    callers: dict[int, int] = field(default_factory=dict)
    poll: select.poll = field(default_factory=select.poll)

    def run(self) -> None:
        self.poll.register(self.control, select.POLLIN)
        while True:
            for fd, _ in self.poll.poll():
                if fd == self.control.fileno():
                    if not self._take():
                        self._end_all()
                        return
                elif fd in self.children:
                    self._ended(fd)
                elif fd in self.callers:
                    self._given_up(fd)

    def _take(self) -> bool:
        """Start a child; False where there is nobody any more to ask for one."""
        try:
            entry, fds, _, _ = socket.recv_fds(self.control, _LONGEST, 4)
        except ConnectionError:
            return False
        if not entry:
            return False
        given, answer_to, complaints, status_to = fds
        if entry.decode() not in _ENTRIES:
            raise ValueError(f"no entry {entry!r}")
        pid = os.fork()
        if pid == 0:
            self._become(entry.decode(), given, answer_to, complaints, status_to)
        for fd in (given, answer_to, complaints):
            os.close(fd)
        watched = os.pidfd_open(pid)
        self.children[watched] = _Running(pid, status_to)
        self.callers[status_to] = watched
        self.poll.register(watched, select.POLLIN)
        # No events asked for: an error is told anyway, when the caller has closed its end.
        self.poll.register(status_to, 0)
        return True

    def _become(self, entry: str, given: int, answer_to: int, complaints: int, own: int) -> None:
        """In the child: take the pipes of this request, and never come back."""
        status = 1
        try:
            for fd, goal in ((given, 0), (answer_to, 1), (complaints, 2)):
                os.dup2(fd, goal)
                os.close(fd)
            os.close(own)
            self.control.close()
            for watched, other in self.children.items():
                os.close(watched)
                os.close(other.status_to)
            module, function = entry.split(":")
            getattr(import_module(module), function)()
            status = 0
        except MemoryError:
            os.write(2, b"MemoryError\n")
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stderr.flush()
            os._exit(status)

    def _ended(self, watched: int) -> None:
        child = self.children.pop(watched)
        del self.callers[child.status_to]
        self.poll.unregister(watched)
        self.poll.unregister(child.status_to)
        _, status = os.waitpid(child.pid, 0)
        with contextlib.suppress(BrokenPipeError):
            os.write(child.status_to, STATUS.pack(os.waitstatus_to_exitcode(status)))
        os.close(child.status_to)
        os.close(watched)

    def _given_up(self, status_to: int) -> None:
        os.kill(self.children[self.callers[status_to]].pid, signal.SIGKILL)
        self._ended(self.callers[status_to])

    def _end_all(self) -> None:
        for child in self.children.values():
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
