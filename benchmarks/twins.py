"""The same document in two formats: do the sentences and the scores agree?

    python benchmarks/twins.py A.docx A.pdf [--model standard]

Sentences are matched by their text without white space; repeated ones count
as often as they stand. Prints the share of each side found on the other, F1,
and both scores with their intervals.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

from classifier import Classifier, Report


def sentences(report: Report) -> Counter[str]:
    return Counter(re.sub(r"\s", "", labelled.text) for labelled in report.sentences)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", type=Path, nargs=2)
    parser.add_argument("--model", default="standard")
    options = parser.parse_args()
    classifier = Classifier.load(options.model)
    reports = [classifier.analyze(path) for path in options.files]
    first, second = map(sentences, reports)
    shared = (first & second).total()
    sys.stdout.write(
        f"sentences {first.total()} and {second.total()}, shared {shared}: "
        f"{shared / first.total():.3f} of the first, {shared / second.total():.3f} of the second, "
        f"F1 {2 * shared / (first.total() + second.total()):.3f}\n"
    )
    for path, report in zip(options.files, reports, strict=True):
        o = report.orientation
        sys.stdout.write(
            f"{path.suffix}: score {o.score:+.3f} [{o.interval.low:+.3f}, {o.interval.high:+.3f}], "
            f"salience {o.salience:.3f}, {o.verdict.value}\n"
        )
    a, b = (report.orientation for report in reports)
    inside = (
        a.interval.low <= b.score <= a.interval.high
        and b.interval.low <= a.score <= b.interval.high
    )
    sys.stdout.write(f"each score within the other's interval: {inside}\n")


if __name__ == "__main__":
    main()
