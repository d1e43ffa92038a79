"""Where no sentence boundary may fall: inside brackets, quotations and URLs."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Final

TERMINATORS: Final = "。！？!?；;.．\n"
CLOSERS: Final = "”’」』）】》〉〕)]\"'"
QUOTE_ENDS: Final = '”’」』"'
QUOTE_STARTS: Final = '“‘「『"'
LONG: Final = 120
"""A bracket with more characters between its ends is a text of its own: sentences in it end."""

_LONG_STRAIGHT: Final = 60
"""The same for straight quotes, whose pairs are a guess."""

_BRACKETS: Final = {"（": "）", "(": ")", "【": "】", "[": "]", "《": "》", "〈": "〉", "〔": "〕"}
_QUOTES: Final = {"“": "”", "‘": "’", "「": "」", "『": "』"}
_PAIRS: Final = _BRACKETS | _QUOTES
_PAIR_ENDS: Final = frozenset(_PAIRS.values())
_DEPTH: Final = 16
# So many closing marks are stepped over to see what stands before a bracket.
_STEPS: Final = 4
_SPOKEN_ON: Final = frozenset("，、：,:的等及和与或是为字（(“「『‘")

_INCHES: Final = re.compile(r'\d"[\u3400-\u9fff\s、）)]')

# The bounds keep the search linear on long runs of letters; the last character is no punctuation.
_URL: Final = re.compile(
    r"(?:https?|ftp)://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]*[A-Za-z0-9/=&#_%-]"
    r"|(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,255}"
)


def shelter(text: str) -> bytearray:
    """1 at every offset of ``text`` (and its end) where no boundary may fall.

    A bracket or quotation that begins where a sentence begins and closes right
    behind an end mark is no shelter: what is in it are sentences.
    """
    inside = bytearray(len(text) + 1)
    for start, end in _pairs(text):
        # A closing mark never begins a sentence.
        inside[end] = 1
        longest = _LONG_STRAIGHT if text[start] == '"' else LONG
        if end - start <= longest and not _stands_alone(text, start, end):
            inside[start + 1 : end + 1] = b"\x01" * (end - start)
    for match in _URL.finditer(text):
        inside[match.start() + 1 : match.end()] = b"\x01" * (match.end() - match.start() - 1)
    return inside


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of matching marks; what was opened inside and never closed does not count."""
    opened: deque[tuple[str, int]] = deque(maxlen=_DEPTH)
    straight: list[int] = []
    for at, char in enumerate(text):
        if char in _PAIRS:
            opened.append((_PAIRS[char], at))
        elif char in _PAIR_ENDS:
            # A stray closing mark closes nothing.
            if all(end != char for end, _ in opened):
                continue
            while opened[-1][0] != char:
                opened.pop()
            yield opened.pop()[1], at
        elif char == '"' and not _INCHES.match(text, max(0, at - 1)):
            straight.append(at)
        if straight and (char == "\n" or at == len(text) - 1):
            if len(straight) % 2 == 0:
                yield from zip(straight[::2], straight[1::2], strict=True)
            straight.clear()


def _stands_alone(text: str, start: int, end: int) -> bool:
    last = text[end - 1]
    if text[start] in _BRACKETS:
        return last in "。！？；!?;" and _begins_sentence(text, start)
    after = text[end + 1 : end + 2]
    return last == "。" and after not in _SPOKEN_ON and _begins_sentence(text, start)


def _begins_sentence(text: str, at: int) -> bool:
    at -= 1
    steps = 0
    while at >= 0 and steps < _STEPS and (text[at].isspace() or text[at] in CLOSERS):
        if text[at] == "\n":
            return True
        at -= 1
        steps += 1
    return at < 0 or text[at] in "。！？；!?;"
