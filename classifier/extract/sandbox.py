"""Read a file in a child process with limits, so that no file can hurt its caller.

The child gets the file's bytes on standard input and answers on standard
output. Its address space is limited, its time is limited, it can neither reach
the network nor write files (:mod:`classifier.extract.confine`), and of what it
answers only the document model's own classes are unpickled.

An archive or mail is unpacked by one such child, and each file in it is then
read by a child of its own: a file that crashes, hangs or exhausts its process
costs only itself.
"""

from __future__ import annotations

import contextlib
import io
import locale
import logging
import os
import pickle
import resource
import selectors
import signal
import struct
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import IO, Any

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract import clock, router
from classifier.extract.confine import confine
from classifier.extract.container.walk import Packed, Unpacking, may_be_container
from classifier.extract.processes import Child, ForkServer, Fresh, Source, read_all
from classifier.limits import MIB, Limits

_FRESH = Fresh()
_SIZE = struct.Struct(">Q")
_LAST_PAGE = 120.0
"""Seconds that the page takes at most which is being recognised when the time for it is up."""
_FEW = 8
"""Members of a container that are read by processes of their own before a fork server pays."""
_LOG = logging.getLogger(__name__)

_TRUSTED = {
    *(("classifier.document", cls) for cls in ("Aside", "AsideKind", "Block", "BlockKind", "Box")),
    *(("classifier.document", cls) for cls in ("Cell", "Document", "Line", "Page")),
    *(("classifier.document", cls) for cls in ("ReadBy", "TextLayer")),
    *(("classifier.errors", cls) for cls in ("ExtractionError", "Reason")),
    *(("array", cls) for cls in ("array", "_array_reconstructor")),
}


def read(data: bytes, name: str, limits: Limits, source: Source = _FRESH) -> Document:
    """Like :func:`classifier.extract.router.read`, in a child process.

    Args:
        source: where the process comes from; whoever reads many files keeps a
            :class:`~classifier.extract.processes.ForkServer`.

    Raises:
        ExtractionError: with the reason the file ended in, also ``timeout``,
            ``out_of_memory`` and ``crashed``.
    """
    limits.check_bytes(len(data))
    # An archive may hold thousands of empty files: none is worth a process.
    router.check_content(data)
    request = (data, name, limits)
    answer = _unpickle(ask(__name__, request, limits, _patience(limits), source))
    if isinstance(answer, ExtractionError):
        raise answer
    return answer


def ask(
    module: str,
    request: tuple[Any, ...],
    limits: Limits,
    patience: float,
    source: Source = _FRESH,
) -> bytes:
    """What ``module.serve()`` writes in a child process that begins with :func:`take_request`.

    ``request`` must end with the limits. ``patience`` is in seconds.

    Raises:
        ExtractionError: ``timeout``, ``out_of_memory`` or ``crashed``.
    """
    answer, status, complaints = _answer(source.start(f"{module}:serve", request), limits, patience)
    if status is None:
        # The server was ended from outside, as by a system short of memory: not this file's doing.
        child = source.start(f"{module}:serve", request)
        answer, status, complaints = _answer(child, limits, patience)
    if status == -signal.SIGALRM:
        raise _too_late(limits)
    if status != 0:
        raise _failure(status, complaints)
    return answer


def _answer(child: Child, limits: Limits, patience: float) -> tuple[bytes, int | None, bytes]:
    """All that the child says on its standard output, its exit status, and its complaints."""
    try:
        return read_all(child.stdout, patience), child.wait(), child.complaints()
    except TimeoutError:
        raise _too_late(limits) from None
    finally:
        child.close()


def _patience(limits: Limits) -> float:
    """Seconds until a child is ended from outside; it ends itself earlier, see ``clock``."""
    recognition = limits.ocr_seconds + _LAST_PAGE if limits.ocr != "off" else 0.0
    return limits.seconds + recognition


