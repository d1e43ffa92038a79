"""Where shipped data and models lie: inside the installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``data`` or ``models``.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        if (path := root / name).is_dir():
            return path
    raise FileNotFoundError(
        f"the folder {name!r} is missing from the installation: reinstall tenderlens"
    )
