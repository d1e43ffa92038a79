"""Whether the text of a page is language or what a broken character map makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ENOUGH = 0.8
"""Share of ordinary characters below which a page is garbled."""
_MIN_COMMON = 0.08
"""Share of the commonest characters among the Han of a page; prose and tables have 0.2 and more."""
_MIN_HAN = 150

# Simplified only and short, since _MIN_COMMON is measured with it: with the longer list of
# charset.py even random characters would pass.
_COMMON = (
    "的一是不了在人有我他这中大来上个国和地到说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然"
    "家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与"
    "长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或"
    "新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口"
    "认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统"
    "区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边"
    "死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运投标招购供应商采价格服务项目文件合同单位要求"
)


def _ordinary() -> NDArray[np.bool_]:
    table = np.zeros(0x110000, bool)
    for low, high in (
        (0x20, 0x7F), (0xA0, 0x250), (0x370, 0x450), (0x2010, 0x2070), (0x2100, 0x2800),
        (0x2E80, 0x3020), (0x3105, 0x3130), (0x3200, 0x3400), (0xFE30, 0xFE50), (0xFF00, 0xFFF0),
    ):  # fmt: skip
        table[low:high] = True
    # Level 1 and 2 of GB 2312, and level 1 of Big5 for traditional characters.
    for lead in range(0xB0, 0xF8):
        for trail in range(0xA1, 0xFF):
            _mark(table, bytes((lead, trail)), "gb2312")
    for lead in range(0xA4, 0xC7):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            _mark(table, bytes((lead, trail)), "big5")
    return table


def _mark(table: NDArray[np.bool_], code: bytes, charset: str) -> None:
    if char := code.decode(charset, "ignore"):
        table[ord(char)] = True


_ORDINARY = _ordinary()
_FREQUENT = np.zeros(0x110000, bool)
_FREQUENT[[ord(char) for char in _COMMON]] = True


def is_legible(codes: NDArray[np.int32]) -> bool:
    """Whether the characters of a page (Unicode code points) look like a written language.

    False for many private-use, replacement or missing characters, for Han that nobody
    uses, and for pages of Han without the characters that every text is full of.
    """
    ink = codes[(codes > 0x20) & (codes < 0x110000)]
    missing = int(np.count_nonzero((codes >= 0) & (codes < 9)))
    if not len(ink):
        return False
    symbols = (ink >= 0xF000) & (ink < 0xF100)
    known = _ORDINARY[ink] | (symbols if symbols.mean() < 0.1 else False)
    if np.count_nonzero(known) < _ENOUGH * (len(ink) + missing):
        return False
    han = ink[(ink >= 0x4E00) & (ink < 0xA000)]
    return len(han) < _MIN_HAN or bool(_FREQUENT[han].mean() >= _MIN_COMMON)
