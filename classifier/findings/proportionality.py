"""Several alarms that meet on the same persons, and what to ask for then.

Whom a sentence is about says a small lexicon of ``data/findings.yaml``: the persons named in it,
or else in the nearest heading that names any. Who receives the result (供教师查看) is not meant.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from classifier.findings.model import Finding, Proportionality
from classifier.findings.rules import source

# One alarm calls for a look at its sentences; it takes two to weigh them together.
LEAST_ALARMS: Final = 2
EVIDENCE_NAMED: Final = 3


def meetings(
    texts: Sequence[str], sections: Sequence[Sequence[str]], alarms: Sequence[Finding]
) -> tuple[Proportionality, ...]:
    """Persons on whom several alarms meet in different sentences, most alarms first."""
    found: dict[str, list[tuple[Finding, int]]] = defaultdict(list)
    for alarm in alarms:
        strongest: dict[str, int] = {}
        for i in alarm.evidence:
            for persons in persons_of(texts[i], sections[i]):
                strongest.setdefault(persons, i)
        for persons, i in strongest.items():
            found[persons].append((alarm, i))
    met = [
        _proportionality(persons, own)
        for persons, own in found.items()
        if len(own) >= LEAST_ALARMS and len({i for _, i in own}) >= LEAST_ALARMS
    ]
    return tuple(sorted(met, key=lambda one: -len(one.alarms)))


def persons_of(text: str, section: Sequence[str] = ()) -> tuple[str, ...]:
    """Groups of persons that a sentence is about; by the nearest heading if it names none."""
    for part in (text, *reversed(section)):
        named = tuple(_named(part))
        if named:
            return named
    return ()


def _named(text: str) -> Iterator[str]:
    for persons, cue in _lexicon().items():
        if cue.search(text):
            yield persons


@cache
def _lexicon() -> dict[str, re.Pattern[str]]:
    """Per group of persons their names, unless they give or receive and are not acted upon."""
    before, behind = source()["persons_unless"]["before"], source()["persons_unless"]["behind"]
    return {
        persons: re.compile(rf"(?:{before})(?:{'|'.join(names)})(?!{behind})")
        for persons, names in source()["persons"].items()
    }


def _proportionality(persons: str, own: Sequence[tuple[Finding, int]]) -> Proportionality:
    rules = [alarm.rule for alarm, _ in own]
    text = source()["proportionality"]
    sensitive = set(text["sensitive"]).intersection(rule.id for rule in rules)
    note = text["note"].format(persons=persons, alarms="、".join(rule.zh for rule in rules))
    return Proportionality(
        persons=persons,
        alarms=tuple(rule.id for rule in rules),
        note=note + (text["note_sensitive"] if sensitive else ""),
        evidence=tuple(i for _, i in own),
    )
