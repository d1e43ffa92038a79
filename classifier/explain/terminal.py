"""The explanation in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from classifier.explain.model import (
    Contrast,
    Counterfactual,
    EditKind,
    Example,
    Explanation,
    Guidance,
    LabelExplanation,
    WordWeight,
)
from classifier.harmless import visible
from classifier.report.flowing import Flowing
from classifier.taxonomy import CATEGORIES, QUESTIONS, Orientation

MOST_WORDS = 5
BAR = 10
# A likeness to another orientation worth a warning, and how much more than to its own it must be.
NEAR, CLOSER = 0.25, 1.3
# Shares of the strongest word's weight from which a word is marked in the sentence, and listed.
STRONG, SLIGHT = 0.5, 0.2
# Log odds under which a word is not worth a line.
_FAINT = 0.1
# Share of its threshold under which a label that was not given is not worth explaining.
_FAR = 0.25

_COLOURS = {
    Orientation.ASSISTIVE: "bright_blue",
    Orientation.CONTROL: "dark_orange",
    Orientation.MIXED: "bright_magenta",
    Orientation.NEUTRAL: "bright_black",
}


def page(explanation: Explanation) -> RenderableType:
    """Sentence with its words marked, labels, rule, labelled sentences, what would flip it."""
    parts: list[RenderableType] = [_sentence(explanation), _answer(explanation)]
    parts += _labels(explanation)
    if explanation.guidance:
        parts.append(_title("准则怎么说 Rule", "按用词挑选，供对照"))
        parts += _guidance(explanation.guidance)
    if explanation.examples or explanation.others:
        parts.append(_title("相近的已标注句 Labelled sentences", "数字为字面相似度，1 为相同"))
        parts.append(_examples(explanation))
        if _nearer_to_others(explanation):
            parts.append(Text("最相近的例句属于他类，请留意判定是否有误", style="yellow"))
    parts.append(_title("怎样改会不同 What would flip it", "已由模型逐一验证"))
    parts += _flips(explanation)
    return Group(*parts)


def _title(title: str, note: str) -> Text:
    return Text.assemble("\n", (title, "bold"), (f"  {note}", "dim"))


def _sentence(explanation: Explanation) -> Flowing:
    text = Text(visible(explanation.text) or "（空）", style="bold")
    for label in explanation.labels:
        if label.given and label.label in QUESTIONS and label.words:
            colour = _COLOURS[Orientation(label.label)]
            top = max(word.occlusion for word in label.words)
            for word in label.words:
                if word.occlusion >= max(STRONG * top, _FAINT):
                    text.stylize(f"{colour} reverse", word.start, word.end)
                elif word.occlusion >= max(SLIGHT * top, _FAINT):
                    text.stylize(f"{colour} underline", word.start, word.end)
    if explanation.cut:
        text.append(f"…（只解释前 {len(explanation.text)} 字）", style="yellow")
    return Flowing(text)


def _answer(explanation: Explanation) -> Text:
    figures = "  ".join(
        f"{Orientation(q).zh} {_share(explanation.probability(q))}" for q in QUESTIONS
    )
    answer = Text.assemble(
        ("判定 ", ""),
        (explanation.orientation.zh, f"bold {_COLOURS[explanation.orientation]}"),
        f"   {figures}   模型 {explanation.model}",
    )
    if explanation.review:
        answer.append("   模型没有把握，请人工复核", style="yellow")
    return answer


def _told(explanation: Explanation) -> list[LabelExplanation]:
    """The labels given; of a neutral sentence the question that came nearer to a yes."""
    given = [label for label in explanation.labels if label.given]
    return given or [max(explanation.labels, key=lambda label: label.probability)]


def _labels(explanation: Explanation) -> Iterator[RenderableType]:
    yield _title(
        "哪些词起作用 Words", "删去该词后的概率与对数几率之差；另法独立计算；+ 支持，− 反对"
    )
    if not explanation.labels[0].words:
        yield Text("没有可解释的词")
        return
    for label in _told(explanation):
        if label.probability < label.threshold * _FAR:
            yield Text("赋能、管控都远未达到，没有值得列出的词")
            continue
        yield _label_line(label)
        speaking = label.strongest(MOST_WORDS)
        least = max(SLIGHT * speaking[0].occlusion, _FAINT) if speaking else 0.0
        shown = [word for word in speaking if word.occlusion >= least]
        against = min(label.words, key=lambda word: word.occlusion)
        if shown and against.occlusion <= -max(STRONG * shown[0].occlusion, _FAINT):
            shown.append(against)
        if shown:
            yield Padding(_words(label, shown), (0, 0, 0, 2))
        else:
            yield Text("  没有哪个词单独起作用", style="dim")


def _label_line(label: LabelExplanation) -> Text:
    line = Text.assemble(
        (_name(label.label), f"bold {_COLOURS[_side(label.label)]}"),
        f" {_share(label.probability)}",
    )
    if not label.given:
        line.append(f"，未达 {_share(label.threshold)}")
    line.append(f"   {_agreement(label.agreement)}", style="dim")
    for name, loss in (("标题", label.section), ("前一句", label.previous)):
        if loss is not None and abs(loss) >= _FAINT:
            line.append(f"   {name}{'支持' if loss > 0 else '反对'} {loss:+.1f}", style="dim")
    return line


def _agreement(value: float | None) -> str:
    if value is None:
        return "词太少，两法不作比较"
    degree = "一致" if value >= 0.6 else "大致一致" if value >= 0.3 else "不一致，作用多在词的搭配"
    return f"两法排序{degree}（ρ {value:+.2f}）"


def _words(label: LabelExplanation, words: Sequence[WordWeight]) -> Table:
    grid = Table.grid(padding=(0, 2))
    colour = _COLOURS[_side(label.label)]
    most = max(abs(word.occlusion) for word in words)
    for word in words:
        length = max(round(abs(word.occlusion) / most * BAR), 1)
        bar = Text(("█" if word.occlusion > 0 else "░") * length, style=colour)
        grid.add_row(
            Text(visible(word.text), overflow="fold"),
            bar,
            f"{_share(label.probability)} → {_share(word.without)}",
            f"{word.occlusion:+.1f}",
            Text(f"另法 {word.second:+.1f}", style="dim"),
        )
    return grid


def _guidance(items: Sequence[Guidance]) -> Iterator[RenderableType]:
    told: set[int] = set()
    for item in items:
        yield Flowing(Text.assemble((_name(item.code), "bold"), f"：{item.definition}"))
        if item.near_miss:
            yield _indented(f"近似而不是：{item.near_miss}", style="dim")
        if item.clarification:
            yield _indented(f"细则：{item.clarification.case} → {item.clarification.ruling}")
        if item.rule and item.rule.number not in told:
            told.add(item.rule.number)
            yield _indented(f"规则 {item.rule.number} {item.rule.title}：{item.rule.text}")
            for example in item.rule.examples[:1]:
                yield _indented(f"例：{example}", 4, style="dim")


def _indented(text: str, by: int = 2, style: str = "") -> Padding:
    return Padding(Flowing(Text(visible(text), style=style)), (0, 0, 0, by))


def _examples(explanation: Explanation) -> Table:
    grid = Table.grid(padding=(0, 1))
    for heading, items in (("同类", explanation.examples), ("他类", explanation.others)):
        for example in items:
            grid.add_row(
                Text(heading, style="dim"),
                f"{example.similarity:.2f}",
                _codes(example.orientation, example.categories),
                Flowing(Text(visible(example.text))),
                Text(example.id, style="dim"),
            )
    return grid


def _nearer_to_others(explanation: Explanation) -> bool:
    same = max((example.similarity for example in explanation.examples), default=0.0)
    other = max((example.similarity for example in explanation.others), default=0.0)
    return other >= max(CLOSER * same, NEAR)


def _codes(orientation: Orientation, categories: Sequence[str]) -> Text:
    return Text(" ".join(categories) or orientation.zh, style=_COLOURS[orientation])


def _flips(explanation: Explanation) -> Iterator[RenderableType]:
    for found in explanation.counterfactuals:
        yield _flip(found)
    if not explanation.counterfactuals:
        kept = explanation.orientation.zh
        yield Text(f"试过的删词和换词都没有改变判定（仍为{kept}）；别的改法没有试。")
    if explanation.contrast:
        yield from _contrast(explanation.contrast)


def _flip(found: Counterfactual) -> Group:
    olds = "、".join(dict.fromkeys(f"“{visible(edit.old)}”" for edit in found.edits))
    if found.kind is EditKind.DELETION:
        line = Text(f"删去 {olds}")
    else:
        pairs = dict.fromkeys(f"“{visible(edit.old)}”换成“{edit.new}”" for edit in found.edits)
        line = Text(f"把 {'、'.join(pairs)}")
    line.append(" → ")
    line.append(found.orientation.zh, style=f"bold {_COLOURS[found.orientation]}")
    if found.categories:
        line.append(f"（{'、'.join(_name(code) for code in found.categories)}）")
    if found.rules:
        line.append(f"  参见规则 {'、'.join(map(str, found.rules))}", style="dim")
    return Group(line, _indented(found.text, style="italic"))


def _contrast(contrast: Contrast) -> Iterator[RenderableType]:
    yield Text("已标注的对照（措辞相近，标注不同）：")
    one, other = visible(contrast.like.text), visible(contrast.unlike.text)
    texts = Text(one), Text(other)
    for change, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if change != "equal":
            texts[0].stylize("underline", a, b)
            texts[1].stylize("underline", c, d)
    grid = Table.grid(padding=(0, 1))
    for example, text in zip((contrast.like, contrast.unlike), texts, strict=True):
        grid.add_row(
            "", _codes(example.orientation, example.categories), Flowing(text), _id(example)
        )
    yield grid


def _id(example: Example) -> Text:
    return Text(example.id, style="dim")


def _name(label: str) -> str:
    if label in CATEGORIES:
        return f"{label} {CATEGORIES[label].zh}"
    return Orientation(label).zh


def _side(label: str) -> Orientation:
    return CATEGORIES[label].orientation if label in CATEGORIES else Orientation(label)


def _share(probability: float) -> str:
    return f"{probability:.0%}" if 0.01 <= probability < 0.995 else _extreme(probability)


def _extreme(probability: float) -> str:
    return "<1%" if probability < 0.5 else ">99%"
