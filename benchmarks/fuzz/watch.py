"""What one file costs this process and its children, and what it leaves behind."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_EVERY: float = 0.03
_PEAK = "VmHWM:"


@dataclass(slots=True)
class Cost:
    """Peaks of resident memory in MiB; ``left`` counts files new in the watched folders."""

    parent: float = 0.0
    child: float = 0.0
    left: int = 0


@contextmanager
def folders() -> Iterator[tuple[Path, ...]]:
    """New folders for temporary files, the user's home and the current folder, all empty."""
    with tempfile.TemporaryDirectory() as root:
        made = tuple(Path(root) / name for name in ("tmp", "home", "here"))
        for folder in made:
            folder.mkdir()
        before, named, chosen = Path.cwd(), dict(os.environ), tempfile.tempdir
        os.environ |= {"TMPDIR": str(made[0]), "HOME": str(made[1])}
        tempfile.tempdir = str(made[0])
        os.chdir(made[2])
        try:
            yield made
        finally:
            os.chdir(before)
            tempfile.tempdir = chosen
            os.environ.clear()
            os.environ.update(named)


@contextmanager
def watched(places: tuple[Path, ...]) -> Iterator[Cost]:
    """Fills the cost when the block ends."""
    cost, ended = Cost(), threading.Event()
    _forget_peak()
    before = _count(places)
    sampler = threading.Thread(target=_sample, args=(cost, ended), daemon=True)
    sampler.start()
    try:
        yield cost
    finally:
        ended.set()
        sampler.join()
        cost.parent = _peak(os.getpid())
        cost.left = _count(places) - before


def _sample(cost: Cost, ended: threading.Event) -> None:
    """Children end unseen: their own high-water mark is asked for again and again."""
    while not ended.wait(_EVERY):
        for child in _children(os.getpid()):
            cost.child = max(cost.child, _peak(child))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def _peak(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(_PEAK):
                return int(line.split()[1]) / 1024
    return 0.0


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _count(places: tuple[Path, ...]) -> int:
    return sum(1 for place in places for _ in place.rglob("*"))
