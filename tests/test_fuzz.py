"""Fixed seeds of the fuzzer and bombs through the product's door, as many as the time allows.

The long run and its table: ``benchmarks/fuzz``. Programs there are imported from the checkout.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from classifier import Classifier

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
BOX = 35.0
"""Seconds for each half; what is left over is run by ``benchmarks/fuzz/run.py``."""

LEAST = 5
"""Files that must have been run on any machine, or the test says nothing."""

QUICK = (
    *("gz-quine", "gz-quine-in-zip", "zip-overlapping", "zip-60-deep", "zip-declares-4-GiB"),
    *("tar-links", "tar-sparse-1-TiB", "7z-header-of-8-EiB", "docx-billion-laughs"),
    *("docx-xxe-0-entity", "word-xml-xxe-1-parameter", "ofd-xxe-0-entity", "xlsx-xxe-1-entity"),
    *("html-200000-div", "rtf-200000-groups", "docx-5000-tables-deep", "xlsx-far-cells"),
    *("doc-fat-circle", "xls-directory-circle", "pdf-kids-in-a-circle", "pdf-200000-arrays"),
    *("pdf-forms-in-a-circle", "pdf-page-of-nan", "ofd-graphics-in-a-circle", "ofd-numbers-1e308"),
    *("png-2147483647", "jpeg-65535", "txt-lone-surrogates", "txt-odd-characters"),
)

sys.path.append(str(BENCHMARKS))
run = pytest.importorskip("fuzz.run", reason="needs what makes the files: reportlab, pptx, …")


def faults(cases, seconds: float) -> tuple[int, list[str]]:
    """How many files were run, and what was wrong with any."""
    classifier, started, count, wrong = Classifier.load("lexical"), time.monotonic(), 0, []
    with run.folders() as places:
        for case in cases:
            if time.monotonic() - started > seconds:
                break
            row = run.judged(classifier, case, places)
            count += 1
            if row.fault or row.left or "crashed" in row.ends:
                wrong.append(f"{row.id}: {row.fault or row.ends} {row.detail}, left {row.left}")
    return count, wrong


def test_spoiled_files_end_in_a_result_or_a_reason() -> None:
    cases = (*run.cases(list(run.formats()), 1000, 2, with_bombs=False), *run.interesting())
    count, wrong = faults(cases, BOX)
    assert wrong == []
    assert count >= LEAST


def test_bombs_end_in_the_right_reason() -> None:
    known = {bomb.name: bomb for bomb in run.bombs()}
    count, wrong = faults((run.case_of(known[name]) for name in QUICK), BOX)
    assert wrong == []
    assert count >= LEAST


def test_a_seed_makes_the_same_file_again() -> None:
    for format in run.formats():
        run.mutations.seeds.cache_clear()
        first = run.mutations.mutated(format, 7)
        run.mutations.seeds.cache_clear()
        assert run.mutations.mutated(format, 7) == first
