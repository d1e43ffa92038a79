"""The checksums of a model folder, by which it is known and verified."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from classifier.model import CHECKSUM_FILE

# What a model answers with; documentation beside it may change without a new version.
CHECKED = ("*.json", "*.npz", "onnx/*.onnx")


def seal(folder: Path) -> None:
    """Write the SHA-256 of every file the answers depend on."""
    files = sorted(
        {file for pattern in CHECKED for file in folder.glob(pattern)} - {folder / CHECKSUM_FILE}
    )
    digests = {
        f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files
    }
    (folder / CHECKSUM_FILE).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
