"""What comes of a review: score, signed report, shelf of an archive, command line."""

from __future__ import annotations

import io
import json
import math
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from PIL import Image
from referencing import Registry, Resource
from review_desk import CONTENTS, TEXT, reports

from classifier.analyzer import Classifier
from classifier.archive.rows import DocumentRow, Score
from classifier.errors import ExtractionError, Reason, ReviewError
from classifier.orientation import Verdict
from classifier.report.report import Report
from classifier.resources import folder
from classifier.review.desk import Desk
from classifier.review.export import export
from classifier.review.model import Label
from classifier.review.page_image import WIDTH, draw
from classifier.review.score import human_score
from classifier.review.shelf import Shelf
from classifier.review.signed import corrected, signed_report
from classifier.review.store import ReviewStore
from classifier.scoring import Answering
from classifier.taxonomy import Orientation

NEUTRAL = Label(Orientation.NEUTRAL, ())
CONTROL = Label(Orientation.CONTROL, ("C8",))


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load("lexical")


@pytest.fixture(scope="module")
def scored(classifier: Classifier) -> dict[str, Report]:
    return reports(classifier)


@pytest.fixture
def desk(tmp_path: Path, classifier: Classifier, scored: dict[str, Report]):
    with ReviewStore.open(tmp_path / "a.review.sqlite") as store:
        for name, report in scored.items():
            (tmp_path / name).write_bytes(CONTENTS[name])
            store.add(report, tmp_path / name)
        yield Desk(store, lambda: classifier)


def test_the_score_of_the_store_is_the_reports_own_until_people_speak(
    desk: Desk, scored: dict[str, Report], classifier: Classifier
) -> None:
    calibration = classifier.model.calibration
    for report in scored.values():
        own = human_score(calibration, desk.sentences(report.document.sha256), {})
        assert own.score == pytest.approx(report.orientation.score, abs=1e-4)
        assert corrected(report, {}, Answering.of(classifier.model)) == report


def test_score_of_the_store_and_of_the_signed_report_are_one(
    desk: Desk, scored: dict[str, Report], classifier: Classifier
) -> None:
    report = scored["考勤.txt"]
    said = {3: NEUTRAL, 4: CONTROL, 6: CONTROL}
    calibration = classifier.model.calibration
    stored = human_score(calibration, desk.sentences(report.document.sha256), said)
    answering = Answering.of(classifier.model)
    made = corrected(report, said, answering)
    assert made.orientation.score == pytest.approx(stored.score, abs=1e-4)
    assert made.orientation.control == pytest.approx(stored.control, abs=1e-3)
    assert made.sentences[4].categories == ("C8",) and not made.sentences[4].review
    everything = {s.sentence.index: CONTROL for s in report.sentences}
    certain = corrected(report, everything, answering).orientation
    assert certain.control == certain.sentences == sum(s.counted for s in report.sentences)
    assert certain.score == -1


def test_a_signed_report_says_who_and_shows_the_peoples_labels(desk: Desk) -> None:
    key = desk.store.documents()[0].sha256
    with pytest.raises(ReviewError, match="sign off first"):
        signed_report(desk, key)
    desk.store.decide([(key, 3)], "王芳", NEUTRAL)
    signed = desk.sign_off(key, "王芳")
    report = signed_report(desk, key)
    assert report.sentences[3].orientation is Orientation.NEUTRAL
    assert "王芳" in report.document.notes[0]
    assert report.orientation.score == pytest.approx(signed.human.score, abs=1e-4)
    desk.store.decide([(key, 4)], "王芳", NEUTRAL)
    with pytest.raises(ReviewError, match="sign off first"):
        signed_report(desk, key)


def test_nothing_is_signed_that_another_model_scored(desk: Desk, scored: dict[str, Report]) -> None:
    key = desk.store.documents()[0].sha256
    desk.store.decide([(key, 3)], "王芳", NEUTRAL)
    desk.store.add(replace(scored["考勤.txt"], model_version="another"), None)
    with pytest.raises(ReviewError, match="another model"):
        desk.sign_off(key, "王芳")


