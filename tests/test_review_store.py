"""The review store: what people said, apart from the machine, in a trail that only grows."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_report import make_report, sample_blocks, sample_report
from sklearn.metrics import cohen_kappa_score, f1_score

from classifier.document import Block
from classifier.errors import ReviewError
from classifier.review import trail
from classifier.review.agreement import says
from classifier.review.model import Act, Decision, Label, same
from classifier.review.store import ReviewStore
from classifier.taxonomy import Orientation

KEY = "5f" * 32
REPORT = sample_report()
NEUTRAL = Label(Orientation.NEUTRAL, ())
C1 = Label(Orientation.CONTROL, ("C1",))
C7 = Label(Orientation.CONTROL, ("C7",))
A1 = Label(Orientation.ASSISTIVE, ("A1",))
MIXED = Label(Orientation.MIXED, ("A3", "C3"))
LABELS = (NEUTRAL, C1, A1, MIXED)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReviewStore]:
    with ReviewStore.open(tmp_path / "a.review.sqlite") as store:
        store.add(REPORT, tmp_path / "招标.pdf")
        yield store


def test_keeps_the_document_with_places_and_machine_labels(
    store: ReviewStore, tmp_path: Path
) -> None:
    report = REPORT
    (document,) = store.documents()
    assert (document.sha256, document.name) == (KEY, report.document.name)
    assert document.original == tmp_path / "招标.pdf"
    assert document.score == report.orientation
    assert document.page_sizes == report.document.page_sizes
    sentences = store.sentences(KEY)
    assert [s.text for s in sentences] == [s.text for s in report.sentences]
    for kept, made in zip(sentences, report.sentences, strict=True):
        assert kept.machine == Label(made.orientation, made.categories)
        assert kept.probabilities == pytest.approx(made.probabilities, abs=1e-6)
        assert kept.boxes == made.sentence.place.boxes
        assert (kept.section, kept.page) == (made.sentence.section, made.sentence.place.page)
        assert kept.cell == made.sentence.place.cell
        assert (kept.doubtful, kept.counted) == (made.review, made.counted)
        assert kept.influence == made.influence
    assert [s.previous for s in sentences[1:]] == [s.text for s in sentences[:-1]]
    alarms = {rule for s in sentences for rule in s.alarms}
    assert alarms == {finding.rule.id for finding in report.findings.alarms}


def test_what_was_written_is_there_after_opening_again(store: ReviewStore) -> None:
    store.decide([(KEY, 3)], "王芳", C1)
    with ReviewStore.open(store.path) as again:
        assert again.trail(KEY) == store.trail(KEY)
        assert again.sentences(KEY) == store.sentences(KEY)


def test_accepting_and_correcting_are_told_apart(store: ReviewStore) -> None:
    machine = store.sentences(KEY)[4].machine
    (accepted,) = store.decide([(KEY, 4)], "王芳", machine)
    (corrected,) = store.decide([(KEY, 4)], " 王芳 ", MIXED)
    assert (accepted.act, corrected.act) == (Act.ACCEPT, Act.CORRECT)
    assert (accepted.number, corrected.number) == (1, 2)
    assert corrected.reviewer == "王芳"
    assert store.standings(KEY)[4].human == MIXED
    assert store.sentences(KEY)[4].machine == machine


@pytest.mark.parametrize("table", ["decisions", "sign_offs"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET reviewer = 'x'", "DELETE FROM {}"])
def test_the_file_itself_refuses_to_change_entries(
    store: ReviewStore, table: str, statement: str
) -> None:
    store.decide([(KEY, 4)], "王芳", C1)
    store.sign_off(KEY, "王芳", store.documents()[0].score)
    other = sqlite3.connect(store.path)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        other.execute(statement.format(table))
    other.close()


def test_a_bulk_decision_is_taken_back_as_one(store: ReviewStore) -> None:
    before = store.decide([(KEY, 2)], "王芳", A1)
    bulk = store.decide([(KEY, 2), (KEY, 5), (KEY, 9), (KEY, 5)], "王芳", C7)
    assert [entry.sentence for entry in bulk] == [2, 5, 9]
    assert {entry.bulk for entry in bulk} == {bulk[0].number}
    undone = store.undo(bulk[1].number, "王芳")
    assert {entry.undone for entry in undone} == {entry.number for entry in bulk}
    standings = store.standings(KEY)
    assert standings.keys() == {2} and standings[2].opinions["王芳"] == before[0]
    with pytest.raises(ReviewError, match="already"):
        store.undo(bulk[0].number, "王芳")
    store.undo(undone[0].number, "王芳")
    assert {store.standings(KEY)[i].human for i in (2, 5, 9)} == {C7}


def test_nobody_takes_back_what_another_said(store: ReviewStore) -> None:
    (entry,) = store.decide([(KEY, 2)], "王芳", A1)
    with pytest.raises(ReviewError, match="not one of"):
        store.undo(entry.number, "李强")


@dataclass
class Person:
    """What an editor's undo and redo stacks would hold."""

    done: list[list[tuple[int, Label]]] = field(default_factory=list)
    undone: list[list[tuple[int, Label]]] = field(default_factory=list)

    def says(self) -> dict[int, Label]:
        return {sentence: label for step in self.done for sentence, label in step}


