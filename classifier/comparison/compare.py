"""Compare two drafts: align their sentences, weigh what changed, set the results side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.comparison.align import align
from classifier.comparison.html import render
from classifier.comparison.json import comparison_to_json
from classifier.comparison.model import (
    Change,
    Differences,
    FindingChange,
    Kind,
    MeetingChange,
    ScoreChange,
)
from classifier.comparison.order import Pairs
from classifier.comparison.similarity import similarity
from classifier.comparison.weights import Weights
from classifier.comparison.wording import folded, unnumbered
from classifier.document import BlockKind
from classifier.findings import Finding, Findings, FindingState, rules
from classifier.findings import Kind as Ask
from classifier.report.model import Analysis, LabelledSentence
from classifier.whole_files import write_text


@dataclass(frozen=True, slots=True)
class Comparison(Differences):
    """What :func:`compare` returns."""

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain values; schema in ``data/compare.schema.json``."""
        return comparison_to_json(self)

    def to_html(self, path: str | Path) -> None:
        """Write one self-contained HTML page that needs no network."""
        write_text(Path(path), render(self))


def compare(old: Analysis, new: Analysis) -> Comparison:
    """What changed from one analysed draft to the other.

    Raises:
        ValueError: the drafts were read by different models, so that a change of an answer
            would say nothing about the drafts.
    """
    if (old.model, old.model_version) != (new.model, new.model_version):
        models = f"{old.model} {old.model_version} and {new.model} {new.model_version}"
        raise ValueError(f"drafts to compare must be read by one model, not {models}")
    before, after = old.profile(), new.profile()
    return Comparison(
        old=old,
        new=new,
        changes=tuple(_changes(old, new)),
        score=ScoreChange(old.orientation, new.orientation),
        categories={code: (before[code], after[code]) for code in before},
        alarms=_finding_changes(Ask.ALARM, old.findings.alarms, new.findings.alarms),
        safeguards=_finding_changes(
            Ask.SAFEGUARD, old.findings.safeguards, new.findings.safeguards
        ),
        risks=_finding_changes(Ask.RISK, old.findings.risks, new.findings.risks),
        proportionality=tuple(_meeting_changes(old.findings, new.findings)),
    )


def _changes(old: Analysis, new: Analysis) -> Iterator[Change]:
    """Every sentence of both drafts in exactly one change, see :class:`Differences`."""
    wordings = _wordings(old), _wordings(new)
    pairs, moved = align(*wordings)
    weights = Weights(old, new, wordings)
    partners = {j: i for i, j in pairs.items()}
    removed = _removed_behind(len(old.sentences), pairs)

    def dropped(behind: int) -> Iterator[Change]:
        for i in removed.get(behind, ()):
            yield Change(Kind.REMOVED, old.sentences[i], None, weight=weights.removed(i))

    yield from dropped(-1)
    for j, sentence in enumerate(new.sentences):
        i = partners.get(j)
        if i is None:
            yield Change(Kind.ADDED, None, sentence, weight=weights.added(j))
            continue
        was = old.sentences[i]
        yield Change(
            _kind(was, sentence, wordings[0][i] == wordings[1][j]),
            was,
            sentence,
            similarity(wordings[0][i], wordings[1][j]),
            i in moved,
            weights.kept(i, j),
        )
        yield from dropped(j)


def _wordings(report: Analysis) -> list[str]:
    blocks = report.document.blocks
    return [
        unnumbered(s.text, blocks[s.sentence.place.block].kind is BlockKind.HEADING)
        for s in report.sentences
    ]


def _kind(old: LabelledSentence, new: LabelledSentence, is_equal: bool) -> Kind:
    if not is_equal:
        return Kind.REWORDED
    return Kind.SAME if folded(old.text) == folded(new.text) else Kind.RENUMBERED


def _removed_behind(size: int, pairs: Pairs) -> dict[int, list[int]]:
    """Old sentences without a partner by the new one they come behind; -1 is the beginning."""
    removed: dict[int, list[int]] = defaultdict(list)
    behind = -1
    for i in range(size):
        if i in pairs:
            behind = pairs[i]
        else:
            removed[behind].append(i)
    return removed


def _finding_changes(
    kind: Ask, old: Sequence[Finding], new: Sequence[Finding]
) -> tuple[FindingChange, ...]:
    """Findings of either draft with the evidence of both, strongest rule first."""
    before, after = ({finding.rule.id: finding for finding in findings} for findings in (old, new))
    either = before | after
    strength = {rule.id: number for number, rule in enumerate(rules(kind))}
    changes: list[FindingChange] = []
    for id_ in sorted(either, key=lambda id_: strength.get(id_, len(strength))):
        rule = either[id_].rule
        nothing = Finding(rule, (), FindingState.NOT_FOUND)
        was, now = before.get(id_, nothing), after.get(id_, nothing)
        changes.append(FindingChange(rule, was.evidence, now.evidence, was.state, now.state))
    return tuple(changes)


def _meeting_changes(old: Findings, new: Findings) -> Iterator[MeetingChange]:
    """Persons on whom alarms meet in either draft, those of the new draft first."""
    before, after = ({one.persons: one for one in part.proportionality} for part in (old, new))
    for persons in after | before:
        yield MeetingChange(persons, before.get(persons), after.get(persons))
