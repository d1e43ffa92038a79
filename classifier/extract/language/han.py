"""Which characters count as Han."""

from __future__ import annotations

from typing import Final

HAN: Final = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
"""What stands between the brackets of a regular expression for one Han character."""


def is_han(char: str) -> bool:
    """Whether one character is Han: unified or compatibility ideographs, and ``〇``."""
    return (
        "\u3400" <= char <= "\u9fff"
        or "\U00020000" <= char <= "\U0003ffff"
        or "\uf900" <= char <= "\ufaff"
        or char == "〇"
    )
