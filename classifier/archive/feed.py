"""Work of other threads, taken in order: a little of it is done ahead, never much."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from queue import Empty, Full, Queue
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
AHEAD: Final = 2
_LOOK: Final = 0.1


class Feed(Generic[T]):
    """Iterates over what a generator gives in a thread of a pool, :data:`AHEAD` items ahead."""

    def __init__(self, make: Callable[[], Iterator[T]], pool: ThreadPoolExecutor) -> None:
        self._queue: Queue[tuple[bool, Any]] = Queue(AHEAD)
        self._closed = threading.Event()
        self._future = pool.submit(self._run, make)

    def _run(self, make: Callable[[], Iterator[T]]) -> None:
        if self._closed.is_set():
            return
        # Closed here if it is not exhausted: it may hold a process.
        with closing(make()) as items:  # pyright: ignore[reportArgumentType]
            for item in items:
                if not self._put((True, item)):
                    return
        self._put((False, None))

    def _put(self, item: tuple[bool, Any]) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=_LOOK)
                return True
            except Full:
                continue
        return False

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                more, item = self._queue.get(timeout=_LOOK)
            except Empty:
                if self._future.done() and self._queue.empty():
                    # Ended without saying so: with an error, which this raises.
                    self._future.result()
                    return
                continue
            if not more:
                return
            yield item

    def close(self) -> None:
        """Have it end soon; what it gave and nobody took is lost."""
        self._closed.set()