def test_the_export_follows_its_schema_at_every_stage(desk: Desk) -> None:
    key = desk.store.documents()[0].sha256
    check, report = (
        json.loads((folder("data") / f"{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("review", "report")
    )
    registry = Registry().with_resource("report.schema.json", Resource.from_contents(report))
    validator = jsonschema.Draft202012Validator(check, registry=registry)

    def exported():
        content = json.loads(json.dumps(export(desk.store, key), allow_nan=False))
        validator.validate(content)
        return content

    assert exported()["trail"] == []
    desk.store.decide([(key, 3), (key, 4)], "王芳", CONTROL)
    desk.store.decide([(key, 3)], "李强", NEUTRAL)
    assert exported()["sentences"][3]["is_disputed"]
    desk.store.undo(desk.store.decide([(key, 5)], "李强", NEUTRAL)[0].number, "李强")
    desk.store.decide([(key, 3)], "陈主任", CONTROL, adjudicate=True)
    desk.sign_off(key, "陈主任")
    found = exported()
    assert found["sentences"][3]["adjudicated_by"] == "陈主任"
    assert {entry["act"] for entry in found["trail"]} > {"undo", "adjudicate"}
    assert found["sign_offs"][0]["is_current"] and found["agreement"]
    found["sentences"][3]["human"]["categories"].append("C99")
    assert not validator.is_valid(found)


def row(path: str, member: str, content: str) -> DocumentRow:
    figures = Score(0.1, -0.2, 0.3, 0.2, Verdict.UNDECIDED, 1.0, 1.0, 9, {})
    return DocumentRow(
        *(path, member, content, "text", Reason.OK, "", "", 0, 9, 0.1, figures, (), (), "", ())
    )


def test_documents_of_an_archive_are_taken_to_the_desk_from_their_originals(
    tmp_path: Path, classifier: Classifier, scored: dict[str, Report]
) -> None:
    with zipfile.ZipFile(tmp_path / "附件.zip", "w") as packed:
        packed.writestr("内层/考勤.txt", TEXT)
    (tmp_path / "督查.pdf").write_bytes(CONTENTS["督查.pdf"])
    keys = {name: report.document.sha256 for name, report in scored.items()}
    shelf = Shelf(
        [
            row("附件.zip", "内层/考勤.txt", keys["考勤.txt"]),
            row("督查.pdf", "", keys["督查.pdf"]),
            row("没有.pdf", "", "ab" * 32),
            replace(row("坏.pdf", "", ""), score=None),
        ],
        [tmp_path / "elsewhere", tmp_path],
    )
    numbers = {choice.row.label: choice.number for choice in shelf.choices()}
    assert numbers.keys() == {"附件.zip/内层/考勤.txt", "督查.pdf", "没有.pdf"}
    with ReviewStore.open(tmp_path / "a.review.sqlite") as store:
        desk = Desk(store, lambda: classifier)
        key = shelf.open(numbers["附件.zip/内层/考勤.txt"], desk)
        document = store.document(key)
        assert (key, document.member) == (keys["考勤.txt"], "内层/考勤.txt")
        assert desk.originals.content(document) == CONTENTS["考勤.txt"]
        for number in (numbers["没有.pdf"], 99, -1):
            with pytest.raises(ReviewError):
                shelf.open(number, desk)
        assert len(store.documents()) == 1


def test_pages_are_drawn_in_a_child_that_may_fail() -> None:
    content = CONTENTS["督查.pdf"]
    pages = [Image.open(io.BytesIO(draw(content, "pdf", number))) for number in (1, 2)]
    assert {page.size for page in pages} == {(WIDTH, math.ceil(WIDTH * 842 / 595))}
    assert pages[0].tobytes() != pages[1].tobytes()
    file = io.BytesIO()
    Image.new("RGB", (3000, 1000), "red").save(file, "PNG")
    picture = Image.open(io.BytesIO(draw(file.getvalue(), "image", 1)))
    assert picture.size[0] == WIDTH and picture.getpixel((5, 5)) == (255, 0, 0)
    for data, format, number in (
        (content, "pdf", 3),
        (content[:400], "pdf", 1),
        (b"", "pdf", 1),
        (b"GIF89a", "image", 1),
        (file.getvalue(), "image", 2),
    ):
        with pytest.raises(ExtractionError):
            draw(data, format, number)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path, told: signal.Signals) -> None:
    (tmp_path / "考勤.txt").write_bytes(CONTENTS["考勤.txt"])
    done = subprocess.Popen(
        [
            *(sys.executable, "-m", "cli", "review", str(tmp_path / "考勤.txt"), "--no-browser"),
            *("--model", "lexical", "--reviewer", "王芳"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        assert done.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)/\S+", done.stdout.readline())
        assert found
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/wrong", timeout=30)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = opener.open(found[0], timeout=30).read().decode()
        assert "考勤.txt" in page and "王芳" in page
        done.send_signal(told)
        _, complaints = done.communicate(timeout=30)
        assert done.returncode == 0, complaints
        assert "Traceback" not in complaints and found[0] not in complaints
    finally:
        done.kill()
    with ReviewStore.open(tmp_path / "考勤.txt.review.sqlite") as store:
        assert [document.name for document in store.documents()] == ["考勤.txt"]
    assert not (tmp_path / "考勤.txt.review.sqlite-wal").exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("没有.txt", None, 2), ("空.txt", b"", 3), ("x.review.sqlite", b"no store" * 200, 1)],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path, name: str, content: bytes | None, code: int
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "cli", "review", str(tmp_path / name), "-m", "lexical"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and done.stderr.strip()
