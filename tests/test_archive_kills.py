"""A run that is killed at any moment and gone on with ends where an undisturbed one does."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

from store_files import content_of, make_archive, predictor, scan

KILLS = 12
LEAST, MOST = 0.05, 2.5


def test_killed_at_random_moments_and_resumed_gives_the_same(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "archive", texts=30)
    # Opened before the fork: each child begins with the run itself.
    assert predictor().model
    scan(archive, tmp_path / "whole")
    expected = content_of(tmp_path / "whole")
    assert len(expected["rows"]) > 35
    moments = random.Random(20261123)
    kills = stores = 0
    while kills < KILLS:
        store = tmp_path / f"killed{stores}"
        stores += 1
        while kills < KILLS and not _scan_and_kill(archive, store, moments.uniform(LEAST, MOST)):
            kills += 1
        scan(archive, store)
        assert content_of(store) == expected


def _scan_and_kill(archive: Path, store: Path, seconds: float) -> bool:
    """Whether the run came to its end before it was killed."""
    child = multiprocessing.get_context("fork").Process(target=scan, args=(archive, store))
    child.start()
    assert child.pid is not None
    until = time.monotonic() + seconds
    while child.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    if child.is_alive():
        os.kill(child.pid, signal.SIGKILL)
    child.join()
    return child.exitcode == 0
