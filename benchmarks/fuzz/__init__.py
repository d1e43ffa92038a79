"""Spoiled files of every format and a catalogue of bombs; see ``README.md``."""

import sys
from pathlib import Path

# The builders of the files stand beside the tests, which are no package.
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
