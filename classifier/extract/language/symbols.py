"""Characters of the symbol fonts that Word inserts by code."""

from __future__ import annotations

from functools import cache
from typing import Final

# Wingdings and Wingdings 2, by the last byte of the code: check boxes and bullets.
_WINGDINGS: Final = {
    0xA8: "□", 0x6F: "□", 0x71: "□", 0xA3: "□", 0xFE: "☑", 0x52: "☑", 0xFD: "☒", 0x53: "☒",
    0xFC: "√", 0x50: "√", 0x6C: "●", 0x6E: "■", 0x75: "◆", 0xAB: "★",
}  # fmt: skip
_SYMBOL: Final = {
    0xA3: "≤", 0xB3: "≥", 0xB9: "≠", 0xBB: "≈", 0xB1: "±", 0xB4: "×", 0xB8: "÷", 0xB0: "°",
    0xA5: "∞", 0xD6: "√", 0xB7: "•", 0xAC: "←", 0xAE: "→", 0xAB: "↔", 0x2D: "−", 0x44: "Δ",
    0x53: "Σ", 0x57: "Ω", 0x61: "α", 0x62: "β", 0x67: "γ", 0x6C: "λ", 0x6D: "μ", 0x70: "π",
    0x71: "θ", 0x73: "σ", 0x66: "φ",
}  # fmt: skip

_FONTS: Final = ("symbol", "wingdings", "wingdings 2")
_PRIVATE: Final = 0xF000
"""Where in Unicode the codes of a symbol font begin."""


@cache
def in_font(font: str) -> dict[int, str]:
    """For :meth:`str.translate`: what characters typed in a font show, nothing in an ordinary one.

    Characters of unknown meaning stay: a run of Chinese text may have such a Western font.
    """
    name = font.strip().lower()
    codes = (_SYMBOL if name == "symbol" else _WINGDINGS) if name in _FONTS else {}
    return {code + base: char for code, char in codes.items() for base in (0, _PRIVATE)}


def symbol(code: int, font: str = "") -> str:
    """What a code shows in a font, empty if unknown: ``0xF0B3`` in Symbol is ``≥``."""
    known = _SYMBOL if font.strip().lower() == "symbol" else _WINGDINGS
    return known.get(code & 0xFF, "")
