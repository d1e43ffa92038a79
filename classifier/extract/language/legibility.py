"""Whether characters are language or what a broken character map makes of it.

Three kinds of evidence: characters that nobody writes (private use, replacement and control
characters, scripts that Chinese documents do not use, GBK bytes shown as Latin letters), Han
of which hardly any two neighbours belong to a word, and Latin letters in improbable shares.
"""

from __future__ import annotations

from enum import IntFlag
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.resources import folder

_HAN_BLOCK = (0x4E00, 0xA000)


class _Bounds(NamedTuple):
    """Shares (0 to 1) beyond which characters are no language.

    ``known``: ordinary characters, at least; ``foreign``: accented, Greek and Cyrillic letters,
    at most; ``marks``: rare ASCII punctuation, at most; ``jumps``: neighbours in ASCII text that
    change between small and capital letters, digits and marks, at most; ``pairs``: neighbouring
    Han that are neighbours in a word, at least; ``surprise``: nats per Latin small letter, at most.
    """

    known: float
    foreign: float
    marks: float
    jumps: float
    pairs: float
    surprise: float


_GARBLED = _Bounds(known=0.8, foreign=0.15, marks=0.35, jumps=0.55, pairs=0.1, surprise=3.5)
"""Measured on Chinese tenders: pairs 0.34 and more, 0.02 where characters are swapped and below
0.1 on 998 of 1,000 such pages; lists of personal names have 0.11 and more.
English has 2.9 nats, with letters swapped 3.8 on average."""
_DOUBTFUL = _Bounds(known=0.99, foreign=0.03, marks=0.15, jumps=0.5, pairs=0.38, surprise=3.5)
_PROSE = 0.25
_ENOUGH_PAIRS = 20
_ENOUGH_LETTERS = 100
_ENOUGH_JUMPS = 40
_ASCII = 0.6
_ASCII_MARKS = 0.08
"""Shares of ASCII, and of rare marks, from which jumps are no parameters, dates or codes."""
_LATIN = 0.6
"""Share of small letters from which a text is Latin prose, not identifiers and addresses."""
_ENOUGH_MARKS = 8
_ENOUGH_FOREIGN = 6
"""Different foreign letters; a Greek chi often stands for the cross of a blank to fill in."""
_MIN_IN_WORDS = 0.18
"""Share of Han that make a word with a neighbour: about 0.7 in language, 0.2 in names."""
_MIN_COMMON = 0.08
"""Share of the commonest characters among the Han of a page; prose and tables have 0.2 and more."""
_MIN_HAN = 150
_TRADITIONAL = 0.08
"""Share of traditional characters from which the pairs, which are simplified, say nothing."""
_SYMBOLS = 0.1
"""Share up to which private use characters of symbol fonts are bullets."""

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


def _table(*ranges: tuple[int, int], chars: str = "") -> NDArray[np.bool_]:
    table = np.zeros(0x110000, bool)
    for low, high in ranges:
        table[low:high] = True
    table[[ord(char) for char in chars]] = True
    return table


def _han_of(charset: str, leads: tuple[int, int], trails: tuple[tuple[int, int], ...]) -> str:
    codes = bytes(
        byte
        for lead in range(*leads)
        for low, high in trails
        for trail in range(low, high)
        for byte in (lead, trail)
    )
    return codes.decode(charset, "ignore")


# Level 1 and 2 of GB 2312; level 1 of Big5 for traditional characters.
_GB = _table(chars=_han_of("gb2312", (0xB0, 0xF8), ((0xA1, 0xFF),)))
_BIG5 = _table(chars=_han_of("big5", (0xA4, 0xC7), ((0x40, 0x7F), (0xA1, 0xFF))))
_ORDINARY = _GB | _BIG5 | _table(
    (0x20, 0x7F), (0xA0, 0x250), (0x370, 0x450), (0x2010, 0x2070), (0x2100, 0x2800),
    (0x2E80, 0x3020), (0x3105, 0x3130), (0x3200, 0x3400), (0xFE30, 0xFE50), (0xFF00, 0xFFF0),
)  # fmt: skip
_ONLY_BIG5 = _BIG5 & ~_GB


class _Kind(IntFlag):
    KNOWN = 1
    SYMBOL = 2
    FOREIGN = 4
    MARK = 8
    HAN = 16
    FREQUENT = 32
    SMALL = 64


