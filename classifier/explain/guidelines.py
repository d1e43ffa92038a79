"""What the guidelines say on a sentence: definition, rule, settled case.

Text is read from ``data/guidelines.md``, the only place where it stands; which rule
speaks to which sentence from ``data/rules.yaml``. The choice goes by the label and by cue
words: a pointer for the reader, who decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml

from classifier.explain.model import NEUTRAL, Clarification, Guidance, Rule
from classifier.resources import folder
from classifier.taxonomy import CATEGORIES

_CATEGORY = re.compile(r"^- \*\*([AC]\d+) [^*]+\*\* `\w+`：(.+)$")
_RULE = re.compile(r"^(\d+)\. \*\*(.+?)。\*\* (.+)$")
_CODE = re.compile(r"(?<![A-Za-z0-9])[AC]\d{1,2}(?![0-9])|neutral")
_MARKUP = re.compile(r"\*\*|`|\[(.+?)\]\(.+?\)")


@dataclass(frozen=True)
class Guidelines:
    """The parts of ``guidelines.md`` that explain a label.

    Attributes:
        definitions, near_misses: by category code, and ``neutral``.
        rules: by number, with all their examples.
        clarifications: every row of the tables of settled cases.
    """

    definitions: dict[str, str]
    near_misses: dict[str, str]
    rules: dict[int, Rule]
    clarifications: tuple[Clarification, ...]


@dataclass(frozen=True, slots=True)
class Swap:
    """Words to put another in the place of, as a test of one rule (0: of none)."""

    rule: int
    to: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Cue:
    number: int
    codes: frozenset[str]
    cue: re.Pattern[str]


def guidance(text: str, categories: Sequence[str]) -> tuple[Guidance, ...]:
    """What the guidelines say on each category of a sentence, or on its being neutral."""
    if not any(char.isalnum() for char in text):
        return ()
    return tuple(_guidance(text, code) for code in categories or (NEUTRAL,))


def _guidance(text: str, code: str) -> Guidance:
    book = guidelines()
    number = next(
        (rule.number for rule in _cues() if code in rule.codes and rule.cue.search(text)),
        _source()["own"].get(code),
    )
    rule = book.rules[number] if number else None
    if rule:
        shown = tuple(example for example in rule.examples if code in _CODE.findall(example))
        rule = replace(rule, examples=shown)
    case = next(
        (case for case, cue in _cases() if code in _CODE.findall(case.ruling) and cue.search(text)),
        None,
    )
    return Guidance(code, book.definitions[code], book.near_misses[code], rule, case)


@cache
def swaps() -> tuple[Swap, ...]:
    return tuple(Swap(s["rule"], s["to"], frozenset(s["from"])) for s in _source()["swaps"])


@cache
def _cues() -> tuple[_Cue, ...]:
    return tuple(
        _Cue(rule["number"], frozenset(rule["codes"]), re.compile(rule["cue"]))
        for rule in _source()["rules"]
    )


@cache
def _cases() -> tuple[tuple[Clarification, re.Pattern[str]], ...]:
    """The settled cases that have a cue.

    Raises:
        ValueError: a case named in ``rules.yaml`` is not one row of the guidelines.
    """
    found = []
    for entry in _source()["cases"]:
        rows = [r for r in guidelines().clarifications if r.case.startswith(entry["case"])]
        if len(rows) != 1:
            raise ValueError(f"rules.yaml: {len(rows)} cases begin with {entry['case']}")
        found.append((rows[0], re.compile(entry["cue"])))
    return tuple(found)


@cache
def _source() -> dict[str, Any]:
    return yaml.safe_load((folder("data") / "rules.yaml").read_text(encoding="utf-8"))


@cache
def guidelines() -> Guidelines:
    """Parse ``data/guidelines.md``.

    Raises:
        ValueError: a category of the taxonomy has no definition there.
    """
    chapters = _chapters((folder("data") / "guidelines.md").read_text(encoding="utf-8"))
    definitions, near_misses = {}, {}
    for title, lines in chapters:
        if "类别" in title:
            for match, bullets in _entries(lines, _CATEGORY):
                definitions[match[1]] = _plain(match[2])
                missed = [b.removeprefix("近似：") for b in bullets if b.startswith("近似：")]
                near_misses[match[1]] = missed[0] if missed else ""
    lines_of = dict(chapters)
    in_doubt = next(
        line for line in lines_of["标注准则：赋能与管控"] if NEUTRAL in line and "设想" in line
    )
    definitions[NEUTRAL], near_misses[NEUTRAL] = _plain(in_doubt.removeprefix("- ")), ""
    if missing := CATEGORIES.keys() - definitions.keys():
        raise ValueError(f"guidelines.md: no definition of {', '.join(sorted(missing))}")
    rules = {
        int(match[1]): Rule(int(match[1]), match[2], _plain(match[3]), tuple(bullets))
        for title, lines in chapters
        if title.startswith("规则")
        for match, bullets in _entries(lines, _RULE)
    }
    return Guidelines(definitions, near_misses, rules, tuple(_rows(chapters)))


def _chapters(text: str) -> list[tuple[str, list[str]]]:
    """Titles of the first two levels and the lines below each."""
    chapters: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(("# ", "## ")):
            chapters.append((line.lstrip("# "), []))
        elif chapters:
            chapters[-1][1].append(line)
    return chapters


def _entries(
    lines: Sequence[str], head: re.Pattern[str]
) -> Iterator[tuple[re.Match[str], list[str]]]:
    """Each line of the pattern with the indented bullets below it."""
    found: list[tuple[re.Match[str], list[str]]] = []
    for line in lines:
        if match := head.match(line):
            found.append((match, []))
        elif found and line.startswith("  ") and line.lstrip().startswith("- "):
            found[-1][1].append(_plain(line.lstrip()[2:]))
    yield from found


def _rows(chapters: Sequence[tuple[str, list[str]]]) -> Iterator[Clarification]:
    for title, lines in chapters:
        if title == "细则":
            for line in lines:
                cells = [_plain(cell.strip()) for cell in line.strip("|").split("|")]
                if line.startswith("|") and len(cells) == 2 and _CODE.search(cells[1]):
                    yield Clarification(*cells)


def _plain(text: str) -> str:
    return _MARKUP.sub(lambda match: match[1] or "", text)
