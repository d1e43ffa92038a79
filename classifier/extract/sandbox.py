"""Read a file in a child process with limits, so that no file can hurt its caller.

The child gets the file's bytes on standard input and answers on standard
output. Its address space is limited, its time is limited, and of what it
answers only the document model's own classes are unpickled.
"""

from __future__ import annotations

import io
import os
import pickle
import resource
import signal
import subprocess
import sys
from pathlib import Path

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.limits import Limits

# -P keeps the current folder off the path: a scanned folder may hold a module of any name.
_COMMAND = [sys.executable, "-P", "-c", "from classifier.extract.sandbox import serve; serve()"]
_ROOT = Path(__file__).resolve().parents[2]

_TRUSTED = {
    *(("classifier.document", cls) for cls in ("Aside", "AsideKind", "Block", "BlockKind", "Box")),
    *(("classifier.document", cls) for cls in ("Cell", "Document", "Line", "Page")),
    *(("classifier.document", cls) for cls in ("ReadBy", "TextLayer")),
    *(("classifier.errors", cls) for cls in ("ExtractionError", "Reason")),
    *(("array", cls) for cls in ("array", "_array_reconstructor")),
}


def read(data: bytes, name: str, limits: Limits) -> Document:
    """Like :func:`classifier.extract.router.read`, in a child process.

    Raises:
        ExtractionError: with the reason the file ended in, also ``timeout``,
            ``out_of_memory`` and ``crashed``.
    """
    limits.check_bytes(len(data))
    request = pickle.dumps((data, name, limits))
    try:
        done = subprocess.run(
            _COMMAND,
            env={**os.environ, "PYTHONPATH": _search_path()},
            input=request,
            capture_output=True,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ExtractionError(Reason.TIMEOUT, f"not read within {limits.seconds:g} s") from None
    if done.returncode != 0:
        raise _failure(done.returncode, done.stderr)
    answer = _unpickle(done.stdout)
    if isinstance(answer, ExtractionError):
        raise answer
    return answer


def _unpickle(answer: bytes) -> Document | ExtractionError:
    try:
        loaded = _Unpickler(io.BytesIO(answer)).load()
    except Exception as error:  # a spoiled pickle may raise anything
        return ExtractionError(Reason.CRASHED, f"spoiled answer of the reading process: {error}")
    if isinstance(loaded, Document | ExtractionError):
        return loaded
    return ExtractionError(Reason.CRASHED, "the reading process gave no document")


class _Unpickler(pickle.Unpickler):
    """Loads nothing but the document model: the child has parsed a stranger's file."""

    def find_class(self, module: str, name: str):
        # Exact names only: a dotted one would lead from a class to anything it can reach.
        if (module, name) in _TRUSTED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a document")


def _search_path() -> str:
    """Where this package lies, before what the user's own environment names."""
    return os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))


def _failure(status: int, stderr: bytes) -> ExtractionError:
    lines = stderr.decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else ""
    if "MemoryError" in last or "bad_alloc" in last:
        return ExtractionError(Reason.OUT_OF_MEMORY, last)
    if status < 0:
        return ExtractionError(Reason.CRASHED, signal.Signals(-status).name)
    return ExtractionError(Reason.CRASHED, last)


def serve() -> None:
    """The child's side: limit itself, read one file, answer."""
    # A library that prints, in Python or in C, must not spoil the answer.
    answer_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    data, name, limits = pickle.load(sys.stdin.buffer)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from classifier.extract import router

    try:
        answer: Document | ExtractionError = router.read(data, name, limits)
    except ExtractionError as error:
        answer = error
    except RecursionError:
        answer = ExtractionError(Reason.DAMAGED, "nested too deeply")
    answer_to.write(pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL))
    answer_to.flush()
