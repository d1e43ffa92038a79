"""Explanations: exact where they claim to be, true where they say that something flips."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from classifier import Classifier, Orientation
from classifier.context import context_text
from classifier.explain.contributions import contributions
from classifier.explain.examples import Sentences, sentences
from classifier.explain.explanation import explain
from classifier.explain.guidelines import guidance, guidelines, swaps
from classifier.explain.model import EditKind
from classifier.explain.units import MAX_UNITS, units_of, without
from classifier.lexical import LexicalScorer
from classifier.model import Model
from classifier.screen import Screen
from classifier.taxonomy import CATEGORIES, LABELS

ATTENDANCE = "员工每天上班须打卡，迟到扣款五十元。"
PLAIN = "员工每天须在门口打卡。"
HELP = "系统自动带入已有信息，申请人无需重复填写。"
GOODS = "机柜采用厚度不低于1.5mm的冷轧钢板。"


@pytest.fixture(scope="module")
def lexical() -> Classifier:
    return Classifier.load("lexical")


@pytest.fixture(scope="module")
def standard() -> Classifier:
    return Classifier.load()


def long_sentence() -> str:
    parts = [f"第{i}号仓库的管理员每天核对货位和批次" for i in range(30)]
    text = "，".join([*parts, "并在手机上刷脸打卡"])
    return text[:480] + "，员工须每天打卡，迟到扣款五十元。"


@pytest.mark.parametrize(
    ("text", "section"),
    [
        (ATTENDANCE, "考勤管理"),
        ("打卡，打卡，再打卡。", ""),
        ("ＡＩ识别率≥９９．５％，１ ２㎡、3.1.4节 和 e\u0301 x\u0323", "参数 3.2"),
        ("각하 한국어 İstanbul ΣΑΣ ﬁ", ""),
        ("", "考勤"),
    ],
)
def test_lexical_contributions_sum_to_the_logits(
    lexical: Classifier, text: str, section: str
) -> None:
    scorer = lexical.model.scorers["lexical"]
    assert isinstance(scorer, LexicalScorer)
    context = context_text(section)
    parts = contributions(scorer, text, context)
    assert parts.characters.shape == (len(text), len(LABELS))
    total = parts.characters.sum(0) + parts.context + parts.bias
    assert np.abs(total - scorer.logits([text], [context])[0]).max() < 1e-4


def test_contributions_lie_on_the_characters_they_come_from(lexical: Classifier) -> None:
    scorer = lexical.model.scorers["lexical"]
    assert isinstance(scorer, LexicalScorer)
    text = "１２ ３月起，保安员须 ２４小时 打卡"
    strength = contributions(scorer, text, "").characters[:, LABELS.index("C1")]
    at = text.index("打卡")
    assert set(np.argsort(-strength)[:2].tolist()) == {at, at + 1}
    assert strength[text.index(" ")] == 0


def test_second_method_of_the_lexical_model_is_its_own_arithmetic(lexical: Classifier) -> None:
    """Words and the rest, in calibrated log odds, are the probability's own log odds."""
    explained = lexical.explain(ATTENDANCE, ("考勤管理", ""))
    scorer, calibration = lexical.model.scorers["lexical"], lexical.model.calibration
    assert isinstance(scorer, LexicalScorer)
    parts = contributions(scorer, ATTENDANCE, context_text("考勤管理"))
    for label in explained.labels:
        i = LABELS.index(label.label)
        covered = {at for word in label.words for at in range(word.start, word.end)}
        rest = sum(parts.characters[at, i] for at in range(len(ATTENDANCE)) if at not in covered)
        rest += parts.context[i] + parts.bias[i]
        total = sum(word.second for word in label.words)
        total += calibration.weights[0, i] * rest + calibration.bias[i]
        assert 1 / (1 + np.exp(-total)) == pytest.approx(label.probability, abs=1e-4)


@pytest.mark.parametrize("model", ["lexical", "standard"])
def test_the_word_for_clocking_in_carries_attendance(
    model: str, request: pytest.FixtureRequest
) -> None:
    classifier: Classifier = request.getfixturevalue(model)
    explained = classifier.explain(PLAIN)
    assert explained.orientation is Orientation.CONTROL
    label = explained.label("C1")
    assert label.given
    assert label.strongest()[0].text == "打卡"
    assert max(label.words, key=lambda word: word.second).text == "打卡"
    assert label.strongest()[0].without < label.probability
    assert label.agreement is not None and -1 <= label.agreement <= 1


