"""Learning from reviews: what helps is installed and used, what does not is refused and said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

import cli
from classifier import Classifier, installed
from classifier.model import Model, find
from classifier.review.model import Label
from classifier.review.store import ReviewStore
from classifier.taxonomy import LABELS, Orientation
from training import check_set
from training.correction import Evidence, Strength, learn
from training.from_reviews import TooFewReviewsError, evidence_of, run, write
from training.held_back import BLOCK, Place, blocks, compare, folds

NEUTRAL = Label(Orientation.NEUTRAL, ())
CONTROL = Label(Orientation.CONTROL, ("C1",))
ASSISTIVE = Label(Orientation.ASSISTIVE, ("A1",))
# Words of one house, which no model can know.
HOUSE = {
    "{}进入鹰巢管理": CONTROL,
    "{}适用鹰巢二级": CONTROL,
    "{}由云雀代劳": ASSISTIVE,
    "{}交云雀办理": ASSISTIVE,
    "{}采用铸铁管材": NEUTRAL,
    "{}外形尺寸见附图": NEUTRAL,
}
# What any model knows: nothing can be learnt from it.
KNOWN = {
    "{}人员每日上下班须刷脸打卡": CONTROL,
    "为{}自动带入已有资料，减少重复填写": ASSISTIVE,
}
WHAT = ("第一车间", "第二车间", "检修班", "运行班", "仓储组", "化验室", "调度室", "后勤组")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENDERLENS_MODELS", str(tmp_path / "own"))
    return tmp_path / "own"


def document(number: int) -> bytes:
    lines = [f"第{number}章 说明"]
    for place in WHAT:
        who = place + "甲乙丙丁"[number % 4]
        lines += [f"{pattern.format(who)}。" for pattern in (*HOUSE, *KNOWN)]
    return "\n".join(lines).encode()


def house_label(text: str) -> Label:
    return _label(text, {**HOUSE, **KNOWN})


def known_label(text: str) -> Label:
    return _label(text, KNOWN)


def _label(text: str, patterns: dict[str, Label]) -> Label:
    for pattern, label in patterns.items():
        if all(part in text for part in pattern.split("{}")):
            return label
    return NEUTRAL


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three scored documents of one house; nobody has reviewed them yet."""
    file = tmp_path_factory.mktemp("store") / "house.review.sqlite"
    classifier = Classifier.load("lexical")
    with ReviewStore.open(file) as store:
        for number in range(3):
            store.add(classifier.analyze(document(number), f"{number}.txt"), None)
    return file


@pytest.fixture
def reviewed(scored: Path, tmp_path: Path) -> Callable[..., Path]:
    def by(label: Callable[[str], Label], most: int = 1000) -> Path:
        file = Path(shutil.copy(scored, tmp_path / "a.review.sqlite"))
        with ReviewStore.open(file) as store:
            for one in store.documents():
                for sentence in store.sentences(one.sha256)[:most]:
                    store.decide([(one.sha256, sentence.index)], "张三", label(sentence.text))
        return file

    return by


def test_a_house_vocabulary_is_learnt_installed_and_used(reviewed, home: Path) -> None:
    text = "锅炉班适用鹰巢二级。"
    before = Classifier.load("lexical").predict([text]).probability("control")[0]
    outcome = run(reviewed(house_label), base="lexical")
    assert outcome.installed == "reviewed-1"
    assert all(change.after > change.before for change in outcome.held_back.changes)
    model = Classifier.load().model
    assert model.name == "reviewed-1"
    assert model.predict([text]).probability("control")[0] > max(0.5, before)
    assert model.predict(["机房应配备两台服务器。"]).orientations[0] is Orientation.NEUTRAL
    again = run(reviewed(house_label), base="lexical")
    assert again.held_back == outcome.held_back
    assert Model.load("reviewed-2").version == model.version
    own = installed.own()[0]
    assert own.origin.sentences == outcome.reviews
    assert own.origin.documents == 3
    assert own.origin.base_version == Model.load("lexical").version
    assert installed.rollback("standard") == ("reviewed-1", "reviewed-2")
    assert installed.rollback("standard") == ("standard", "reviewed-1")
    assert find().name == "standard"


def test_reviews_that_agree_with_the_model_teach_nothing(reviewed, home: Path) -> None:
    outcome = run(reviewed(known_label), base="lexical")
    assert outcome.installed == ""
    assert not outcome.held_back.is_real
    assert not home.exists()
    assert find().name == "standard"


def test_forgetting_is_a_reason_to_install_nothing(reviewed, tmp_path: Path, home: Path) -> None:
    dev = tmp_path / "dev.jsonl"
    others = ("铸件车间", "热处理班", "质检组", "动力站")
    records = [
        {"text": pattern.format(who), "categories": ["A1"] if "鹰巢" in pattern else []}
        for who in others
        for pattern in (*HOUSE, "{}已有资料自动带入表单，无需重复填写")
    ]
    records += [
        {"text": f"{who}已有资料自动带入表单，减少重复录入", "categories": ["A1"]} for who in others
    ]
    dev.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records), encoding="utf-8")
    outcome = run(reviewed(house_label), base="lexical", dev=dev)
    assert outcome.held_back.is_real
    assert outcome.forgets
    assert outcome.installed == ""
    assert not home.exists()


