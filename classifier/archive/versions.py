"""Versions of what a result depends on besides the model: told from the source itself.

A number kept by hand is forgotten one day; then a store would mix what two programs found.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from classifier.extract.ocr.models import model_paths
from classifier.limits import Limits
from classifier.resources import folder

_PACKAGE = Path(__file__).resolve().parents[1]
_EXTRACTOR = ("extract/**/*.py", "document.py")
_SEGMENTER = ("segment.py", "splitting.py", "shelter.py", "items.py", "document.py")
_SCORING = ("scoring.py", "orientation.py", "findings/**/*.py", "calibration.py", "taxonomy.py")
_SCORING_DATA = ("findings.yaml", "taxonomy.yaml")


@dataclass(frozen=True, slots=True)
class Versions:
    """Of one run; a result made under other ones is made anew."""

    extractor: str
    segmenter: str
    scoring: str
    model: str
    model_version: str
    limits: str

    @property
    def fingerprint(self) -> str:
        """Changes with each of them."""
        listed = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(listed.encode()).hexdigest()[:16]


@cache
def extractor() -> str:
    """Changes with the readers' source, and with whether recognition is installed."""
    return _digest(_EXTRACTOR) + ("+ocr" if model_paths() is not None else "")


@cache
def segmenter() -> str:
    return _digest(_SEGMENTER)


@cache
def scoring() -> str:
    return _digest(_SCORING, _SCORING_DATA)


def limits_text(limits: Limits) -> str:
    return json.dumps(asdict(limits), sort_keys=True)


def _digest(patterns: tuple[str, ...], data: tuple[str, ...] = ()) -> str:
    files = sorted({path for pattern in patterns for path in _PACKAGE.glob(pattern)})
    content = hashlib.sha256()
    for path in (*files, *(folder("data") / name for name in data)):
        content.update(f"{path.name}\0".encode())
        content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()[:12]