steps = st.lists(
    st.tuples(
        st.sampled_from(["王芳", "李强"]),
        st.one_of(
            st.sampled_from(["undo", "redo"]),
            st.tuples(
                st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True),
                st.sampled_from(LABELS),
            ),
        ),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=40, deadline=None)
def test_undo_and_redo_behave_as_stacks_and_the_trail_only_grows(steps) -> None:
    people = {"王芳": Person(), "李强": Person()}
    with tempfile.TemporaryDirectory() as folder, ReviewStore.open(Path(folder) / "s") as store:
        store.add(REPORT, None)
        before: tuple[Decision, ...] = ()
        for name, step in steps:
            person = people[name]
            if step == "undo":
                last = trail.to_undo(store.entries_of(name))
                assert bool(last) == bool(person.done)
                if last:
                    store.undo(last[0].number, name)
                    person.undone.append(person.done.pop())
            elif step == "redo":
                last = trail.to_redo(store.entries_of(name))
                assert bool(last) == bool(person.undone)
                if last:
                    store.undo(last[0].number, name)
                    person.done.append(person.undone.pop())
            else:
                sentences, label = step
                store.decide([(KEY, sentence) for sentence in sentences], name, label)
                person.done.append([(sentence, label) for sentence in sentences])
                person.undone.clear()
            now = store.trail(KEY)
            assert now[: len(before)] == before
            assert [entry.number for entry in now] == list(range(1, len(now) + 1))
            before = now
            said = {
                who: {
                    sentence: standing.opinions[who].label
                    for sentence, standing in store.standings(KEY).items()
                    if who in standing.opinions
                }
                for who in people
            }
            assert said == {who: person.says() for who, person in people.items()}


def test_reviewed_takes_what_agrees_or_was_adjudicated(store: ReviewStore) -> None:
    store.decide([(KEY, 4)], "王芳", C1)
    store.decide([(KEY, 5), (KEY, 6)], "王芳", A1)
    store.decide([(KEY, 5)], "李强", Label(Orientation.ASSISTIVE, ("A1",)))
    store.decide([(KEY, 6)], "李强", C7)
    found = {r.sentence: r for r in store.reviewed()}
    assert found.keys() == {4, 5}
    assert found[5].reviewers == ("王芳", "李强")
    assert found[5].human == A1
    sentence = store.sentences(KEY)[5]
    assert (found[5].text, found[5].previous) == (sentence.text, sentence.previous)
    assert (found[5].machine, found[5].model_version) == (sentence.machine, "0123456789ab")
    (settled,) = store.decide([(KEY, 6)], "陈主任", MIXED, adjudicate=True)
    assert {r.sentence: r.human for r in store.reviewed()}[6] == MIXED
    store.undo(settled.number, "陈主任")
    assert 6 not in {r.sentence for r in store.reviewed()}


