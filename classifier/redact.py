"""Personal data in text: found by form and check digit or after a cue, and masked.

A mask is as long as what it covers. Offsets, places and the widths of
characters of a document therefore hold for its masked text too; the price is
that the length of a name or an e-mail address stays visible.

What is found: mobile and landline numbers, e-mail addresses, resident identity
numbers (GB 11643, check digit ISO 7064 MOD 11-2), bank cards (ISO/IEC 7812,
Luhn), and names of persons after a cue such as 联系人. What is not: service
numbers (400…, 95…, 12345), unified social credit codes, accounts that are no
card numbers, postal addresses, and names without a cue. Recall is that of
rules: a reader should look before a redacted report leaves the house.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from classifier.person_names import after_cues, elsewhere


class Kind(StrEnum):
    """What a redaction hides; ``zh`` is how it is called in the mask."""

    EMAIL = "email"
    NAME = "name"
    ID_NUMBER = "id_number"
    BANK_CARD = "bank_card"
    MOBILE = "mobile"
    LANDLINE = "landline"

    @property
    def zh(self) -> str:
        return _NAMES_ZH[self]


_NAMES_ZH = {
    Kind.EMAIL: "邮箱",
    Kind.NAME: "姓名",
    Kind.ID_NUMBER: "身份证号",
    Kind.BANK_CARD: "银行卡号",
    Kind.MOBILE: "手机号",
    Kind.LANDLINE: "电话",
}


@dataclass(frozen=True, slots=True)
class Redaction:
    """Personal data at ``[start, end)`` of a text."""

    start: int
    end: int
    kind: Kind

    @property
    def mask(self) -> str:
        """``［手机号******］``, or stars alone where the kind's name has no room."""
        length = self.end - self.start
        stars = length - len(self.kind.zh) - 2
        return f"［{self.kind.zh}{'*' * stars}］" if stars > 0 else "*" * length


def redact(text: str, names: Iterable[str] = ()) -> str:
    """``text`` with personal data masked, character for character; twice is as once.

    Args:
        names: persons known from elsewhere, masked wherever they stand.
    """
    return mask(text, find(text, names))


def find(text: str, names: Iterable[str] = ()) -> tuple[Redaction, ...]:
    """Personal data in order of place, without overlaps; time is linear in the text.

    A name found after a cue is found again wherever else it stands, if it has
    three characters or more: shorter ones are often words.
    """
    # Each rule sees what the ones before left, and no mask is a candidate of any rule: so
    # nothing is found twice, and nothing in text that is masked already.
    plain = text.translate(_PLAIN)
    found: list[Redaction] = []

    def take(kind: Kind, spans: Iterable[tuple[int, int]]) -> None:
        nonlocal plain
        new = [Redaction(start, end, kind) for start, end in spans]
        plain = mask(plain, new)
        found.extend(new)

    take(Kind.EMAIL, _emails(plain))
    persons = list(after_cues(plain))
    known = {plain[start:end] for start, end in persons}.union(names)
    take(Kind.NAME, persons)
    take(Kind.NAME, elsewhere(plain, known))
    take(Kind.ID_NUMBER, _id_numbers(plain))
    take(Kind.BANK_CARD, _bank_cards(plain))
    take(Kind.MOBILE, _mobiles(plain))
    take(Kind.LANDLINE, _landlines(plain))
    take(Kind.LANDLINE, _numbers_after_cue(plain))
    return tuple(sorted(found, key=lambda redaction: redaction.start))


def mask(text: str, redactions: Iterable[Redaction]) -> str:
    """``text`` with these ranges, ascending and apart from each other, covered."""
    parts: list[str] = []
    at = 0
    for redaction in redactions:
        parts += [text[at : redaction.start], redaction.mask]
        at = redaction.end
    return "".join((*parts, text[at:]))


# Character for character, so that offsets hold: full width to ASCII, spaces and dashes to one.
_PLAIN = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "［］"}
    | dict.fromkeys(map(ord, "\t\u00a0\u3000\u2002\u2003"), " ")
    | dict.fromkeys(map(ord, "‐‑‒–—―－"), "-")
)

