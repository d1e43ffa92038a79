"""Spoiled files and bombs through the product's door: does each end as it should, within limits?

    python -m benchmarks.fuzz.run --out runs/fuzz.jsonl [--count 130] [--formats pdf,docx]
        [--first 0] [--seconds 480] [--no-bombs]
    python -m benchmarks.fuzz.run --table runs/fuzz.jsonl

Each file goes through ``Classifier.analyze_all`` with the lexical model, and each report through
HTML, JSON and the workbook, all in this one process, whose memory, children and folders are
watched. A run that is called again goes on where it stopped; a file that ended the whole process
is counted as such when the next run begins.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from classifier import Classifier
from classifier.errors import ExtractionError
from classifier.limits import MIB, Limits
from classifier.report.html import render
from classifier.report.report import Report
from classifier.report.workbook import workbook

from . import mutations, table
from .bomb import Bomb
from .bombs import bombs
from .seeds import file_name, formats
from .watch import folders, watched

LIMITS = Limits(seconds=20, memory=1024 * MIB, ocr="off")
PICTURES = frozenset(("png", "jpeg", "tiff", "bmp", "webp"))
PICTURE_LIMITS = replace(LIMITS, ocr="auto", memory=2048 * MIB, ocr_seconds=20, ocr_pages=3)
"""Pictures are only decoded where they are recognised, which takes more memory."""

HANG = 600.0
"""Seconds after which a file has hung: every member may use up its time, and scoring is on top."""


@dataclass(frozen=True, slots=True)
class Case:
    """One file: a seed of a format, or a bomb."""

    id: str
    format: str
    make: Callable[[], bytes]
    ends: tuple[str, ...] = ()


class Hang(Exception):
    """A file took longer than :data:`HANG`."""


def cases(chosen: list[str], first: int, count: int, with_bombs: bool) -> Iterator[Case]:
    """Seed by seed over all formats, so that a run cut short has some of each; then the bombs."""
    for seed in range(first, first + count):
        for format in chosen:
            yield _spoiled(format, seed)
    if with_bombs:
        yield from (case_of(bomb) for bomb in bombs() if bomb.format in chosen)


def case_of(bomb: Bomb) -> Case:
    return Case(bomb.name, bomb.format, bomb.make, bomb.ends)


def interesting() -> Iterator[Case]:
    """The seeds listed in ``interesting.txt``, which have found something before."""
    listed = Path(__file__).with_name("interesting.txt").read_text(encoding="utf-8")
    for line in listed.splitlines():
        if line and not line.startswith("#"):
            format, seed = line.partition("\t")[0].split()
            yield _spoiled(format, int(seed))


def _spoiled(format: str, seed: int) -> Case:
    return Case(f"{format} {seed}", format, lambda: mutations.mutated(format, seed))


def judged(classifier: Classifier, case: Case, places: tuple[Path, ...]) -> table.Row:
    """Run one file and say how it ended."""
    data = case.make()
    classifier.limits = PICTURE_LIMITS if case.format in PICTURES else LIMITS
    started, ends, fault, detail = time.monotonic(), [], "", ""
    signal.setitimer(signal.ITIMER_REAL, HANG)
    with watched(places) as cost:
        try:
            for _, result in classifier.analyze_all(data, file_name(case.format)):
                ends.append(_end(result))
                if isinstance(result, ExtractionError) and result.reason.value == "crashed":
                    detail = result.detail
        except ExtractionError as error:
            ends.append(error.reason.value)
        except Hang:
            fault = "hang"
        except Exception as error:  # what a user would see as a traceback
            fault = f"{type(error).__name__}: {error}"[:200]
            traceback.print_exc()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    if not ends and not fault:
        fault = "no result"
    if case.ends and not fault and not set(ends) <= {*case.ends, *_BESIDE}:
        fault = f"ends in {'/'.join(sorted(set(ends)))}"
    return table.Row(
        id=case.id,
        format=case.format,
        bytes=len(data),
        ends=tuple(ends),
        fault=fault,
        detail=detail,
        seconds=round(time.monotonic() - started, 2),
        parent=round(cost.parent),
        child=round(cost.child),
        left=cost.left,
    )


_BESIDE = ("not_chinese", "encrypted")
"""Codes that are right for a member of a bomb that is no bomb itself."""


def _end(result: Report | ExtractionError) -> str:
    """The reason code; a report also goes through its exports, which must take any text."""
    if isinstance(result, ExtractionError):
        return result.reason.value
    for labelled in result.sentences:
        sentence = labelled.sentence
        assert result.document.text[sentence.start : sentence.end] == sentence.text
    render(result)
    json.dumps(result.to_json(), ensure_ascii=True, allow_nan=False)
    workbook(result)
    return result.document.reason.value


def _stop(signum: int, frame: object) -> None:
    raise Hang


def _done(out: Path) -> set[str]:
    if not out.exists():
        return set()
    return {json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()}


def run(chosen: Iterator[Case], out: Path, seconds: float) -> None:
    """Append a line for every case that has none yet, until the time is up."""
    began = out.with_suffix(".began")
    if began.exists():
        row = table.Row(**json.loads(began.read_text(encoding="utf-8")))
        _append(out, row)
        began.unlink()
    done, started = _done(out), time.monotonic()
    signal.signal(signal.SIGALRM, _stop)
    classifier = Classifier.load("lexical")
    with folders() as places:
        for case in chosen:
            if case.id in done:
                continue
            if time.monotonic() - started > seconds:
                break
            died = table.Row(case.id, case.format, 0, (), "the process ended", "", 0, 0, 0, 0)
            began.write_text(json.dumps(asdict(died)), encoding="utf-8")
            row = judged(classifier, case, places)
            _append(out, row)
            began.unlink()
            if row.fault or row.detail or row.left:
                print(row)
                sys.stdout.flush()


def _append(out: Path, row: table.Row) -> None:
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path, nargs="*")
    parser.add_argument("--formats", default=",".join(formats()))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=130)
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--no-bombs", action="store_true")
    options = parser.parse_args()
    if options.table:
        print(table.markdown(table.load(options.table)))
        return
    if options.out is None:
        parser.error("--out or --table is needed")
    out = options.out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    os.environ.pop("PYTHONWARNINGS", None)
    chosen = cases(options.formats.split(","), options.first, options.count, not options.no_bombs)
    run(chosen, out, options.seconds)


if __name__ == "__main__":
    main()
