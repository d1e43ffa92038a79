"""The table of a fuzzing run, by format."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from classifier.errors import Reason


@dataclass(frozen=True, slots=True)
class Row:
    """How one file ended.

    Attributes:
        id: format and seed, or the name of a bomb.
        ends: reason codes, one for each member of a container.
        fault: what went wrong in the main process; empty if nothing did.
        detail: what a crashed reader said last.
        parent, child: peaks of resident memory in MiB.
        left: files left in the temporary, home and current folders.
    """

    id: str
    format: str
    bytes: int
    ends: tuple[str, ...]
    fault: str
    detail: str
    seconds: float
    parent: int
    child: int
    left: int


def load(files: Iterable[Path]) -> list[Row]:
    """Rows of several runs; of a file that was run twice the last one counts."""
    rows: dict[str, Row] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            row = Row(**json.loads(line))
            rows[row.id] = row
    return list(rows.values())


def end_of(row: Row) -> str:
    """One code for a file: the worst of its members, as ``scan`` would list them."""
    order = [*Reason]
    return max(row.ends, key=lambda code: order.index(Reason(code)), default="fault")


def markdown(rows: list[Row]) -> str:
    """One line for each format and one for all."""
    codes = [code.value for code in Reason if any(end_of(row) == code for row in rows)]
    heads = ["format", "files", *codes, "faults", "slowest, s", "child, MiB", "parent, MiB", "left"]
    lines = [heads, ["---"] * len(heads)]
    for format in [*dict.fromkeys(row.format for row in rows), ""]:
        own = [row for row in rows if format in ("", row.format)]
        ends = Counter(map(end_of, own))
        lines.append(
            [
                format or "**all**",
                str(len(own)),
                *(str(ends[code] or "") for code in codes),
                str(sum(bool(row.fault) for row in own)),
                f"{max(row.seconds for row in own):.1f}",
                str(max(row.child for row in own)),
                str(max(row.parent for row in own)),
                str(sum(row.left for row in own)),
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