def _too_late(limits: Limits) -> ExtractionError:
    return ExtractionError(Reason.TIMEOUT, f"not read within {limits.seconds:g} s")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a container and what became of it.

    ``path`` is its label in the container, with ``/`` between nested ones. It
    is empty for a file that is no container, and where the error is about the
    container as a whole.
    """

    path: str
    result: Document | ExtractionError


def read_members(
    data: bytes, name: str, limits: Limits, source: Source = _FRESH
) -> Iterator[Member]:
    """Every file in an archive or mail, in stored order; of any other file itself alone.

    Yields at least one member and raises nothing for bad input.
    """
    with ForkServer() as forks:
        for number, packed in enumerate(unpack(data, name, limits, source)):
            # The server takes as long to start as a few files to read.
            chosen = forks if source is _FRESH and number >= _FEW else source
            yield Member(packed.path, read_packed(packed, name, limits, chosen))


def read_packed(
    packed: Packed, name: str, limits: Limits, source: Source = _FRESH
) -> Document | ExtractionError:
    """Read one unpacked file; ``name`` is that of the file that was given."""
    if isinstance(packed.content, ExtractionError):
        return packed.content
    own_name = PurePosixPath(packed.path).name or name
    try:
        return replace(read(packed.content, own_name, limits, source), member=packed.path)
    except ExtractionError as error:
        return error


def unpack(
    data: bytes, name: str, limits: Limits, source: Source = _FRESH
) -> Generator[Packed, None, None]:
    """The bytes of every file in an archive or mail, as a child process finds them.

    The child waits while nobody asks for more; it may keep its caller waiting
    for ``limits.seconds`` in all.
    """
    if not may_be_container(data) or len(data) > limits.bytes:
        yield Packed("", data)
        return
    child = source.start(f"{__name__}:serve_members", (data, name, limits))
    until = time.monotonic() + limits.container_seconds
    try:
        for packed in _received(child.stdout, data, name, limits):
            if time.monotonic() > until:
                late = (
                    f"its members took more than {limits.container_seconds:g} s; the rest is left"
                )
                raise ExtractionError(Reason.TIMEOUT, late)
            yield packed
    except EOFError:
        yield Packed("", _failure(child.wait(), child.complaints()))
    except ExtractionError as error:
        yield Packed("", error)
    finally:
        child.close()


def _received(stream: IO[bytes], data: bytes, name: str, limits: Limits) -> Iterator[Packed]:
    """What the child sends, up to its closing message; raises EOFError where that is missing."""
    answers = _Answers(stream, limits)
    # A container may be named once more for what could not be unpacked of it.
    for _ in range(2 * limits.members + 2):
        match answers.next():
            case int(skipped):
                if skipped:
                    _LOG.info("%s：跳过 %d 个系统文件或临时文件。", name, skipped)
                return
            case (str(path), bytes() | ExtractionError() as content):
                yield Packed(path, content)
            case (str(path), None):
                yield Packed(path, data)
            case _:
                raise ExtractionError(Reason.CRASHED, "unforeseen answer of the unpacking process")
    raise ExtractionError(Reason.CRASHED, "endless answer of the unpacking process")


@dataclass(slots=True)
class _Answers:
    """Messages of the unpacking child, each behind its length in eight bytes."""

    stream: IO[bytes]
    limits: Limits
    waited: float = 0.0

    def next(self) -> Any:
        (size,) = _SIZE.unpack(self._read(_SIZE.size))
        if size > self.limits.bytes + MIB:
            raise ExtractionError(Reason.CRASHED, "spoiled answer of the unpacking process")
        return _load(self._read(size))

    def _read(self, size: int) -> bytes:
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self.stream, selectors.EVENT_READ)
            while len(received) < size:
                asked = time.monotonic()
                ready = selector.select(max(self.limits.seconds - self.waited, 0))
                self.waited += time.monotonic() - asked
                if not ready:
                    late = f"not unpacked within {self.limits.seconds:g} s"
                    raise ExtractionError(Reason.TIMEOUT, late)
                piece = self.stream.read(min(size - len(received), MIB))
                if not piece:
                    raise EOFError
                received += piece
        return bytes(received)


def _unpickle(answer: bytes) -> Document | ExtractionError:
    try:
        loaded = _load(answer)
    except ExtractionError as error:
        return error
    if isinstance(loaded, Document | ExtractionError):
        return loaded
    return ExtractionError(Reason.CRASHED, "the reading process gave no document")


def _load(answer: bytes) -> Any:
    try:
        return _Unpickler(io.BytesIO(answer)).load()
    except Exception as error:  # a spoiled pickle may raise anything
        said = f"spoiled answer of the reading process: {error}"
        raise ExtractionError(Reason.CRASHED, said) from error


class _Unpickler(pickle.Unpickler):
    """Loads nothing but the document model: the child has parsed a stranger's file."""

    def find_class(self, module: str, name: str):
        # Exact names only: a dotted one would lead from a class to anything it can reach.
        if (module, name) in _TRUSTED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a document")


def _failure(status: int | None, stderr: bytes) -> ExtractionError:
    lines = stderr.decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else ""
    if "MemoryError" in last or "bad_alloc" in last:
        return ExtractionError(Reason.OUT_OF_MEMORY, last)
    if status is None:
        return ExtractionError(Reason.CRASHED, "the process that starts readers has ended")
    if status == -signal.SIGABRT and not lines:
        # PDFium says nothing when it gets no memory; the C library names what it found corrupted.
        return ExtractionError(Reason.OUT_OF_MEMORY, "a library gave up without a message")
    if status < 0:
        return ExtractionError(Reason.CRASHED, signal.Signals(-status).name)
    return ExtractionError(Reason.CRASHED, last)


def serve() -> None:
    """The child's side: limit itself, read one file, answer."""
    answer_to, (data, name, limits) = take_request()
    clock.start(limits.seconds)
    try:
        answer: Document | ExtractionError = router.read(data, name, limits)
    except ExtractionError as error:
        answer = error
    except RecursionError:
        answer = ExtractionError(Reason.DAMAGED, "nested too deeply")
    answer_to.write(pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL))
    answer_to.flush()


def serve_members() -> None:
    """The child's side of :func:`unpack`: limit itself, send one file after the other."""
    answer_to, (data, name, limits) = take_request()
    # libarchive turns names into the encoding of the locale, whatever the user's may be.
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    unpacking = Unpacking(limits)
    try:
        for packed in unpacking.walk(data, name):
            # What is no container need not come back.
            content = None if packed.content is data else packed.content
            _send(answer_to, (packed.path, content))
    except RecursionError:
        _send(answer_to, ("", ExtractionError(Reason.DAMAGED, "nested too deeply")))
    _send(answer_to, unpacking.skipped)


def take_request() -> tuple[IO[bytes], tuple[Any, ...]]:
    """In the child: where to answer, and the request, whose last item limits the process."""
    # A library that prints, in Python or in C, must not spoil the answer.
    answer_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    request = pickle.load(sys.stdin.buffer)
    limits: Limits = request[-1]
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    confine()
    return answer_to, request


def _send(answer_to: IO[bytes], message: object) -> None:
    answer = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    answer_to.write(_SIZE.pack(len(answer)))
    answer_to.write(answer)
    answer_to.flush()
