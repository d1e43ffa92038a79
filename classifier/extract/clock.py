"""The time limit of the process that reads a file, which stands still during recognition.

Parsing takes as long as a hostile file makes it; recognition takes seconds for every page
and has a limit of its own. The kernel ends the process (``SIGALRM``), so that the limit
also holds inside a library that never returns.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_running = False


def start(seconds: float) -> None:
    """End this process when ``seconds`` of wall time have passed, but for :func:`stopped`."""
    global _running
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _running = True


@contextmanager
def stopped() -> Iterator[None]:
    """Time in here does not count; nothing happens in a process without a limit."""
    if not _running:
        yield
        return
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))