def _kinds() -> NDArray[np.uint8]:
    accepted = _table(chars="§°±²³·¹×÷©®«»¥£µΩαβγδλμπρσφωΦΔΣ")
    members = {
        _Kind.KNOWN: _ORDINARY,
        _Kind.SYMBOL: _table((0xF000, 0xF100)),
        _Kind.FOREIGN: _table((0xA1, 0x250), (0x370, 0x450)) & ~accepted,
        _Kind.MARK: _table(chars="!\"#$&'?@\\^`{}"),
        _Kind.HAN: _table(_HAN_BLOCK),
        _Kind.FREQUENT: _table(chars=_COMMON),
        _Kind.SMALL: _table((0x61, 0x7B)),
    }
    kinds = np.zeros(0x110000, np.uint8)
    for kind, table in members.items():
        kinds[table] |= np.uint8(kind)
    return kinds


_KINDS = _kinds()
_MEMBERS = np.array([[value & kind > 0 for kind in _Kind] for value in range(256)], np.int64)
"""Which kinds every value of _KINDS stands for, in their order."""
_CLASSES = np.select(
    [_table((0x61, 0x7B)), _table((0x41, 0x5B)), _table((0x30, 0x3A)), _table((0x21, 0x7F))],
    [1, 2, 3, 4],
).astype(np.int8)
_CID_LENGTH = 8
"""Characters that such a mark has at least."""
_CID = np.array([ord(char) for char in "(cid:"], np.int32)
# Relative frequencies of the letters a to z in English text, in percent.
_LETTERS = (
    8.2, 1.5, 2.8, 4.3, 12.7, 2.2, 2.0, 6.1, 7.0, 0.15, 0.8, 4.0, 2.4,
    6.7, 7.5, 1.9, 0.1, 6.0, 6.3, 9.1, 2.8, 1.0, 2.4, 0.15, 2.0, 0.07,
)  # fmt: skip
_SURPRISE = -np.log(np.array(_LETTERS) / 100)


@cache
def _word_pairs() -> NDArray[np.int64]:
    """Pairs of Han that are neighbours in words, ``first << 16 | second``, ascending."""
    pairs = [
        ord(line[0]) << 16 | ord(second)
        for line in (folder("data") / "han_pairs.txt").read_text(encoding="utf-8").splitlines()
        for second in line[1:]
    ]
    return np.sort(np.array(pairs, np.int64))


class _Shares(NamedTuple):
    """What :class:`_Bounds` bounds; None where there are too few characters to tell."""

    known: float
    foreign: float
    marks: float
    jumps: float
    pairs: float | None
    surprise: float | None
    common: bool

    def within(self, bounds: _Bounds) -> bool:
        return (
            self.common
            and self.known >= bounds.known
            and self.foreign <= bounds.foreign
            and self.marks <= bounds.marks
            and self.jumps <= bounds.jumps
            and (self.pairs is None or self.pairs >= bounds.pairs)
            and (self.surprise is None or self.surprise <= bounds.surprise)
        )


def is_legible(codes: NDArray[np.int32]) -> bool:
    """Whether characters in content order (n Unicode code points) look like a written language."""
    shares = _shares(codes)
    return shares is not None and shares.within(_GARBLED)


def is_doubtful(codes: NDArray[np.int32]) -> bool:
    """Whether a part of the characters may be garbled: worth a closer look font by font."""
    shares = _shares(codes)
    return shares is None or not shares.within(_DOUBTFUL)


def is_legible_part(codes: NDArray[np.int32], words: NDArray[np.int8]) -> bool:
    """As :func:`is_legible` for a part of a page, such as what is set in one font.

    The characters of a part need not be neighbours, so their ``words`` come from
    :func:`in_words` of the whole page.
    """
    shares = _shares(codes, of_whole=False)
    counted = words[words >= 0]
    if len(counted) >= _ENOUGH_PAIRS and counted.mean() < _MIN_IN_WORDS:
        return False
    return shares is not None and shares.within(_GARBLED)


def count_broken(codes: NDArray[np.int32]) -> int:
    """How many characters are missing, replaced or of private use (bullets of symbol fonts not)."""
    private = (codes >= 0xE000) & (codes < 0xF900) & ((codes < 0xF000) | (codes >= 0xF100))
    missing = (codes >= 0) & (codes < 9)
    return int(np.count_nonzero(private | missing | (codes == 0xFFFD) | (codes >= 0xF0000)))