def test_order_of_categories_is_no_disagreement(store: ReviewStore) -> None:
    store.decide([(KEY, 5)], "王芳", Label(Orientation.CONTROL, ("C1", "C2")))
    store.decide([(KEY, 5)], "李强", Label(Orientation.CONTROL, ("C2", "C1")))
    assert not store.standings(KEY)[5].is_disputed


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), max_size=30))
@settings(max_examples=25, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_agreement_is_what_scikit_learn_says(pairs) -> None:
    with tempfile.TemporaryDirectory() as folder, ReviewStore.open(Path(folder) / "s") as store:
        store.add(REPORT, None)
        for sentence, (one, other) in enumerate(pairs):
            store.decide([(KEY, sentence)], "王芳", one)
            store.decide([(KEY, sentence)], "李强", other)
        found = store.agreement(KEY)
        assert len(found) == (2 if pairs else 0)
        for agreement in found:
            assert agreement.sentences == len(pairs)
            one, other = (
                [says(pair[side], agreement.question) for pair in pairs] for side in (0, 1)
            )
            kappa = cohen_kappa_score(one, other)
            if agreement.kappa is None:
                assert len({*one, *other}) == 1
            else:
                assert agreement.kappa == pytest.approx(kappa)
            if agreement.f1 is None:
                assert not any([*one, *other])
            else:
                assert agreement.f1 == pytest.approx(f1_score(one, other))


def test_sign_off_waits_for_adjudication_and_tells_when_it_is_old(store: ReviewStore) -> None:
    score = store.documents()[0].score
    store.decide([(KEY, 6)], "王芳", A1)
    store.decide([(KEY, 6)], "李强", C7)
    with pytest.raises(ReviewError, match="adjudicate"):
        store.sign_off(KEY, "王芳", score)
    store.decide([(KEY, 6)], "陈主任", C7, adjudicate=True)
    signed = store.sign_off(KEY, "陈主任", score)
    assert (signed.human, signed.machine, signed.reviewed) == (score, score, 1)
    assert signed.last == store.trail(KEY)[-1].number
    store.decide([(KEY, 7)], "王芳", A1)
    assert store.sign_offs(KEY)[-1].last < store.trail(KEY)[-1].number


@pytest.mark.parametrize(
    ("label", "name"),
    [
        (Label(Orientation.CONTROL, ("A1",)), "王芳"),
        (Label(Orientation.MIXED, ("A1",)), "王芳"),
        (Label(Orientation.NEUTRAL, ("C1",)), "王芳"),
        (Label(Orientation.CONTROL, ("C99",)), "王芳"),
        (C1, "  "),
        (C1, "a\nb"),
        (C1, "长" * 61),
    ],
)
def test_refuses_labels_that_contradict_themselves_and_odd_names(
    store: ReviewStore, label: Label, name: str
) -> None:
    with pytest.raises(ReviewError):
        store.decide([(KEY, 1)], name, label)
    assert store.trail(KEY) == ()


def test_one_bad_sentence_in_a_bulk_leaves_no_entry(store: ReviewStore) -> None:
    with pytest.raises(ReviewError, match="no sentence"):
        store.decide([(KEY, 1), (KEY, 99_999)], "王芳", C1)
    for document, sentence in (("ab" * 32, 1), (KEY, -1), (KEY, 10**30)):
        with pytest.raises(ReviewError, match="no sentence"):
            store.decide([(document, sentence)], "王芳", C1)
    assert store.trail(KEY) == ()
    (entry,) = store.decide([(KEY, 1)], "王芳", C1)
    assert entry.number == 1


def test_import_adds_what_is_new_once_and_can_be_taken_back(store: ReviewStore) -> None:
    machine = store.sentences(KEY)[1].machine
    given = [
        Decision(0, KEY, 1, "王芳", Act.CORRECT, machine, 0, 0, 1_700_000_000.0),
        Decision(0, KEY, 2, "王芳", Act.ACCEPT, C7, 0, 0, 0),
        Decision(0, KEY, 2, "李强", Act.ADJUDICATE, C1, 0, 0, 0),
    ]
    assert store.import_decisions(given) == 3
    assert store.import_decisions(given) == 0
    first, second, third = store.trail(KEY)
    assert (first.act, second.act, third.act) == (Act.ACCEPT, Act.CORRECT, Act.ADJUDICATE)
    assert first.at == 1_700_000_000.0 and second.at > first.at
    assert first.bulk == second.bulk == first.number
    store.undo(second.number, "王芳")
    assert store.standings(KEY).keys() == {2}
    with pytest.raises(ReviewError):
        store.import_decisions([replace(given[0], label=A1), replace(given[1], label=None)])
    assert store.standings(KEY).keys() == {2}


def test_a_newer_model_gives_new_answers_and_leaves_the_people_theirs(store: ReviewStore) -> None:
    before = store.sentences(KEY)[4].machine
    store.decide([(KEY, 4)], "王芳", MIXED)
    report = REPORT
    changed = replace(
        report,
        model_version="ba9876543210",
        sentences=tuple(
            replace(s, orientation=Orientation.NEUTRAL, categories=()) for s in report.sentences
        ),
    )
    store.add(changed, None)
    assert store.sentences(KEY)[4].machine == NEUTRAL
    assert store.documents()[0].model_version == "ba9876543210"
    (kept,) = store.reviewed()
    assert (kept.machine, kept.model_version, kept.human) == (before, "0123456789ab", MIXED)


def test_decisions_never_move_to_other_sentences(store: ReviewStore) -> None:
    blocks, labels = sample_blocks()
    other = make_report([Block("新的一句话在前面。", page=1), *blocks], ["", *labels])
    store.add(other, None)
    assert len(store.sentences(KEY)) == len(labels) + 1
    store.decide([(KEY, 4)], "王芳", C1)
    with pytest.raises(ReviewError, match="new store"):
        store.add(REPORT, None)
    assert len(store.sentences(KEY)) == len(labels) + 1


def test_a_document_without_bytes_of_its_own_is_refused(store: ReviewStore) -> None:
    report = REPORT
    with pytest.raises(ReviewError, match="no hash"):
        store.add(replace(report, document=replace(report.document, sha256="")), None)


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"x" * 900]
)
def test_other_files_are_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    with pytest.raises(ReviewError):
        ReviewStore.open(file)
    assert file.read_bytes() == content


