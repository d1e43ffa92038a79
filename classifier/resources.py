"""Where shipped data and models lie: inside the installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``data`` or ``models``.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    if (inside := _PACKAGE / name).is_dir():
        return inside
    beside = _PACKAGE.parent / name
    # Next to an installed package a folder of this name may belong to somebody else.
    if beside.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return beside
    raise FileNotFoundError(
        f"the folder {name!r} is missing from the installation: reinstall tenderlens"
    )
