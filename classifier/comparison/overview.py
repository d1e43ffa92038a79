"""What changed for people, in a few plain sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from classifier.comparison.model import Differences, Fate, FindingChange, Kind
from classifier.errors import Reason
from classifier.orientation import Verdict
from classifier.report.page import signed
from classifier.taxonomy import QUESTIONS, Orientation


def overview(differences: Differences) -> list[str]:
    """Sentences in Chinese: the score, control and help, findings, and what needs care."""
    return [
        *_score(differences),
        *_findings(differences),
        *_people(differences),
        *_care(differences),
    ]


def fates(changes: Iterable[FindingChange]) -> dict[Fate, list[FindingChange]]:
    """Findings by what became of them, all four fates, strongest first."""
    sorted_by: dict[Fate, list[FindingChange]] = {fate: [] for fate in Fate}
    for change in changes:
        sorted_by[change.fate].append(change)
    return sorted_by


def _score(differences: Differences) -> Iterator[str]:
    score = differences.score
    if not score.old.sentences or not score.new.sentences:
        draft = "旧稿" if not score.old.sentences else "新稿"
        yield f"{draft}中没有可以判断的句子，两稿的得分不能相比。"
        return
    shown = [f"{signed(s.score)}（{s.verdict.zh}）" for s in (score.old, score.new)]
    if not any(change.is_shown for change in differences.changes):
        yield f"两稿没有文字或判断上的改动，得分为 {shown[1]}。"
        return
    moves = f"得分由 {shown[0]}变为 {shown[1]}，"
    if score.separate:
        way = "赋能" if score.difference > 0 else "管控"
        yield f"{moves}向{way}一侧移动 {abs(score.difference):.2f}；两个 95 % 区间不重叠。"
    else:
        yield f"{moves}差 {signed(score.difference)}；两个 95 % 区间重叠，仅凭得分不能断定有变。"


def _findings(differences: Differences) -> Iterator[str]:
    alarms, safeguards = fates(differences.alarms), fates(differences.safeguards)
    risks = fates(differences.risks)
    for found, title in (
        (alarms[Fate.APPEARED], "新出现的警示"),
        (alarms[Fate.VANISHED], "不再出现的警示"),
        (safeguards[Fate.APPEARED], "新增的保障"),
        (safeguards[Fate.VANISHED], "失去的保障"),
        (risks[Fate.APPEARED], "新出现的失败风险"),
        (risks[Fate.VANISHED], "不再有的失败风险"),
    ):
        if found:
            yield f"{title}：{'、'.join(change.rule.zh for change in found)}。"
    more = [change for change in differences.proportionality if change.more]
    if more:
        listed = "、".join(f"{change.persons}（多 {len(change.more)} 项）" for change in more)
        yield f"警示叠加到同一人群上：{listed}，须说明必要与相称。"


def _people(differences: Differences) -> Iterator[str]:
    """How many sentences with control or help came and went."""
    if not any(change.is_shown for change in differences.changes):
        return
    words = []
    for question in reversed(QUESTIONS):
        more, less = came_and_went(differences, question)
        said = [f"{way} {n} 句" for way, n in (("多出", more), ("减少", less)) if n]
        words += [f"{question.zh}句{'、'.join(said)}"] if said else []
    if words:
        yield f"改动之中，{'；'.join(words)}。"
    else:
        yield "文字的改动没有使涉及人的句子增减。"


def came_and_went(differences: Differences, question: Orientation) -> tuple[int, int]:
    """Changed sentences that bear an orientation in the new draft only, and in the old only."""
    more = less = 0
    for change in differences.changes:
        if change.kind in (Kind.SAME, Kind.RENUMBERED):
            continue
        before, after = (
            side is not None and side.orientation in (question, Orientation.MIXED)
            for side in (change.old, change.new)
        )
        more += after and not before
        less += before and not after
    return more, less


def _care(differences: Differences) -> Iterator[str]:
    relabelled = differences.counts()["relabelled"]
    if relabelled:
        yield (f"另有 {relabelled} 句文字未改而模型的判断有变（标题或上一句变了），请人工核对。")
    for draft, report in (("旧稿", differences.old), ("新稿", differences.new)):
        if report.document.reason is Reason.OK_PARTIAL:
            yield f"{draft}有内容未能读出，可能被误当作删去或新增。"
    undecided = [
        draft
        for draft, total in (("旧稿", differences.score.old), ("新稿", differences.score.new))
        if total.verdict is Verdict.UNDECIDED and total.sentences
    ]
    if undecided:
        yield f"{'和'.join(undecided)}的总体倾向不足以判断，请看具体改动。"