def test_databases_of_others_and_of_later_versions_are_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(ReviewError, match="no review store"):
        ReviewStore.open(tmp_path / "other")
    ReviewStore.open(tmp_path / "own").close()
    own = sqlite3.connect(tmp_path / "own")
    own.execute("PRAGMA user_version = 99")
    own.close()
    with pytest.raises(ReviewError, match="version"):
        ReviewStore.open(tmp_path / "own")
    with pytest.raises(ReviewError, match="cannot be opened"):
        ReviewStore.open(tmp_path / "missing" / "own")


def test_two_programs_and_several_threads_lose_nothing(store: ReviewStore) -> None:
    failures: list[Exception] = []

    def work(own: ReviewStore, name: str) -> None:
        try:
            for sentence in range(20):
                own.decide([(KEY, sentence), (KEY, sentence + 1)], name, LABELS[sentence % 4])
        except Exception as error:  # told to the test, which fails on it
            failures.append(error)

    with ReviewStore.open(store.path) as other:
        threads = [
            threading.Thread(target=work, args=(own, f"审阅人{number}"))
            for number, own in enumerate([store, store, other, other])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    entries = store.trail(KEY)
    assert [entry.number for entry in entries] == list(range(1, 161))
    for entry in entries:
        assert entry.bulk in (entry.number, entry.number - 1)


def test_labels_are_the_same_whatever_the_order() -> None:
    assert same(Label(Orientation.MIXED, ("A3", "C3")), Label(Orientation.MIXED, ("C3", "A3")))
    assert not same(C1, C7)
