"""Texts no rule for sentences expects: one endless line, a million short ones, odd characters."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from .bomb import READ, Bomb
from .seeds import PROSE

_MILLION: Final = 1_000_000
_ANY: Final = (*READ, "too_large", "not_chinese", "empty", "damaged")
# So many control characters may also be told for binary data.
_BINARY: Final = (*_ANY, "unsupported")


def _odd() -> str:
    """Every control character and format character among words, and marks on marks."""
    signs = [
        *map(chr, range(32)),
        "\x7f",
        "\x85",
        *map(chr, range(0x200B, 0x2070)),
        "\ufeff",
        "\ufffe",
    ]
    signs += ["\U000e0001", "\U0010ffff", "\u0301" * 5000, "\u202e", "\u2066", "\ufff9", "\u3164"]
    return "".join(f"{PROSE[n % 4][:9]}{sign}" for n, sign in enumerate(signs * 20))


def _surrogates() -> bytes:
    halves = b"".join(code.to_bytes(2, "little") for code in (0xD800, 0xDFFF, 0xDC00, 0xDBFF))
    return b"\xff\xfe" + (PROSE[0].encode("utf-16-le") + halves) * 2000


def _noise() -> str:
    chance = random.Random(7)
    return "".join(chr(chance.randint(0x4E00, 0x9FA5)) for _ in range(2 * _MILLION))


def _text(
    name: str, text: Callable[[], str], format: str = "txt", ends: tuple[str, ...] = _ANY
) -> Bomb:
    return Bomb(name, format, lambda: text().encode("utf-8", "surrogatepass"), ends)


BOMBS: Final = (
    _text("txt-10-million-of-one", lambda: "系" * 10 * _MILLION, ends=("too_large",)),
    _text("txt-4.9-million-of-one", lambda: "系" * 4_900_000),
    _text("txt-4.9-million-stops", lambda: "。" * 4_900_000),
    _text("txt-a-million-without-stop", lambda: PROSE[0].replace("。", "，") * (_MILLION // 23)),
    _text("txt-4.9-million-one-line", lambda: PROSE[1].replace("。", "，") * (4_900_000 // 30)),
    _text("txt-a-million-sentences", lambda: "应登记。" * _MILLION),
    _text("txt-a-million-different", lambda: "".join(f"第{n}人应登记。" for n in range(400_000))),
    _text("txt-600000-lines", lambda: "考勤\n" * 600_000),
    _text("txt-open-brackets", lambda: "（" * _MILLION + PROSE[0]),
    _text("txt-open-and-closed", lambda: "（" * 500_000 + "）" * 500_000 + PROSE[0]),
    _text("txt-open-quotes", lambda: "“‘「『《【" * 200_000 + PROSE[0]),
    _text("txt-straight-quotes", lambda: '系"统' * 400_000),
    _text("txt-numbers", lambda: "1." * _MILLION + PROSE[0]),
    _text("txt-nested-numbers", lambda: "1.1.1.1.1.1.1.1.1." * 100_000 + PROSE[0]),
    _text("txt-chinese-numerals", lambda: "一二三四五六七八九十" * 200_000),
    _text("txt-circled-numbers", lambda: "①②③系统应" * 200_000),
    _text("txt-headings", lambda: "第一章\n" * 300_000),
    _text(
        "txt-deep-headings",
        lambda: "".join(f"{'1.' * (n % 60 + 1)} 标题{n}\n" for n in range(50_000)),
    ),
    _text("txt-mail-addresses", lambda: "系统a@" * 300_000),
    _text("txt-urls", lambda: "系统http://" * 200_000),
    _text("txt-one-url", lambda: PROSE[0] + "http://a" + "/a.b?c" * 300_000),
    _text("txt-phones", lambda: "系统联系电话13800138000，" * 80_000),
    _text("txt-digits", lambda: PROSE[0] * 9000 + "1" * 200_000 + PROSE[0] * 9000),
    _text("txt-spaces", lambda: (PROSE[0] + " " * 100_000) * 40),
    _text("txt-tabs-and-returns", lambda: (PROSE[0] + "\t\r\x0b\x0c") * 50_000),
    _text("txt-odd-characters", _odd, ends=_BINARY),
    _text("txt-combining", lambda: PROSE[0] * 50 + "系" + "\u0301" * 400_000),
    _text("txt-bidi", lambda: ("\u202e" + PROSE[0] + "\u2066") * 5000),
    _text("txt-nul", lambda: (PROSE[0] + "\0") * 5000, ends=_BINARY),
    _text("txt-escape", lambda: (PROSE[0] + "\x1b[2J\x1b]0;x\x07") * 5000, ends=_BINARY),
    Bomb("txt-lone-surrogates", "txt", _surrogates, _ANY),
    _text("txt-noise", _noise),
    _text("txt-separators", lambda: "|" * _MILLION + PROSE[0] * 9),
    _text("txt-dots", lambda: "." * _MILLION + PROSE[0] * 9),
    _text("txt-english-stops", lambda: "Mr. A. " * 200_000 + PROSE[0] * 30_000),
    _text("md-pipes", lambda: "|" * 200_000 + "\n" + "|-" * 100_000 + "|\n" + PROSE[0], "md"),
    _text("md-quotes", lambda: "> " * 50_000 + PROSE[0], "md"),
    _text("md-lists", lambda: "- " * 50_000 + PROSE[0], "md"),
    _text("md-brackets", lambda: "[" * 100_000 + PROSE[0] + "](" * 100_000, "md"),
    _text("md-stars", lambda: "*" * 100_000 + PROSE[0] + "**_" * 60_000, "md"),
    _text("md-backticks", lambda: "".join("`" * n + "系" for n in range(1200)) + PROSE[0], "md"),
    _text("md-references", lambda: "".join(f"[{n}]: <x\n" for n in range(60_000)) + PROSE[0], "md"),
    _text("csv-open-quote", lambda: '序号,要求\n1,"' + PROSE[0] * 40_000, "csv"),
    _text(
        "csv-100000-columns",
        lambda: ",".join(["考勤"] * 100_000) + "\n" + ",".join(["打卡"] * 100_000),
        "csv",
    ),
    # A million cells take about as long as a file may here.
    _text(
        "csv-ragged",
        lambda: "\n".join("考勤," * (n % 1000) for n in range(2000)),
        "csv",
        (*_ANY, "timeout"),
    ),
    _text("csv-one-field", lambda: '"' + "系统" * 1_500_000 + '"', "csv"),
)