@pytest.mark.parametrize("model", ["lexical", "standard"])
def test_occlusion_is_what_deletion_does(model: str, request: pytest.FixtureRequest) -> None:
    classifier: Classifier = request.getfixturevalue(model)
    word = classifier.explain(HELP).label("assistive").strongest()[0]
    left = classifier.predict([HELP[: word.start] + HELP[word.end :]])
    assert left.probability("assistive")[0] == pytest.approx(word.without, abs=1e-4)


@pytest.mark.parametrize("model", ["lexical", "standard"])
def test_counterfactuals_really_flip(model: str, request: pytest.FixtureRequest) -> None:
    classifier: Classifier = request.getfixturevalue(model)
    texts = [
        "员工须打卡。",
        "指纹考勤机",
        "未读名单报送主管。",
        "证书到期前提醒持证人换领。",
        "人脸识别统计",
        HELP,
    ]
    found = [(text, c) for text in texts for c in classifier.explain(text).counterfactuals]
    assert len(found) >= 3
    for text, change in found:
        rebuilt = text
        for edit in reversed(change.edits):
            assert text[edit.start : edit.end] == edit.old
            assert (edit.new == "") == (change.kind is EditKind.DELETION)
            rebuilt = rebuilt[: edit.start] + edit.new + rebuilt[edit.end :]
        assert rebuilt == change.text
        before, after = classifier.predict([text, change.text]).orientations
        assert after is change.orientation
        assert after is not before


def test_a_change_that_only_adds_help_does_not_count_as_a_flip(lexical: Classifier) -> None:
    for text in (ATTENDANCE, "员工须打卡。"):
        explained = lexical.explain(text)
        assert explained.orientation is Orientation.CONTROL
        assert all(c.orientation.control_weight == 0 for c in explained.counterfactuals)


def test_neutral_goods_fall_under_the_rule_of_the_object(lexical: Classifier) -> None:
    explained = lexical.explain(GOODS)
    assert explained.orientation is Orientation.NEUTRAL
    assert explained.categories == ()
    assert [item.code for item in explained.guidance] == ["neutral"]
    rule = explained.guidance[0].rule
    assert rule is not None and rule.number == 1
    assert all(example.categories == () for example in explained.examples)
    assert explained.examples


@pytest.mark.parametrize("text", ["", " ", "。", "★★"])
@pytest.mark.parametrize("model", ["lexical", "standard"])
def test_nothing_to_explain_is_no_error(
    model: str, text: str, request: pytest.FixtureRequest
) -> None:
    explained = request.getfixturevalue(model).explain(text)
    assert all(label.words == () for label in explained.labels)
    assert explained.guidance == explained.examples == explained.counterfactuals == ()
    assert explained.contrast is None


def test_long_sentence_costs_little_and_keeps_its_words(lexical: Classifier) -> None:
    text = long_sentence()
    assert len(text) >= 480
    explained = lexical.explain(text)
    assert explained.passes <= 250
    words = explained.labels[0].words
    assert [word.text for word in words] == [text[word.start : word.end] for word in words]
    assert all(a.end <= b.start for a, b in pairwise(words))
    assert max(len(word.text) for word in words) > 4
    covered = sum(word.end - word.start for word in words)
    assert covered > 0.8 * len(text)


def test_strongest_phrases_of_a_long_sentence_are_taken_apart(lexical: Classifier) -> None:
    explained = lexical.explain(long_sentence())
    assert "打卡" in {word.text for word in explained.label("control").words}


def test_units_cover_all_words_and_are_few() -> None:
    text = long_sentence()
    units = units_of(text)
    assert len(units) <= MAX_UNITS
    left = without(text, units)
    assert not any(char.isalnum() for char in left)
    assert without("员工须打卡", []) == "员工须打卡"


