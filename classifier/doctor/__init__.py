"""What works on this machine, in plain words, and what to install for the rest."""

from __future__ import annotations

from collections.abc import Iterator

from classifier.doctor.check import Check


def checks() -> Iterator[Check]:
    """Every check in turn, each really carried out."""
    # On use: these try nearly all of the package.
    from classifier.doctor import extras, formats, machine, models

    yield from machine.checks()
    yield from models.checks()
    yield from formats.checks()
    yield from extras.checks()


__all__ = ["Check", "checks"]
