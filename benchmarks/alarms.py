"""Precision of alarms: list them for a reader to judge, then count what was judged.

    python benchmarks/alarms.py list A.pdf B.docx … > alarms.tsv
    python benchmarks/alarms.py count alarms.tsv

``list`` writes the strongest sentences of every alarm. A reader fills the column ``right`` with
1 or 0 by the guidelines (``data/guidelines.md``): does the sentence do to people what the alarm
says? ``count`` gives the precision per sentence and per finding, each with its 95 % interval
(Wilson). A finding counts as right if its strongest sentence is. Judged files hold the text of
other people's documents: keep them to yourself.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from classifier import Classifier, ExtractionError
from classifier.document import Sentence
from classifier.findings import Finding
from classifier.taxonomy import LABELS

COLUMNS = ("right", "document", "rule", "alarm", "rank", "probability", "page", "text", "section")
Row = dict[str, str]


def rows(
    document: str,
    alarms: Iterable[Finding],
    sentences: Sequence[Sentence],
    probabilities: Sequence[Sequence[float]],
    most: int,
) -> Iterator[Row]:
    """One row for each of the ``most`` strongest sentences of every alarm, not yet judged."""
    for alarm in alarms:
        columns = [LABELS.index(code) for code in alarm.rule.categories]
        for rank, index in enumerate(alarm.evidence[:most], 1):
            sentence = sentences[index]
            strength = max(probabilities[index][column] for column in columns)
            values = ("", document, alarm.rule.id, alarm.rule.zh, rank, f"{strength:.3f}")
            where = (sentence.place.page or "", sentence.text, " › ".join(sentence.section))
            yield dict(zip(COLUMNS, map(_one_line, (*values, *where)), strict=True))


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def write(listed: Iterable[Row]) -> None:
    writer = csv.DictWriter(sys.stdout, list(COLUMNS), delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for row in listed:
        writer.writerow(row)  # pyright: ignore[reportArgumentType]


def list_alarms(paths: Sequence[Path], model: str, most: int) -> None:
    found: list[Row] = []
    for path, member, result in Classifier.load(model).analyze_many(paths):
        name = f"{path.name}/{member}" if member else path.name
        if isinstance(result, ExtractionError):
            print(f"{name}: {result}", file=sys.stderr)
            continue
        sentences = [labelled.sentence for labelled in result.sentences]
        probabilities = [labelled.probabilities for labelled in result.sentences]
        found += rows(name, result.findings.alarms, sentences, probabilities, most)
    write(found)


def count(judged: Sequence[Row]) -> None:
    """Raises ValueError where a row is not judged."""
    findings: dict[tuple[str, str], list[bool]] = defaultdict(list)
    rules: dict[str, list[bool]] = defaultdict(list)
    for row in judged:
        if row["right"] not in ("0", "1"):
            raise ValueError(f"not judged 0 or 1: {row['document']}, {row['rule']}, {row['rank']}")
        right = row["right"] == "1"
        findings[row["document"], row["rule"]].append(right)
        rules[row["rule"]].append(right)
    documents = {document for document, _ in findings}
    print(f"{len(documents)} documents with alarms")
    _say("sentences", [right for own in rules.values() for right in own])
    _say("findings, strongest sentence right", [own[0] for own in findings.values()])
    _say("findings, any sentence shown right", [any(own) for own in findings.values()])
    for rule, own in sorted(rules.items(), key=lambda item: -len(item[1])):
        _say(f"  {rule}", own)


def _say(name: str, right: Sequence[bool]) -> None:
    low, high = wilson(sum(right), len(right))
    print(f"{name:36} {sum(right):4} of {len(right):4}  {sum(right) / len(right):.3f}", end="")
    print(f"  [{low:.3f}, {high:.3f}]")


def wilson(right: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    share = right / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list")
    listing.add_argument("files", nargs="+", type=Path)
    listing.add_argument("--model", default="standard")
    listing.add_argument("--most", type=int, default=3, help="sentences per alarm")
    commands.add_parser("count").add_argument("judged", type=Path)
    options = parser.parse_args()
    if options.command == "list":
        list_alarms(options.files, options.model, options.most)
        return
    with options.judged.open(encoding="utf-8", newline="") as file:
        count(list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_MINIMAL)))


if __name__ == "__main__":
    main()
