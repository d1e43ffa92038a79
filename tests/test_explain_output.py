"""Explanations as a user meets them: terminal, JSON, command line."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

import cli
from classifier import Classifier, Explanation
from classifier.explain.explanation import MAX_CHARS
from classifier.explain.terminal import page
from classifier.harmless import visible
from classifier.report.flowing import Flowing
from classifier.taxonomy import LABELS

ATTENDANCE = "员工每天上班须打卡，迟到扣款五十元。"
HOSTILE = "员工\x1b[31m须\x07每天\u202e打卡\u200b，\r迟到\x9b2J扣款[bold]五十元[/]。\udce4"


@pytest.fixture(scope="module")
def lexical() -> Classifier:
    return Classifier.load("lexical")


def shown(explanation: Explanation) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(page(explanation))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_end_of_an_endless_sentence_is_left_out_and_said(lexical: Classifier) -> None:
    explained = lexical.explain("员工须打卡，" * 1000)
    assert explained.cut
    assert len(explained.text) == MAX_CHARS
    assert f"只解释前 {MAX_CHARS} 字" in shown(explained)


@pytest.mark.parametrize("text", ["", "★★"])
def test_nothing_to_explain_is_said(lexical: Classifier, text: str) -> None:
    assert "没有可解释的词" in shown(lexical.explain(text))


def test_plainly_neutral_sentence_lists_no_words(lexical: Classifier) -> None:
    said = shown(lexical.explain("机柜采用厚度不低于1.5mm的冷轧钢板。"))
    assert "判定 中性" in said
    assert "规则 1 客体" in said
    assert "另法 " not in said


def test_hostile_characters_do_not_reach_the_terminal(lexical: Classifier) -> None:
    explained = lexical.explain(HOSTILE, (HOSTILE, HOSTILE))
    text = shown(explained)
    assert {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs")} <= {"\n"}
    assert "[bold]" in text
    assert len(visible(HOSTILE)) == len(HOSTILE)
    assert all(word.text in explained.text for label in explained.labels for word in label.words)


def test_terminal_lines_are_filled_and_never_begin_with_a_comma() -> None:
    text = "识别、评价、义务 或处罚落到人身上就是管控neutral，" * 8
    console = Console(file=io.StringIO(), width=21, color_system=None)
    console.print(Flowing(Text(text)))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith(("，", "、")) for line in lines)
    assert sum("neutral" in line for line in lines) == 8


def test_json_holds_everything_as_plain_values(lexical: Classifier) -> None:
    explained = lexical.explain(ATTENDANCE, ("考勤管理", "上一句。"))
    content = json.loads(json.dumps(explained.to_json(), ensure_ascii=False, allow_nan=False))
    assert content["orientation"] == "control"
    assert set(content["probabilities"]) == set(LABELS)
    assert content["labels"][1]["label"] == "control"
    assert content["labels"][1]["words"][0].keys() == {
        "text",
        "start",
        "end",
        "occlusion",
        "second",
        "without",
    }
    assert content["guidance"][0]["code"] == explained.categories[0]


@pytest.fixture
def terminal() -> CliRunner:
    return CliRunner()


def test_command_explains_a_sentence(terminal: CliRunner) -> None:
    done = terminal.invoke(cli.app, ["explain", "-m", "lexical", "--section", "考勤", ATTENDANCE])
    assert done.exit_code == 0, done.output
    for part in ("判定 管控", "C1 考勤查岗", "打卡", "规则 3", "怎样改会不同"):
        assert part in done.stdout


def test_command_gives_json_and_reads_standard_input(terminal: CliRunner) -> None:
    arguments = ["explain", "-m", "lexical", "--json", "--previous", "前一句。", "-"]
    done = terminal.invoke(cli.app, arguments, input=f"{ATTENDANCE}\n")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["text"] == ATTENDANCE
    assert content["previous"] == "前一句。"


def test_command_names_a_missing_model(terminal: CliRunner) -> None:
    assert terminal.invoke(cli.app, ["explain", "-m", "no-such-model", "句子"]).exit_code == 5
