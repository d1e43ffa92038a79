"""Archives of many documents: throughput, memory, second runs, and runs that are killed.

    python benchmarks/archive.py [FOLDER] [--model lexical] [--small 200] [--large 2000]
        [--runs 1] [--no-reports] [--kills 100]

Archives are made of the shipped samples, and of the documents of FOLDER if it is given: other
chapters, other numbers, boilerplate that all share, copies, containers, and 5 % files that
cannot be read. Every run is a process of its own that begins with an empty store. Seconds are
given by the clock and as processor time with all children, which a busy machine disturbs less.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import random
import re
import resource
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from docx import Document as Word

from classifier import Classifier, ExtractionError
from classifier.archive.predictor import Predictor
from classifier.archive.run import Options, scan_archive
from classifier.archive.store import Store
from classifier.archive.walk import is_document
from classifier.resources import folder

SEED = 20261123
PARAGRAPHS = 60
BOILERPLATE = 12
BAD, COPIES, PACKED = 0.05, 0.05, 0.10
MEMBERS = 4
FORMATS = ("txt", "txt", "md", "docx", "html", "pdf")
NUMBER = re.compile(r"\d+")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Measured:
    """One run: of how many documents, and what it took."""

    documents: int
    pages: int
    sentences: int
    answered: int
    seconds: float
    processor: float
    own_peak: float
    child_peak: float
    again: float


def paragraphs_of(paths: Sequence[Path]) -> list[list[str]]:
    """The blocks of every document that can be read."""
    classifier = Classifier.load("lexical")
    found = []
    for path in paths:
        try:
            document = classifier.read(path)
        except (ExtractionError, OSError):
            continue
        # XML takes no control characters.
        texts = [CONTROL.sub("", block.text) for block in document.blocks]
        found.append(texts)
    return found


class Maker:
    """Makes documents and archives of them, the same ones for the same seed."""

    def __init__(self, sources: list[list[str]], pdfs: list[bytes]) -> None:
        self._random = random.Random(SEED)
        self._sources = sources
        self._pdfs = pdfs
        pool = [text for source in sources for text in source if 12 <= len(text) <= 120]
        self._boilerplate = self._random.sample(pool, min(BOILERPLATE, len(pool)))

    def archive(self, target: Path, documents: int) -> None:
        """Exactly so many documents, members of containers counted one by one."""
        number = 0
        made: list[tuple[str, bytes]] = []
        while number < documents:
            place = target / f"{2015 + number % 10}" / f"{number // 100:03d}"
            place.mkdir(parents=True, exist_ok=True)
            kind = self._random.random()
            if kind < PACKED / MEMBERS and number + MEMBERS <= documents:
                members = [self._document(number + i) for i in range(MEMBERS)]
                (place / f"附件{number}.zip").write_bytes(_zipped(members))
                number += MEMBERS
                continue
            if kind > 1 - BAD:
                name, data = self._bad(number)
            elif kind > 1 - BAD - COPIES and made:
                suffix, data = self._random.choice(made)
                name = f"副本{number}.{suffix}"
            else:
                name, data = self._document(number)
                made = [*made[-50:], (name.rpartition(".")[2], data)]
            (place / name).write_bytes(data)
            number += 1

    def _document(self, number: int) -> tuple[str, bytes]:
        format = self._random.choice(FORMATS)
        name = f"项目{number}采购需求.{format}"
        if format == "pdf" and self._pdfs:
            return name, self._random.choice(self._pdfs) + f"\n%{number}\n".encode()
        texts = self._texts(number)
        return name, _written("txt" if format == "pdf" else format, texts)

    def _texts(self, number: int) -> list[str]:
        source = self._random.choice(self._sources)
        start = self._random.randrange(max(len(source) - PARAGRAPHS, 1))
        own = source[start : start + PARAGRAPHS]
        changed = [NUMBER.sub(lambda m: str(int(m[0][:6]) + number % 97), text) for text in own]
        return [f"第{number}号项目采购需求", *self._boilerplate, *changed]

    def _bad(self, number: int) -> tuple[str, bytes]:
        kinds = (
            (f"空{number}.pdf", b""),
            (f"断{number}.docx", _written("docx", self._texts(number))[:2000]),
            (f"乱{number}.pdf", b"%PDF-1.7\n" + self._random.randbytes(3000)),
            (f"english{number}.txt", b"The supplier shall deliver the goods in thirty days. " * 9),
            (f"坏{number}.zip", b"PK\x03\x04" + self._random.randbytes(500)),
        )
        return self._random.choice(kinds)


def _written(format: str, texts: list[str]) -> bytes:
    if format == "docx":
        document = Word()
        for text in texts:
            document.add_paragraph(text)
        saved = io.BytesIO()
        document.save(saved)
        return saved.getvalue()
    if format == "html":
        body = "".join(f"<p>{text}</p>" for text in texts)
        return f"<html><body>{body}</body></html>".encode()
    return "\n\n".join(texts).encode()


def _zipped(members: list[tuple[str, bytes]]) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members:
            target.writestr(name, data)
    return saved.getvalue()


def one_run(archive: Path, store: Path, model: str, reports: bool) -> Measured:
    """In a process of its own: a first run, then a second one over the unchanged archive."""
    started, before = time.perf_counter(), processor_seconds()
    with Store.writing(store) as opened:
        predictor = Predictor(model)
        totals = scan_archive([archive], opened, predictor, Options(reports=reports))
    seconds, processor = time.perf_counter() - started, processor_seconds() - before
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    started = time.perf_counter()
    with Store.writing(store) as opened:
        again = scan_archive([archive], opened, Predictor(model), Options(reports=reports))
    assert again.documents == 0
    took = time.perf_counter() - started
    rows = sum(1 for _ in Store.open(store).rows())
    sizes = (rows, totals.pages, totals.asked, totals.answered)
    return Measured(*sizes, seconds, processor, own, child, took)


def processor_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(archive: Path, model: str, reports: bool, runs: int) -> Measured:
    """The run of median processor time."""
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as store:
            arguments = [str(archive), store, model, "reports" if reports else "none"]
            done = subprocess.run(
                [sys.executable, __file__, "--one", *arguments], capture_output=True, check=True
            )
            found.append(Measured(**json.loads(done.stdout)))
    middle = statistics.median_low([run.processor for run in found])
    return next(run for run in found if run.processor == middle)


def shown(run: Measured) -> Iterator[str]:
    yield f"{run.documents} documents, {run.pages} pages, {run.sentences} sentences"
    yield (
        f"  {run.seconds:.1f} s by the clock, {run.processor:.1f} s of processor: "
        f"{60 * run.documents / run.seconds:.0f} documents a minute, "
        f"{run.pages / run.seconds:.1f} pages/s, {run.sentences / run.seconds:.0f} sentences/s; "
        f"{run.documents / run.processor:.2f} documents per processor second"
    )
    yield f"  asked of the model {run.answered / max(run.sentences, 1):.0%} of the sentences"
    yield f"  peak {run.own_peak:.0f} MiB, of its largest child {run.child_peak:.0f} MiB"
    yield f"  second run {run.again:.2f} s: {run.seconds / run.again:.0f} times as fast"


def content_of(store: Path) -> dict[str, Any]:
    """All that a store says, without times and numbers of runs."""
    with Store.open(store) as opened:
        rows = [repr(row).replace(f"seconds={row.seconds!r}", "") for row in opened.rows()]
    pages = {str(p.relative_to(store)): p.read_bytes() for p in (store / "reports").rglob("*.html")}
    parts = {
        kind: sorted(
            json.dumps(row, sort_keys=True)
            for path in (store / kind).rglob("*.parquet")
            for row in pq.read_table(path, partitioning=None).to_pylist()
        )
        for kind in ("documents", "sentences", "predictions")
    }
    return {"rows": rows, "pages": pages, **parts}


def scan(archive: Path, store: Path, model: str) -> None:
    with Store.writing(store) as opened:
        scan_archive([archive], opened, Predictor(model))


def killed(archive: Path, work: Path, model: str, kills: int) -> str:
    """Kill runs at random moments and go on; compare every store that came to its end."""
    moments = random.Random(SEED)
    # Warm before the fork, so that a child begins with the run itself.
    Predictor(model).model.predict(["预热"])
    started = time.perf_counter()
    scan(archive, work / "whole", model)
    whole = time.perf_counter() - started
    expected = content_of(work / "whole")
    done = stores = differing = damaged = 0
    while done < kills:
        store = work / f"killed{stores}"
        stores += 1
        while done < kills:
            if _finished(archive, store, model, moments.uniform(0.02, whole / 3)):
                break
            done += 1
            ledger = sqlite3.connect(store / "ledger.sqlite")
            damaged += ledger.execute("PRAGMA integrity_check").fetchone() != ("ok",)
            ledger.close()
        scan(archive, store, model)
        differing += content_of(store) != expected
    return (
        f"{done} kills over {stores} stores of {len(expected['rows'])} documents: "
        f"{differing} stores differ from an undisturbed one, {damaged} ledgers damaged"
    )


def _finished(archive: Path, store: Path, model: str, seconds: float) -> bool:
    child = multiprocessing.get_context("fork").Process(target=scan, args=(archive, store, model))
    child.start()
    child.join(seconds)
    if child.is_alive() and child.pid is not None:
        os.kill(child.pid, signal.SIGKILL)
    child.join()
    return child.exitcode == 0


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        archive, store, model, reports = sys.argv[2:]
        run = one_run(Path(archive), Path(store), model, reports == "reports")
        sys.stdout.write(json.dumps(asdict(run)))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--model", default="lexical")
    parser.add_argument("--small", type=int, default=200)
    parser.add_argument("--large", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--no-reports", action="store_true")
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    given = sorted((folder("data") / "samples").glob("*.*"))
    if options.folder:
        given += sorted(path for path in options.folder.rglob("*") if is_document(path.name))
    pdfs = [path.read_bytes() for path in given if path.suffix == ".pdf"]
    maker = Maker(paragraphs_of(given), [data for data in pdfs if len(data) < 1 << 20])
    with tempfile.TemporaryDirectory() as work:
        if options.kills:
            maker.archive(Path(work) / "archive", options.small)
            print(killed(Path(work) / "archive", Path(work), options.model, options.kills))
            return
        runs = []
        for size in (options.small, options.large):
            maker.archive(Path(work) / str(size), size)
            archive = Path(work) / str(size)
            runs.append(measure(archive, options.model, not options.no_reports, options.runs))
            print("\n".join(shown(runs[-1])), flush=True)
        small, large = runs
        rate = (large.documents / large.processor) / (small.documents / small.processor)
        clock = (large.documents / large.seconds) / (small.documents / small.seconds)
        print(
            f"throughput of the large to the small: {rate:.2f} by processor, {clock:.2f} by clock"
        )
        print(f"peak memory, large to small: {large.own_peak / small.own_peak:.2f}")


if __name__ == "__main__":
    main()
