"""The overview as one HTML page that needs no network and opens from disk.

How untrusted text is kept from acting is said in :mod:`classifier.report.page`. The rows travel
compressed, and the browser draws a hundred of them at a time: a hundred thousand open at once.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment

from classifier.archive.columns import Addresses
from classifier.archive.groups import Groups
from classifier.archive.overview import figures
from classifier.archive.overview.collection import NONE, REASONS, SCALE, VERDICTS, Collection
from classifier.archive.rows import DocumentRow
from classifier.report.page import as_text, asset, environment, policy, script
from classifier.taxonomy import CATEGORIES
from classifier.whole_files import write_text

FILE_NAME: Final = "overview.html"
STATIC_ROWS: Final = 200
"""What the table shows where no script may run."""

_PACKAGE: Final = "classifier.archive.overview"
_SCRIPTS: Final = ("data.js", "table.js", "filters.js", "overview.js")


def write_overview(
    rows: Iterable[DocumentRow], folder: Path, output: Path | None = None, name: str = ""
) -> Path:
    """Write the overview of an archive.

    Args:
        rows: read once.
        folder: that the rows' reports are relative to.
        output: the page; :data:`FILE_NAME` in ``folder`` by default.
        name: of the archive, as its title; may be empty.

    Returns:
        The page's path.

    Raises:
        OSError: it cannot be written; an older one then stays.
    """
    page = output or folder / FILE_NAME
    archive = Collection(Addresses(folder, page.parent))
    for row in rows:
        archive.add(row)
    text = render(archive, archive.groups(), name)
    write_text(page, text)
    return page


def render(archive: Collection, groups: Groups, name: str = "") -> str:
    """The complete page. Any text is accepted; lone surrogates become question marks."""
    style = asset("report.css") + asset("overview.css", package=_PACKAGE)
    code = script(_SCRIPTS, package=_PACKAGE)
    trends = figures.trends(archive)
    histogram = figures.histogram(archive)
    template = _environment().get_template("overview.html.j2")
    page = template.render(
        name=name,
        archive=archive,
        style=style,
        script=code,
        policy=policy(style, code),
        verdicts=list(zip(VERDICTS, figures.verdicts(archive), strict=True)),
        histogram=histogram,
        tallest=max([1, *map(sum, histogram)]),
        salience=figures.salience(archive),
        reasons=figures.reasons(archive),
        alarms=figures.alarms(archive),
        missing=figures.missing(archive),
        profile=figures.profile(archive),
        trends=trends,
        trend_rows=figures.TREND_ROWS,
        groups=groups,
        group_views=figures.group_views(archive, groups),
        grouped=len(groups.numbers),
        ranked=archive.ranking()[:STATIC_ROWS].tolist(),
        static_rows=STATIC_ROWS,
        codes={verdict.value: place for place, verdict in enumerate(VERDICTS)},
        reason_of=REASONS,
        categories=CATEGORIES,
        alarm_names=list(archive.alarm_names),
        data=packed(_data(archive, groups)),
    )
    return as_text(page)


def packed(data: dict[str, Any]) -> str:
    """JSON in gzip in base64: what no parser of HTML can take for anything else."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)).decode()


def _data(archive: Collection, groups: Groups) -> dict[str, Any]:
    """Columns of the table; see ``data.js``. Figures are whole numbers, scaled."""
    return {
        "verdicts": [verdict.zh for verdict in VERDICTS],
        "reasons": [[r.value, r.next_step.split(" ")[0]] for r in REASONS],
        "alarmNames": list(archive.alarm_names),
        "paths": archive.paths,
        "members": {i: member for i, member in enumerate(archive.members) if member},
        "titles": archive.titles,
        "reports": archive.reports,
        "reason": list(archive.reasons),
        "verdict": list(archive.verdicts),
        "score": _scaled(archive.scores, SCALE),
        "low": _scaled(archive.lows, 100),
        "high": _scaled(archive.highs, 100),
        "salience": _scaled(archive.salience, 1000),
        "assistive": _scaled(archive.assistive, 10),
        "control": _scaled(archive.control, 10),
        "pages": list(archive.pages),
        "sentences": list(archive.sentences),
        "alarms": [list(pairs) for pairs in archive.alarms],
        "folder": list(archive.folders),
        "year": list(archive.years),
        "buyer": list(archive.buyers),
        "folders": list(archive.folder_names),
        "years": list(archive.year_names),
        "buyers": list(archive.buyer_names),
        "group": groups.numbers,
    }


def _scaled(figures: array[float], by: int) -> list[int | None]:
    return [None if math.isnan(figure) else round(figure * by) for figure in figures]


def _environment() -> Environment:
    made = environment(_PACKAGE)
    made.filters["label"] = figures.label
    made.filters["name"] = figures.name
    made.filters["directory"] = figures.directory
    made.filters["count"] = lambda number: f"{number:,}"
    made.tests["known"] = lambda figure: figure is not None and math.isfinite(figure)
    made.globals["absent"] = NONE
    made.globals["side"] = _SIDES
    return made


_SIDES: Final = ("c", "c", "", "a", "a", "")
"""Of each verdict, as the style sheet names them."""
