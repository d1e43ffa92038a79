"""What Ray costs: the same made archive with the local engine and with Ray, on the same cores.

    python benchmarks/ray_overhead.py [--model lexical] [--documents 200] [--workers 2] [--runs 3]

Each run is a process of its own over a new store, the engines in turn, so that what else the
machine does hits both; a run's time is all of it, with starting Ray and loading the model. Prints
each pair, the ratio of medians, and the ratio without what an archive of one document takes.
The stores must say the same.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from store_files import content_of, docx, text  # noqa: E402

ENGINES: Final = ("local", "ray")


def make(folder: Path, documents: int) -> Path:
    folder.mkdir()
    for number in range(documents):
        if number % 2:
            (folder / f"{number}.txt").write_text(text(number), encoding="utf-8")
        else:
            (folder / f"{number}.docx").write_bytes(docx(number))
    return folder


def seconds(engine: str, archive: Path, store: Path, options: argparse.Namespace) -> float:
    """Of a whole run, which must not fail."""
    command = [sys.executable, str(ROOT / "cli.py"), "scan", str(archive), "--store", str(store)]
    command += ["--engine", engine, "--model", options.model, "--workers", str(options.workers)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    cores = sorted(os.sched_getaffinity(0))[: options.workers]
    started = time.monotonic()
    subprocess.run(
        command,
        env=environment,
        check=True,
        capture_output=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="lexical")
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    whole: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    start: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory() as folder:
        one = make(Path(folder, "one"), 1)
        many = make(Path(folder, "many"), options.documents)
        for run in range(options.runs):
            stores = {engine: Path(folder, f"{engine}{run}") for engine in ENGINES}
            for engine, store in stores.items():
                start[engine].append(seconds(engine, one, Path(f"{store}-one"), options))
                whole[engine].append(seconds(engine, many, store, options))
            if content_of(stores["local"]) != content_of(stores["ray"]):
                sys.exit("the stores differ")
            print(f"run {run + 1}: local {whole['local'][-1]:.1f} s, ray {whole['ray'][-1]:.1f} s")
    local, ray = (median(whole[engine]) for engine in ENGINES)
    print(f"whole run, ray / local: {ray / local:.2f} (medians {ray:.1f} s and {local:.1f} s)")
    rest = {engine: median(whole[engine]) - median(start[engine]) for engine in ENGINES}
    if min(rest.values()) <= 0:
        print("too few documents to tell the rest from the start")
        return
    print(f"without the start, ray / local: {rest['ray'] / rest['local']:.2f}")
    print(f"start: local {median(start['local']):.1f} s, ray {median(start['ray']):.1f} s")


if __name__ == "__main__":
    main()
