"""Look for unforeseen errors of the readers, without model, exports and new processes.

    python -m benchmarks.fuzz.explore [--formats pdf,docx] [--first 0] [--count 1000]

Each file is unpacked and read in a fork of this process. What is no :class:`ExtractionError` is
printed once per place in our code, with the seeds that show it. ``run.py`` is the judge; this only
finds candidates.
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections import defaultdict
from dataclasses import dataclass

from classifier.errors import ExtractionError
from classifier.extract import router
from classifier.extract.container.walk import Unpacking
from classifier.limits import MIB, Limits
from classifier.segment import segment

from .mutations import mutated
from .seeds import file_name, formats, seeds

LIMITS = Limits(seconds=20, memory=1024 * MIB, ocr="off")
_SLOW = 3.0
_CODE = ("/classifier/",)


@dataclass(frozen=True)
class End:
    """How reading a file ended; ``where`` names the place of an unforeseen error."""

    reasons: tuple[str, ...]
    where: str = ""
    trace: str = ""


def read_all(data: bytes, name: str) -> End:
    """Unpack and read in this process, and check what the reader promises of a document."""
    reasons = []
    try:
        for packed in Unpacking(LIMITS).walk(data, name):
            try:
                if isinstance(packed.content, ExtractionError):
                    raise packed.content
                document = router.read(packed.content, packed.path or name, LIMITS)
            except ExtractionError as error:
                reasons.append(error.reason.value)
                continue
            for sentence in segment(document):
                assert document.text[sentence.start : sentence.end] == sentence.text
            reasons.append(document.reason.value)
    except (RecursionError, MemoryError) as error:  # the sandbox has codes for them
        return End((*reasons, type(error).__name__))
    except BaseException as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_ours(f.filename)]
        last = frames[-1]
        where = f"{type(error).__name__} {os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119
        return End(tuple(reasons), where, traceback.format_exc())
    return End(tuple(reasons))


def _is_ours(path: str) -> bool:
    return any(part in path for part in _CODE) or path.endswith("explore.py")


def in_fork(data: bytes, name: str) -> tuple[End, float, int]:
    """The end, seconds, and peak memory in KiB of a fork that reads the file."""
    receive, send = os.pipe()
    started = time.monotonic()
    pid = os.fork()
    if not pid:
        os.close(receive)
        resource.setrlimit(resource.RLIMIT_AS, (LIMITS.memory, LIMITS.memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.setitimer(signal.ITIMER_REAL, LIMITS.seconds)
        with os.fdopen(send, "wb") as answer:
            pickle.dump(read_all(data, name), answer)
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as answer:
        said = answer.read()
    _, status, used = os.wait4(pid, 0)
    seconds = time.monotonic() - started
    if said:
        return pickle.loads(said), seconds, used.ru_maxrss
    died = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {status}"
    return End((), died, died), seconds, used.ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formats", default=",".join(formats()))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    found: dict[str, list[str]] = defaultdict(list)
    traces: dict[str, str] = {}
    for format in options.formats.split(","):
        for data in seeds(format):
            read_all(data, file_name(format))  # load the reader once
        started, slowest, largest = time.monotonic(), 0.0, 0
        for seed in range(options.first, options.first + options.count):
            end, seconds, memory = in_fork(mutated(format, seed), file_name(format))
            slowest, largest = max(slowest, seconds), max(largest, memory)
            where = end.where or (f"slow: {seconds:.1f} s" if seconds > _SLOW else "")
            if where:
                found[where].append(f"{format} {seed}")
                traces.setdefault(where, end.trace)
        took = time.monotonic() - started
        print(
            f"{format}: {options.count} files in {took:.0f} s, slowest {slowest:.1f} s,"
            f" {largest >> 10} MiB"
        )
        sys.stdout.flush()
    for where, at in sorted(found.items(), key=lambda item: -len(item[1])):
        print(
            f"\n== {where}: {len(at)} files, such as {', '.join(at[:5])}\n{traces[where][-1800:]}"
        )


if __name__ == "__main__":
    main()