def test_context_is_explained_where_there_is_some(lexical: Classifier) -> None:
    bare = lexical.explain(ATTENDANCE)
    assert bare.label("control").section is None
    assert bare.label("control").previous is None
    told = lexical.explain("按月汇总。", (["第三章", "人脸识别考勤"], ""))
    assert told.section == "人脸识别考勤"
    assert told.label("control").previous is None
    section = told.label("control").section
    assert section is not None and section > 0
    with pytest.raises(TypeError):
        lexical.explain("按月汇总。", ("", ["上一句"]))


def test_examples_have_the_label_and_contrast_partners_another(lexical: Classifier) -> None:
    explained = lexical.explain(ATTENDANCE)
    assert explained.examples and explained.others
    for example in explained.examples:
        assert example.orientation is explained.orientation
        assert set(example.categories) & set(explained.categories)
        assert 0 < example.similarity <= 1
    assert all(example.orientation is not explained.orientation for example in explained.others)
    contrast = explained.contrast
    assert contrast is not None
    assert contrast.like.pair == contrast.unlike.pair != ""
    assert contrast.like.orientation is explained.orientation is not contrast.unlike.orientation


def test_a_sentence_of_the_corpus_is_its_own_nearest_example() -> None:
    known = next(e for e in sentences().examples if e.categories == ("C1",) and len(e.text) > 20)
    near = sentences().nearest(known.text, known.orientation, known.categories)
    assert near.examples[0].text == known.text
    assert near.examples[0].similarity == pytest.approx(1, abs=1e-4)


def test_no_labelled_sentences_at_all() -> None:
    near = Sentences([]).nearest(ATTENDANCE, Orientation.CONTROL, ("C1",))
    assert (near.examples, near.others, near.contrast) == ((), (), None)


def test_guidelines_and_rules_are_read_completely() -> None:
    book = guidelines()
    assert set(book.definitions) == {*CATEGORIES, "neutral"}
    assert all(book.near_misses[code] for code in CATEGORIES)
    assert sorted(book.rules) == list(range(1, 15))
    assert all(rule.examples for rule in book.rules.values())
    assert len(book.clarifications) > 40
    marked = [*book.definitions.values(), *(rule.text for rule in book.rules.values())]
    assert not any(mark in text for text in marked for mark in ("**", "`", "]("))
    assert all(swap.rule in {0, *book.rules} and swap.words for swap in swaps())
    assert all(swap.to not in swap.words for swap in swaps())


@pytest.mark.parametrize(
    ("text", "code", "rule", "case"),
    [
        ("未读名单按姓名报送办公室主任。", "C9", 2, None),
        ("不得读取用户的通讯录。", "A9", 4, None),
        ("中标人须提供近三年合同复印件。", "neutral", 7, None),
        ("管理员可新增、修改、删除模板。", "neutral", 8, "同样的动词"),
        ("大门抓拍来人的人脸。", "C2", 6, "抓拍人脸"),
        ("乙方为窗口人员提供操作培训和手册。", "A8", 7, "给使用者或职员的培训"),
        ("为每名职工建立一人一档。", "C10", 1, "个人档案跨来源"),
    ],
)
def test_the_rule_that_speaks_to_a_sentence(
    text: str, code: str, rule: int, case: str | None
) -> None:
    (item,) = guidance(text, () if code == "neutral" else (code,))
    assert item.code == code
    assert item.rule is not None and item.rule.number == rule
    assert all(code in example for example in item.rule.examples)
    if case is None:
        assert item.clarification is None
    else:
        assert item.clarification is not None
        assert item.clarification.case.startswith(case)


def test_screened_model_is_explained_as_it_answers(lexical: Classifier) -> None:
    plain = lexical.model
    all_pass_over = Screen(np.full(len(LABELS), 2.0), np.zeros(len(LABELS)), 1.1)
    calibration = replace(plain.calibration, screen=all_pass_over)
    screened = Model("lexical", plain.version, plain.scorers, calibration, screened=True)
    explained = explain(screened, ATTENDANCE)
    assert explained.model_version == screened.version
    said = screened.predict([ATTENDANCE]).probabilities[0]
    assert explained.probabilities == pytest.approx(said, abs=1e-6)
    assert said != pytest.approx(plain.predict([ATTENDANCE]).probabilities[0], abs=1e-3)
