"""The corridor from file to report, through the public interface, on the shipped samples."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from classifier import CATEGORIES, LABELS, Classifier, ExtractionError, Reason, Verdict
from classifier.findings import FindingState
from classifier.resources import folder

SAMPLES = folder("data") / "samples"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.fixture(scope="module")
def lexical() -> Classifier:
    return Classifier.load("lexical")


@pytest.fixture(scope="module")
def campus(classifier):
    return classifier.analyze(SAMPLES / "smart-campus-mixed.docx")


@pytest.fixture(scope="module")
def supervision(classifier):
    return classifier.analyze(SAMPLES / "civil-service-supervision.pdf")


def test_supervision_platform_scores_as_control(supervision) -> None:
    assert supervision.orientation.verdict in (Verdict.CONTROL, Verdict.RATHER_CONTROL)
    assert supervision.orientation.interval.high < 0


def test_its_four_functions_are_found_and_named(supervision) -> None:
    found = {finding.rule.id: finding for finding in supervision.findings.alarms}
    cues = {
        "biometric_attendance": "人脸",
        "compulsory_daily_reports": "计划",
        "web_capture": "上网",
        "quantified_ranking": "排名",
    }
    for name, cue in cues.items():
        texts = [supervision.sentences[i].text for i in found[name].evidence]
        assert any(cue in text for text in texts), name
        assert all(supervision.sentences[i].sentence.place.page for i in found[name].evidence)


def test_people_first_counterpart_scores_as_assistive(classifier) -> None:
    report = classifier.analyze(SAMPLES / "civil-service-assistance.docx")
    assert report.orientation.verdict in (Verdict.ASSISTIVE, Verdict.RATHER_ASSISTIVE)
    assert report.orientation.interval.low > 0
    present = {finding.rule.id for finding in report.findings.safeguards if finding.found}
    assert present == {
        "participation",
        "feedback",
        "convenience",
        "privacy",
        "stepwise",
        "training",
    }
    assert not report.findings.alarms, "what it forbids is no alarm"
    answers = {finding.rule.id: finding.state for finding in report.findings.risks}
    assert answers["no_voice"] is FindingState.COUNTERED
    present = {id_ for id_, state in answers.items() if state is FindingState.PRESENT}
    assert present == {"no_change_control"}, "the sample has none"


def test_alarms_of_the_supervision_platform_meet_on_its_staff(supervision) -> None:
    (staff, *_) = supervision.findings.proportionality
    assert staff.persons == "工作人员"
    assert len(staff.alarms) >= 4
    answers = {finding.rule.id: finding.state for finding in supervision.findings.risks}
    assert answers["no_voice"] is FindingState.PRESENT
    assert answers["technology_over_people"] is FindingState.PRESENT


def test_mixed_document_stands_between(supervision, campus) -> None:
    assert supervision.orientation.score < campus.orientation.score < 0.6
    assert campus.orientation.assistive >= 8
    assert campus.orientation.control >= 8


def test_no_verdict_on_a_goods_tender(classifier) -> None:
    report = classifier.analyze(SAMPLES / "office-furniture-goods.pdf")
    assert report.orientation.verdict is Verdict.UNDECIDED
    assert report.orientation.salience < 0.1


def test_json_follows_its_schema(supervision) -> None:
    schema = json.loads((folder("data") / "report.schema.json").read_text(encoding="utf-8"))
    content = json.loads(json.dumps(supervision.to_json(), allow_nan=False))
    jsonschema.validate(content, schema)
    assert [s["text"] for s in content["sentences"]] == [s.text for s in supervision.sentences]


def test_frame_has_one_row_per_sentence(supervision) -> None:
    frame = supervision.to_frame()
    assert len(frame) == len(supervision.sentences)
    assert list(frame["text"]) == [s.text for s in supervision.sentences]


def test_offsets_places_and_labels_agree(supervision) -> None:
    text, pages = supervision.document.text, len(supervision.document.page_sizes)
    for labelled in supervision.sentences:
        sentence = labelled.sentence
        assert text[sentence.start : sentence.end] == sentence.text
        assert 1 <= sentence.place.page <= pages
        assert sentence.place.boxes
        sides = {CATEGORIES[code].orientation.value for code in labelled.categories}
        expected = {"mixed": {"assistive", "control"}, "neutral": set()}
        assert sides == expected.get(labelled.orientation.value, {labelled.orientation.value})


def test_profile_counts_what_the_sentences_say(supervision) -> None:
    counted = [s for s in supervision.sentences if s.counted]
    assert list(supervision.profile()) == list(CATEGORIES)
    for code, number in supervision.profile().items():
        assert number == sum(code in s.categories for s in counted)


def test_sections_cover_the_document(supervision) -> None:
    assert sum(section.length for section in supervision.sections) == len(supervision.sentences)


def test_predict_is_ordered_and_independent_of_batch_mates(classifier, campus) -> None:
    texts = [s.text for s in campus.sentences][:60:2]
    together = classifier.predict(texts).probabilities
    assert together.shape == (len(texts), len(LABELS))
    alone = np.concatenate([classifier.predict([text]).probabilities for text in texts])
    assert np.abs(together - alone).max() <= 0.02
    backwards = classifier.predict(texts[::-1]).probabilities[::-1]
    assert np.abs(together - backwards).max() <= 0.02


def test_predict_accepts_contexts_and_refuses_other_lengths(classifier) -> None:
    one = classifier.predict(["自动生成报表。"], [(("第一章", "减负功能"), "上一句。")])
    other = classifier.predict(["自动生成报表。"], [("减负功能", "上一句。")])
    assert np.allclose(one.probabilities, other.probabilities)
    with pytest.raises(ValueError, match="2 texts but 1 contexts"):
        classifier.predict(["一句。", "两句。"], [None])
    assert len(classifier.predict([])) == 0


def test_contrast_pairs_of_the_taxonomy(classifier) -> None:
    """What the guidelines are about, in their plainest form."""
    said = classifier.predict(
        [
            "系统每五分钟截取员工电脑屏幕并上传，供主管查看。",
            "服务器CPU、内存使用率超过阈值时自动告警。",
            "已有信息自动带入表单，无需重复填写。",
            "按月对各科室人员办件时效自动打分并排名，排名末位的通报批评。",
        ]
    ).orientations
    assert [o.value for o in said] == ["control", "neutral", "assistive", "control"]


def test_analyze_many_returns_every_path_once_in_order(classifier, tmp_path) -> None:
    good, empty, broken = (tmp_path / name for name in ("好.txt", "空.txt", "坏.pdf"))
    good.write_text("系统支持在线预约。已有信息自动带入。", encoding="utf-8")
    empty.write_bytes(b"")
    broken.write_bytes(b"%PDF-1.4 broken")
    paths = [good, empty, broken, tmp_path / "没有.docx", good]
    results = list(classifier.analyze_many(paths))
    assert [(path, member) for path, member, _ in results] == [(path, "") for path in paths]
    kinds = [
        r.reason if isinstance(r, ExtractionError) else r.document.reason for _, _, r in results
    ]
    assert kinds == [Reason.OK, Reason.EMPTY, Reason.DAMAGED, Reason.DAMAGED, Reason.OK]


def make_zip(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, text in files.items():
            target.writestr(f"{name}.txt", text)
    return path


def test_analyze_many_returns_every_member_of_an_archive(classifier, tmp_path) -> None:
    archive = make_zip(tmp_path / "包.zip", 甲="员工须每日打卡。", 乙="", 丙="支持在线预约。")
    plain = tmp_path / "丁.txt"
    plain.write_text("支持在线查询。", encoding="utf-8")
    results = list(classifier.analyze_many([archive, plain], workers=1))
    assert [(path, member) for path, member, _ in results] == [
        (archive, "甲.txt"),
        (archive, "乙.txt"),
        (archive, "丙.txt"),
        (plain, ""),
    ]
    assert [isinstance(result, ExtractionError) for _, _, result in results] == [0, 1, 0, 0]
    assert results[2][2].document.member == "丙.txt"


def test_read_all_and_analyze_all_take_containers_and_plain_files(classifier, tmp_path) -> None:
    archive = make_zip(tmp_path / "包.zip", 甲="员工须每日打卡。", 乙="")
    (first, document), (second, error) = classifier.read_all(archive)
    assert (first, document.text) == ("甲.txt", "员工须每日打卡。")
    assert (second, error.reason) == ("乙.txt", Reason.EMPTY)
    ((member, report),) = classifier.analyze_all("支持在线预约。".encode(), "需求.txt")
    assert (member, report.document.name) == ("", "需求.txt")


def test_an_archive_of_one_document_is_analysed_as_that(classifier, tmp_path) -> None:
    report = classifier.analyze(make_zip(tmp_path / "包.zip", 甲="员工须每日打卡。"))
    assert report.document.member == "甲.txt"
    assert report.document.reason is Reason.OK
    report = classifier.analyze(make_zip(tmp_path / "包.zip", 甲="员工须每日打卡。", 乙=""))
    assert report.document.reason is Reason.OK_PARTIAL
    assert any("乙.txt" in note for note in report.document.notes)


def test_an_archive_of_several_or_no_documents_is_refused_by_analyze(classifier, tmp_path) -> None:
    with pytest.raises(ExtractionError) as several:
        classifier.analyze(make_zip(tmp_path / "包.zip", 甲="须打卡。", 乙="须签到。"))
    assert several.value.reason is Reason.UNSUPPORTED
    assert "甲.txt and 乙.txt" in several.value.detail
    with pytest.raises(ExtractionError) as none:
        classifier.analyze(make_zip(tmp_path / "包.zip", 甲="", 乙=""))
    assert none.value.reason is Reason.EMPTY
    assert "none of 2 members" in none.value.detail


def test_bytes_and_paths_give_the_same(lexical) -> None:
    path = SAMPLES / "community-elder-care.html"
    one, two = lexical.analyze(path), lexical.analyze(path.read_bytes(), path.name)
    assert one.to_json() == two.to_json()


def test_lexical_model_works_without_the_encoder(lexical) -> None:
    assert list(lexical.model.scorers) == ["lexical"]
    report = lexical.analyze(SAMPLES / "civil-service-supervision.pdf")
    assert report.orientation.score < 0