def in_words(codes: NDArray[np.int32]) -> NDArray[np.int8]:
    """For every character 1 where a neighbour makes a word with it, 0 where none does.

    -1 for what has no Han beside it or is no Han, and everywhere in traditional text.
    """
    found = np.full(len(codes), -1, np.int8)
    both, known = _neighbours(codes)
    if both is None:
        return found
    found[:-1][both] = found[1:][both] = 0
    found[:-1][known] = found[1:][known] = 1
    return found


def _neighbours(
    codes: NDArray[np.int32],
) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_]]:
    """Where a Han follows a Han, or None if that says nothing, and where they belong to a word."""
    han = (codes >= _HAN_BLOCK[0]) & (codes < _HAN_BLOCK[1])
    both = han[1:] & han[:-1]
    known = np.zeros_like(both)
    if np.count_nonzero(both) < _ENOUGH_PAIRS:
        return None, known
    if float(_ONLY_BIG5[codes[han]].mean()) > _TRADITIONAL:
        return None, known
    pairs = (codes[:-1].astype(np.int64) << 16 | codes[1:])[both]
    words = _word_pairs()
    at = np.minimum(np.searchsorted(words, pairs), len(words) - 1)
    known[both] = words[at] == pairs
    return both, known


def _word_share(codes: NDArray[np.int32]) -> float | None:
    both, known = _neighbours(codes)
    return None if both is None else np.count_nonzero(known) / np.count_nonzero(both)


def is_prose(codes: NDArray[np.int32]) -> bool:
    """Whether characters are plainly language: many Han, with words among them, or English.

    Stricter than :func:`is_legible`: numbers and codes alone are no prose.
    """
    ink = codes[codes > 0x20]
    shares = _shares(codes)
    if shares is None or not shares.within(_GARBLED):
        return False
    if shares.pairs is not None:
        return shares.pairs >= _PROSE
    han = (ink >= _HAN_BLOCK[0]) & (ink < _HAN_BLOCK[1])
    return shares.surprise is not None or bool(2 * np.count_nonzero(han) >= len(ink))


def _jumps(codes: NDArray[np.int32]) -> float:
    """Share of neighbours that change their class of ASCII; 0 where there is not enough of it."""
    classes = _CLASSES[codes]
    both = (classes[1:] > 0) & (classes[:-1] > 0) & (codes[1:] != codes[:-1])
    is_ascii = np.count_nonzero(classes) >= _ASCII * np.count_nonzero(codes > 0x20)
    if not is_ascii or np.count_nonzero(both) < _ENOUGH_JUMPS:
        return 0.0
    return float((classes[1:] != classes[:-1])[both].mean())


def _cid_marks(codes: NDArray[np.int32]) -> int:
    """How often a program wrote ``(cid:n)`` for a character that it had no map for."""
    if len(codes) < len(_CID):
        return 0
    windows = np.lib.stride_tricks.sliding_window_view(codes, len(_CID))
    return int(np.count_nonzero((windows == _CID).all(axis=1)))


def _shares(codes: NDArray[np.int32], of_whole: bool = True) -> _Shares | None:
    ink = codes[(codes > 0x20) & (codes < 0x110000)]
    missing = int(np.count_nonzero((codes >= 0) & (codes < 9)))
    if not len(ink):
        return None
    kinds = _KINDS[ink]
    counts = np.bincount(kinds, minlength=256) @ _MEMBERS
    known, symbols, foreign, marks, han, frequent, small = counts.tolist()
    if symbols < _SYMBOLS * len(ink):
        known += symbols
    if foreign and len(np.unique(ink[kinds & _Kind.FOREIGN > 0])) < _ENOUGH_FOREIGN:
        foreign = 0
    cids = _cid_marks(ink) if np.any(ink == _CID[0]) else 0
    is_latin = small >= max(_ENOUGH_LETTERS, _LATIN * len(ink))
    letters = ink[kinds & _Kind.SMALL > 0] - 0x61 if is_latin else None
    return _Shares(
        known=max(known - _CID_LENGTH * cids, 0) / (len(ink) + missing),
        foreign=foreign / len(ink),
        marks=marks / len(ink) if marks >= _ENOUGH_MARKS else 0.0,
        jumps=_jumps(codes) if marks >= _ASCII_MARKS * len(ink) else 0.0,
        pairs=_word_share(codes) if of_whole else None,
        surprise=None if letters is None else float(_SURPRISE[letters].mean()),
        common=han < _MIN_HAN or frequent >= _MIN_COMMON * han,
    )
