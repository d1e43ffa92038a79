"""Review stores to Label Studio and doccano and back: nothing lost, nothing taken by mistake."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_report import sample_report

import cli
from classifier.errors import ReviewError
from classifier.review import doccano, exchange, label_studio
from classifier.review.exchange import Imported, Task
from classifier.review.model import Label, same
from classifier.review.store import ReviewStore
from classifier.taxonomy import CATEGORIES, Orientation, orientation_of_categories

REPORT = sample_report()
KEY = "5f" * 32
C1 = Label(Orientation.CONTROL, ("C1",))
NEUTRAL = Label(Orientation.NEUTRAL, ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReviewStore]:
    with ReviewStore.open(tmp_path / "a.review.sqlite") as opened:
        opened.add(REPORT, None)
        yield opened


def annotated(store: ReviewStore, change: Callable[[list[dict]], None]) -> bytes:
    """An export of Label Studio after ``change`` to the tasks imported there."""
    tasks = json.loads("".join(label_studio.write(exchange.tasks(store))))
    change(tasks)
    return json.dumps(tasks).encode()


def annotation(*choices: str, **rest: object) -> dict:
    regions = [
        {
            "id": "x",
            "from_name": "categories"
            if choice[0] in "AC" and choice[1].isdigit()
            else "orientation",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [choice]},
            "origin": "manual",
        }
        for choice in choices
    ]
    return {"id": 9, "result": regions, "was_cancelled": False, **rest}


def taken(found: Imported) -> list[tuple[int, str, Label]]:
    return [(d.sentence, d.reviewer, d.label) for d in found.decisions if d.label]


labels = st.one_of(
    st.sampled_from([Label(orientation, ()) for orientation in Orientation]),
    st.lists(st.sampled_from(sorted(CATEGORIES)), min_size=1, max_size=4, unique=True).map(
        lambda codes: Label(orientation_of_categories(codes), tuple(codes))
    ),
)
people = st.text(
    st.characters(exclude_categories=["C", "Z"], codec="utf-8"), min_size=1, max_size=20
)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(str.strip)
said = st.dictionaries(people, labels, max_size=3)


def task(text: str, number: int, said: dict[str, Label]) -> Task:
    return Task(text, "一 / 二", "前句", KEY, "甲.pdf", number, NEUTRAL, "v1", 0.5, said)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, said), max_size=4))
def test_what_people_said_comes_back_from_label_studio(sentences: list) -> None:
    tasks = [task(text, i, said) for i, (text, said) in enumerate(sentences)]
    data = "".join(label_studio.write(tasks)).encode()
    found = label_studio.read(data, lambda _, i: sentences[i][0], {})
    assert found.problems == ()
    assert taken(found) == [(t.sentence, *one) for t in tasks for one in t.said.items()]
    assert found.unlabelled == sum(not t.said for t in tasks)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, said), max_size=4))
def test_what_people_agreed_on_comes_back_from_doccano(sentences: list) -> None:
    tasks = [task(text, i, said) for i, (text, said) in enumerate(sentences)]
    data = "".join(doccano.write(tasks)).encode()
    found = doccano.read(data, "all.jsonl", lambda _, i: sentences[i][0], {})
    agreed = [
        t
        for t in tasks
        if t.said and all(same(one, next(iter(t.said.values()))) for one in t.said.values())
    ]
    assert found.problems == ()
    assert taken(found) == [(t.sentence, *one) for t in agreed for one in t.said.items()]


@settings(max_examples=100, deadline=None)
@given(labels)
def test_a_label_is_what_its_names_say(label: Label) -> None:
    assert exchange.label_of(exchange.names_of(label)) == label


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "annotations", "result", "value", "choices", "from_name", "completed_by",
                 "document", "sentence", "text", "label", "said", "was_cancelled", "updated_at"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_any_json_is_taken_or_refused_by_name(value: object) -> None:
    data = json.dumps([value, {"data": value, "annotations": [value]}]).encode()
    found = label_studio.read(data, lambda *_: "text", {})
    assert len(found.problems) + found.unlabelled + len(found.decisions) >= 2
    line = json.dumps(value).encode()
    found = doccano.read(line, "甲.jsonl", lambda *_: "text", {})
    assert len(found.problems) + found.unlabelled + len(found.decisions) >= 1


def test_annotations_come_in_under_the_annotators_names(store: ReviewStore) -> None:
    def change(tasks: list[dict]) -> None:
        tasks[0]["annotations"] = [
            annotation("管控 control", "C1 " + CATEGORIES["C1"].zh, completed_by=7),
            annotation("中性 neutral", completed_by={"id": 8, "email": "li@example.com"}),
            annotation("中性 neutral", completed_by=9, was_cancelled=True),
        ]
        tasks[1]["annotations"] = [annotation("neutral", updated_at="2026-01-02T03:04:05.6Z")]

    data = annotated(store, change)
    found = label_studio.read(data, exchange.texts_of(store), {"7": "张三", "": "王五"})
    assert taken(found) == [(0, "张三", C1), (0, "li@example.com", NEUTRAL), (1, "王五", NEUTRAL)]
    assert found.decisions[2].at == pytest.approx(1767323045.6)
    assert store.import_decisions(found.decisions) == 3
    assert store.import_decisions(found.decisions) == 0
    assert store.standings(KEY)[0].is_disputed


def test_another_annotators_change_is_not_put_in_the_first_ones_mouth(store: ReviewStore) -> None:
    store.decide([(KEY, 0), (KEY, 1)], "张三", C1)

    def change(tasks: list[dict]) -> None:
        (changed,) = tasks[0]["annotations"]
        changed["completed_by"] = 4
        changed["result"][0]["value"]["choices"] = ["中性 neutral"]
        del changed["result"][1]
        tasks[1]["annotations"][0]["completed_by"] = 4

    found = label_studio.read(annotated(store, change), exchange.texts_of(store), {"4": "李四"})
    assert taken(found) == [(0, "李四", NEUTRAL), (1, "张三", C1)]


def test_doccano_lines_as_written_and_changed(store: ReviewStore) -> None:
    store.decide([(KEY, 0), (KEY, 1)], "张三", C1)
    lines = [json.loads(line) for line in doccano.write(exchange.tasks(store))]
    assert [line["label"] for line in lines[2:]] == [[]] * len(lines[2:])
    lines[1]["label"] = ["中性 neutral"]
    lines[2]["label"] = ["C1 " + CATEGORIES["C1"].zh]
    data = "\n".join(json.dumps({"id": 1, "Comments": [], **line}) for line in lines).encode()
    text_of = exchange.texts_of(store)
    expected = [(0, "张三", C1), (1, "li", NEUTRAL), (2, "li", C1)]
    assert taken(doccano.read(data, "li.jsonl", text_of, {})) == expected
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("li.jsonl", data)
    assert taken(doccano.read(archive.getvalue(), "export.zip", text_of, {})) == expected
    nameless = doccano.read(data, "all.jsonl", text_of, {})
    assert taken(nameless) == expected[:1]
    assert ["--reviewer" in problem.why for problem in nameless.problems] == [True, True]


def test_what_cannot_be_taken_is_named(store: ReviewStore) -> None:
    def change(tasks: list[dict]) -> None:
        for one in tasks:
            one["annotations"] = [annotation("control", completed_by=1)]
        tasks[0]["annotations"] = [annotation("监视 watch", completed_by=1)]
        tasks[1]["data"]["text"] = "另一句"
        tasks[2]["data"]["document"] = "00" * 32
        tasks[3]["data"] = {"text": "别的项目的任务"}
        tasks[4]["annotations"] = [annotation("neutral", "C1", completed_by=1)]
        tasks[5]["annotations"] = [annotation("neutral", "control", completed_by=1)]
        tasks[6]["annotations"] = [annotation("neutral", completed_by={"email": "x" * 99})]
        tasks[7]["data"]["sentence"] = len(tasks)

    data = annotated(store, change)
    found = label_studio.read(data, exchange.texts_of(store), {})
    places = [problem.place for problem in found.problems]
    assert places == [f"任务 task {number}" for number in range(1, 9)]
    assert "监视 watch" in found.problems[0].why
    assert len(found.decisions) == len(REPORT.sentences) - 8


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff\xfe", b"[" * 100_000, b'"x"'], ids=["none", "object", "bytes", "deep", "text"]
)  # fmt: skip
def test_no_export_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(ReviewError):
        label_studio.read(data, lambda *_: None, {})


def test_sizes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MAX_BYTES", 1000)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("all.jsonl", b" " * 100_000)
    assert len(archive.getvalue()) < 1000
    for read in (
        lambda: doccano.read(archive.getvalue(), "a.zip", lambda *_: None, {}),
        lambda: label_studio.read(b" " * 1001, lambda *_: None, {}),
    ):
        with pytest.raises(ReviewError, match="larger"):
            read()


def test_configurations_hold_every_label() -> None:
    names = {exchange.orientation_name(o) for o in Orientation}
    names |= {exchange.category_name(code) for code in CATEGORIES}
    interface = ElementTree.fromstring(label_studio.labelling_config())
    assert {choice.get("value") for choice in interface.iter("Choice")} == names
    assert {label["text"] for label in json.loads(doccano.label_config())} == names


def test_a_team_takes_a_store_to_label_studio_and_back(
    store: ReviewStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.app([*arguments])
        assert isinstance(ended.value.code, int)
        return ended.value.code, "".join(capsys.readouterr())

    file, place = tmp_path / "tasks.json", str(store.path)
    assert run("review-export", place, "-o", str(file))[0] == 0
    tasks = json.loads(file.read_text(encoding="utf-8"))
    assert len(tasks) == len(REPORT.sentences)
    assert (tmp_path / "tasks.config.xml").is_file()
    tasks[0]["annotations"] = [annotation("中性 neutral", completed_by=3)]
    tasks[1]["annotations"] = [annotation("别的", completed_by=3)]
    file.write_text(json.dumps(tasks), encoding="utf-8")
    code, said = run("review-import", place, str(file), "--reviewer", "3=张三")
    assert code == 4
    assert "别的" in said and "张三" in said
    assert store.standings(KEY)[0].opinions["张三"].label == NEUTRAL
    assert run("review-export", place, "-o", str(file), "--for", "doccano", "--doubtful")[0] == 0
    back = file.read_text(encoding="utf-8").splitlines()
    assert 1 <= len(back) < len(tasks)
    code, said = run("review-import", place, str(file), "--from", "doccano")
    assert code == 0 and "known already: 1" in said