def test_too_few_reviews_are_refused(reviewed) -> None:
    with pytest.raises(TooFewReviewsError, match="Too few"):
        run(reviewed(house_label, most=8), base="lexical")


def test_the_command_says_what_came_of_it(
    reviewed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def train(file: Path, *more: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.app(["train", "--with-reviews", str(file), "--model", "lexical", *more])
        assert isinstance(ended.value.code, int)
        return ended.value.code, "".join(capsys.readouterr())

    code, said = train(reviewed(lambda text: NEUTRAL))
    assert code == 1 and "Too few" in said
    code, said = train(reviewed(known_label))
    assert code == 0 and "It did not help" in said and "✗" in said
    code, said = train(reviewed(house_label))
    assert code == 0
    assert "reviewed-1" in said and "rollback" in said and "F1" in said
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "x", "categories": ["X9"]}\n', encoding="utf-8")
    code, said = train(reviewed(house_label), "--dev", str(bad))
    assert code == 1 and "bad.jsonl:1" in said
    (tmp_path / "no.sqlite").write_text("nonsense")
    code, said = train(tmp_path / "no.sqlite")
    assert code == 1 and "failed" in said


@pytest.mark.parametrize("name", ["lexical", "standard"])
def test_the_written_copy_answers_with_the_correction(name: str, tmp_path: Path) -> None:
    model = Model.load(name)
    texts = ["检修班适用鹰巢二级。", "仓储组交云雀办理。", "外形尺寸见附图。", "员工每日打卡。"]
    evidence = evidence_of(model, texts, [""] * 4)
    labels = np.zeros((4, len(LABELS)))
    labels[0, [1, LABELS.index("C1")]] = labels[1, [0, LABELS.index("A1")]] = 1
    correction = learn(evidence, labels, np.ones_like(labels), Strength())
    write(find(name), tmp_path / "copy", correction)
    expected = 1 / (1 + np.exp(-correction.corrected(evidence)))
    copy = Model.load(tmp_path / "copy")
    assert copy.version != model.version
    assert copy.predict(texts).probabilities == pytest.approx(expected, abs=2e-3)
    assert abs(expected - model.predict(texts).probabilities).max() > 0.05


def test_correction_is_the_logistic_regression_with_that_prior() -> None:
    random = np.random.default_rng(0)
    x = csr_matrix(random.random((80, 12)))
    truth = (random.random(80) < 0.4).astype(float)[:, None]
    evidence = Evidence(np.zeros((80, 1)), x)
    found = learn(evidence, truth, np.ones((80, 1)), Strength(4.0, 1e-9))
    known = LogisticRegression(C=4.0, fit_intercept=False, tol=1e-8).fit(x, truth[:, 0])
    assert found.weights[:, 0] == pytest.approx(known.coef_[0], abs=2e-3)


def test_far_from_every_review_nothing_changes_but_the_bias() -> None:
    x = csr_matrix(np.eye(6)[:, :6])
    evidence = Evidence(np.zeros((6, 1)), x)
    few = evidence.take([0, 1, 2])
    correction = learn(few, np.ones((3, 1)), np.ones((3, 1)), Strength())
    after = correction.corrected(evidence)[:, 0]
    assert (after[:3] > after[3:] + 1).all()
    assert after[3:] == pytest.approx(np.full(3, correction.bias[0]))


def test_documents_are_held_back_whole() -> None:
    places = [Place(f"d{i % 7}", "一", i) for i in range(100)]
    parts = folds(places)
    assert set(parts.tolist()) == set(range(5))
    assert len({(p.document, part) for p, part in zip(places, parts, strict=True)}) == 7


def test_one_document_is_held_back_by_blocks() -> None:
    places = [Place("d", "一" if i < 50 else "二", i) for i in range(60)]
    found = blocks(places)
    assert max(np.bincount(found)) == BLOCK
    assert len(np.unique(found)) == 6
    assert len({(b, part) for b, part in zip(found, folds(places), strict=True)}) == 6
    with pytest.raises(ValueError, match="one block"):
        folds(places[:5])


def test_chance_is_not_taken_for_a_gain() -> None:
    random = np.random.default_rng(3)
    truth = random.random((200, 2)) < 0.3
    clusters = np.arange(200) // 10
    real = 0
    for _ in range(60):
        before, after = (truth ^ (random.random((200, 2)) < 0.15) for _ in range(2))
        real += compare(truth, before, after, clusters).is_real
    assert real <= 6
    better = compare(truth, truth ^ (random.random((200, 2)) < 0.15), truth, clusters)
    assert better.is_real
    assert all(change.after == 1 for change in better.changes)


def test_written_check_sentences_hold_both_questions() -> None:
    sample = check_set.written()
    assert len(sample.texts) > 500
    assert (sample.labels[:, :2].sum(0) > 100).all()
