"""Show a number of a spreadsheet the way its number format shows it.

Source: ECMA-376 part 1, 18.8.30 and 18.8.31 (numFmt); the CJK built-in formats
as Excel in simplified Chinese shows them. What is not handled (fractions,
conditions, digits split by literals) is shown in the General format.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Final

GENERAL: Final = "General"

_LONG_DATE: Final = 'yyyy"年"m"月"d"日"'
_MONTH: Final = 'yyyy"年"m"月"'
_DAY: Final = 'm"月"d"日"'

# The short dates 14 and 22 follow the reader's own settings, so they are shown as ISO 8601.
BUILTIN: Final = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    **dict.fromkeys((27, 36, 50, 52, 57), _MONTH),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), _DAY),
    30: "m-d-yy",
    31: _LONG_DATE,
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    **dict.fromkeys((34, 55), '上午/下午h"时"mm"分"'),
    **dict.fromkeys((35, 56), '上午/下午h"时"mm"分"ss"秒"'),
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss",
    48: "0.0E+0",
    49: "@",
}
"""Format codes by the ids below 164 that files use without spelling them out."""

_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|[_*].'
    r"|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]|\[(?P<elapsed>h+|m+|s+)\]|\[(?P<bracket>[^\]]*)\]"
    r"|(?P<general>General|G/通用格式)|(?P<half>AM/PM|A/P|上午/下午)"
    r"|(?P<power>[0#?][0#?.,]*E[+-]0+)|(?P<digits>[0#?.,]*[0#?][0#?.,]*(?:\s*/\s*[0-9?#]+)?)"
    r"|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|a{3,4}|e+)|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_MAX_CODE: Final = 255
_DATE_KINDS: Final = ("date", "elapsed", "half")
_WEEKDAYS: Final = "一二三四五六日"
_END: Final = 2_958_466
"""Serial number of the first day after 9999-12-31."""

_EPOCH: Final = datetime(1899, 12, 30)
_EPOCH_1904: Final = datetime(1904, 1, 1)
_DECIMALS: Final = Context(prec=330, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


_Section = tuple[_Token, ...]


def shown(value: float, code: str = GENERAL, *, date1904: bool = False) -> str:
    """Text of ``value`` in the format ``code``; dates are serial numbers of days."""
    sections = _sections(code[:_MAX_CODE])
    negative = value < 0 and len(sections) > 1
    section = sections[_choice(value, len(sections))]
    kinds = [token.kind for token in section]
    literals = [token.text for token in section if token.kind == "literal"]
    if any(kind in _DATE_KINDS for kind in kinds):
        return _date(value, section, date1904)
    pattern = "".join(token.text for token in section if token.kind in ("digits", "power"))
    numbers = sum(kinds.count(kind) for kind in ("digits", "power", "general"))
    if not section or numbers > 1 or "/" in pattern or "bracket" in kinds or "@" in literals:
        return general(value)
    return _number(-value if negative else value, section)


def general(value: float) -> str:
    """A number without a format: up to 15 digits, no trailing zeros."""
    return f"{value:.15g}".replace("e", "E") if math.isfinite(value) else str(value)


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    sections: list[list[_Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "padding", match[match.lastgroup or 0]
        if kind == "literal" and text == ";":
            sections.append([])
        elif kind == "bracket" and not re.match(r"[<>=]", text):
            continue  # a colour
        elif kind in ("quoted", "escaped", "currency", "literal"):
            sections[-1].append(_Token("literal", text))
        elif kind == "date" and "[$-F800]" in code.upper():
            # The system's long date: the rest of the code only serves other programs.
            return (_section("yyyy-mm-dd"),)
        elif kind != "padding":
            sections[-1].append(_Token(kind, text))
    return tuple(tuple(section) for section in sections)


def _section(code: str) -> _Section:
    return _sections(code)[0]


def _choice(value: float, sections: int) -> int:
    if value < 0 and sections > 1:
        return 1
    return 2 if value == 0 and sections > 2 else 0


def _number(value: float, section: _Section) -> str:
    literals = "".join(token.text for token in section if token.kind == "literal")
    scale = 100 ** min(literals.count("%"), 3)
    shown = ""
    for token in section:
        match token.kind:
            case "digits":
                shown += _digits(abs(value) * scale, token.text)
            case "power":
                shown += _power(abs(value) * scale, token.text)
            case "general":
                shown += general(abs(value))
            case _:
                shown += token.text
    is_zero = not re.search(r"[1-9]", shown)
    return f"-{shown.strip()}" if value < 0 and not is_zero else shown.strip()


def _digits(value: float, pattern: str) -> str:
    if not math.isfinite(value):
        return str(value)
    whole, _, fraction = pattern.partition(".")
    # Commas behind the last digit divide by a thousand each.
    stem, places = whole.rstrip(","), fraction.rstrip(",")
    thousands = len(whole) - len(stem) + len(fraction) - len(places)
    most, least = len(places), places.count("0")
    # str() first: 2.675 stands for itself, not for the binary fraction just below it.
    scaled = _DECIMALS.scaleb(Decimal(str(value)), -3 * thousands)
    rounded = scaled.quantize(Decimal(1).scaleb(-most), context=_DECIMALS)
    digits, _, decimals = f"{rounded:f}".partition(".")
    while len(decimals) > least and decimals.endswith("0"):
        decimals = decimals[:-1]
    digits = digits.lstrip("0").zfill(stem.count("0"))
    if "," in stem:
        digits = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", digits)
    return f"{digits}.{decimals}" if decimals else digits or "0"


def _power(value: float, pattern: str) -> str:
    mantissa, _, exponent = re.split(r"(E)", pattern, flags=re.IGNORECASE)
    decimals = len(mantissa.partition(".")[2])
    number, _, power = f"{value:.{decimals}E}".partition("E")
    return f"{number}E{power[0]}{power[1:].lstrip('0').zfill(exponent.count('0'))}"


def _date(value: float, section: _Section, date1904: bool) -> str:
    if not 0 <= value < _END:
        return general(value)
    # A time is shown to the second, so a fraction just below it counts as that second.
    seconds = round(value * 86_400)
    epoch = _EPOCH_1904 if date1904 else _EPOCH
    # Excel's calendar has a 29 February 1900, the sixtieth day.
    early = timedelta(days=1) if not date1904 and value < 60 else timedelta()
    moment = epoch + early + timedelta(seconds=seconds)
    twelve = any(token.kind == "half" for token in section)
    shown = ""
    for at, token in enumerate(section):
        match token.kind:
            case "elapsed":
                unit = {"h": 3600, "m": 60, "s": 1}[token.text[0].lower()]
                shown += str(seconds // unit).zfill(len(token.text))
            case "date":
                shown += _date_part(moment, token.text.lower(), twelve, _is_minute(section, at))
            case "half":
                shown += ("上午", "下午")[moment.hour >= 12]
            case "literal":
                shown += token.text
    return shown.strip()


def _is_minute(section: _Section, at: int) -> bool:
    """Whether an ``m`` counts minutes: hours stand before it, or seconds behind it."""
    parts = [(i, t.text[0].lower()) for i, t in enumerate(section) if t.kind in ("date", "elapsed")]
    place = next(i for i, (index, _) in enumerate(parts) if index == at)
    before = parts[place - 1][1] if place else ""
    after = parts[place + 1][1] if place + 1 < len(parts) else ""
    return before == "h" or after == "s"


def _date_part(moment: datetime, part: str, twelve: bool, is_minute: bool) -> str:
    size = 2 if len(part) == 2 else 1
    match part[0]:
        case "y" | "e":
            return f"{moment.year % 100:02}" if part == "yy" else str(moment.year)
        case "m" if is_minute:
            return str(moment.minute).zfill(size)
        case "m":
            return f"{moment.month}月" if len(part) > 2 else str(moment.month).zfill(size)
        case "d" if len(part) > 2:
            return "星期" + _WEEKDAYS[moment.weekday()]
        case "d":
            return str(moment.day).zfill(size)
        case "h":
            hour = (moment.hour - 1) % 12 + 1 if twelve else moment.hour
            return str(hour).zfill(size)
        case "s":
            return str(moment.second).zfill(2 if part.startswith("ss") else 1)
        case _:
            return ("星期" if len(part) == 4 else "") + _WEEKDAYS[moment.weekday()]