# Numbers that are part of a longer code, an amount or a decimal are nobody's. A mask counts
# as such a part: what stood there before has been one.
_LEFT = r"(?<![0-9A-Za-z])(?<![0-9A-Za-z*］][-_.])(?<!编号)(?<!编号:)(?<!编号: )"
_RIGHT = r"(?![0-9A-Za-z@])(?![-_][0-9A-Za-z*［])(?!\.\d)(?! ?[元万亿])"

# One that follows another without a space is part of the match: it has no beginning of its own.
_EMAIL = re.compile(
    r"(?<![\w.%+-])(?:(?=[._%+-]*+[A-Za-z0-9])[A-Za-z0-9._%+-]++@(?:[A-Za-z0-9-]++\.)+"
    r"(?!(?:png|jpe?g|gif|svg|webp|js|css)\b)[A-Za-z]{2,}+)+",
    re.ASCII,
)
_ID_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"(?![0-9A-Za-z])",
    re.ASCII,
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# Card numbers of UnionPay begin with 62. Other beginnings are also those of project numbers,
# which start with a region's code, and count only where the text says account or card.
_BANK_CARD = re.compile(
    rf"(?:{_LEFT}62\d\d(?:\d{{12,15}}|(?:[ -]\d{{4}}){{3}}(?:[ -]\d{{1,3}})?)"
    r"|(?<=[账帐卡]号)[ :]{0,3}+(?:9558\d{15}|9559\d{15}|(?:4|5[1-5]|35)\d{14,15}))"
    r"(?![0-9A-Za-z])",
    re.ASCII,
)
_MOBILE = re.compile(
    rf"{_LEFT}(?:(?:\+|00)?86[- ]?|0\d\d\d?-)?1[3-9]\d-?\d{{4}}-?\d{{4}}{_RIGHT}", re.ASCII
)
_AREA = r"(?:10|2\d|[3-9]\d\d)"
# Further numbers, or only their last digits, that share the area code.
_MORE = r"(?: ?[、/;或] ?(?:\d{7,8}|\d{3,4})(?![0-9A-Za-z年-]))*"
_EXTENSION = r"(?: ?(?:转|-) ?\d{1,5}(?!\d))?"
_LANDLINE = re.compile(
    rf"(?:{_LEFT}(?:(?:\+|00)86[- ]?0?|0){_AREA}[- ]{{1,3}}|\((?:\+?86-?)?0?{_AREA}\) ?-? ?)"
    rf"[2-9]\d{{6,7}}(?!\d){_EXTENSION}{_MORE}{_RIGHT}",
    re.ASCII,
)
_AFTER_CUE = re.compile(
    r"(?:电 *话|手 *机|传 *真|联系方式|热线|(?<![A-Za-z])(?:[Tt]el|TEL|[Ff]ax|FAX))(?:号码?)?"
    r"[ :./(|]*+\n?[ ]*+"
    rf"((?:1[3-9]\d(?: ?\d{{4}}){{2}}|0{_AREA}[2-9]\d{{6,7}}|[2-9]\d{{6,7}})(?![0-9A-Za-z年])"
    rf"{_EXTENSION}{_MORE})",
    re.ASCII,
)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _EMAIL.finditer(text))


def _id_numbers(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _ID_NUMBER.finditer(text) if _has_check_digit(match[0]))


def _has_check_digit(number: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def _bank_cards(text: str) -> Iterator[tuple[int, int]]:
    for match in _BANK_CARD.finditer(text):
        number = match[0].lstrip(" :")
        if _passes_luhn([int(c) for c in number if c.isdigit()]):
            yield match.end() - len(number), match.end()


def _passes_luhn(digits: list[int]) -> bool:
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _mobiles(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _MOBILE.finditer(text))


def _landlines(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _LANDLINE.finditer(text))


def _numbers_after_cue(text: str) -> Iterator[tuple[int, int]]:
    return (match.span(1) for match in _AFTER_CUE.finditer(text))
