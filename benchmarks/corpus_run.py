"""Run every file of a folder through the product and print what became of each.

    python benchmarks/corpus_run.py FOLDER [--model standard] [--csv table.csv]

One line per file: reason code, pages, sentences, seconds to read, seconds to
classify, score. The last lines sum up. Any exception that is not a reason code
ends the run: that is what it is for.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from pathlib import Path

from classifier import Classifier, ExtractionError
from classifier.document import ReadBy

COLUMNS = (
    "file",
    "reason",
    "pages",
    "ocr_pages",
    "sentences",
    "read_s",
    "classify_s",
    "score",
    "verdict",
    "detail",
)


def measure(classifier: Classifier, path: Path) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(COLUMNS, "")
    row["file"] = path.name
    started = time.perf_counter()
    try:
        document = classifier.read(path)
    except ExtractionError as error:
        row |= {"reason": error.reason.value, "detail": error.detail}
        row["read_s"] = round(time.perf_counter() - started, 2)
        return row
    read = time.perf_counter()
    report = classifier.analyze(document)
    row |= {
        "reason": document.reason.value,
        "pages": len(document.page_sizes) or "",
        "ocr_pages": sum(page.read_by is ReadBy.OCR for page in document.pages) or "",
        "sentences": len(report.sentences),
        "read_s": round(read - started, 2),
        "classify_s": round(time.perf_counter() - read, 2),
        "score": round(report.orientation.score, 2),
        "verdict": report.orientation.verdict.value,
    }
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    classifier = Classifier.load(options.model)
    paths = sorted(path for path in options.folder.rglob("*") if path.is_file())
    rows = []
    for path in paths:
        rows.append(measure(classifier, path))
        sys.stdout.write("\t".join(str(rows[-1][column]) for column in COLUMNS) + "\n")
        sys.stdout.flush()
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    total = lambda key: sum(row[key] for row in rows if isinstance(row[key], int | float))  # noqa: E731
    reasons = Counter(row["reason"] for row in rows)
    sys.stdout.write(
        f"{len(rows)} files: {dict(reasons)}; "
        f"{total('pages')} pages, {total('sentences')} sentences, "
        f"{total('read_s'):.0f} s reading, {total('classify_s'):.0f} s classifying\n"
    )


if __name__ == "__main__":
    main()
