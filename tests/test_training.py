"""Training end to end on a toy problem: a model comes out, learns, resumes, and can be evaluated."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
transformers = pytest.importorskip("transformers", reason="needs the train extra")
pytest.importorskip("datasets", reason="needs the train extra")

from classifier import Classifier  # noqa: E402
from classifier.model import find  # noqa: E402
from classifier.resources import folder  # noqa: E402
from classifier.taxonomy import LABELS  # noqa: E402
from training import corpus, labels  # noqa: E402
from training.evaluate import evaluate_file, write_table  # noqa: E402
from training.finetune import Recipe  # noqa: E402
from training.pipeline import Plan, run  # noqa: E402

WHO = ["员工", "学生", "司机", "护士", "保安", "教师", "骑手", "网格员", "窗口人员", "志愿者"]
KINDS = {
    "C1": ["{}须每日刷脸打卡三次", "{}上下班由门禁自动记考勤", "随机查岗时{}应在五分钟内应答"],
    "A1": ["{}已有资料自动带入表单", "{}只需填写一次即可", "为{}自动生成月度报表减少录入"],
    "": ["机房应配备两台服务器", "投标人须提供营业执照", "设备额定功率不低于五千瓦"],
}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("data") / "toy.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for n, who in enumerate(WHO * 2):
            for code, patterns in KINDS.items():
                for pattern in patterns:
                    record = {
                        "text": pattern.format(who) + f"，见第{'甲乙丙丁戊己庚辛壬癸'[n % 10]}条",
                        "categories": [code] if code else [],
                        "document": f"doc{n}",
                    }
                    out.write(json.dumps(record, ensure_ascii=False) + "\n")
    return file


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A tiny encoder with random weights and the shipped tokenizer."""
    folder = tmp_path_factory.mktemp("base")
    tokenizer = transformers.AutoTokenizer.from_pretrained(find("standard"))
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        pad_token_id=tokenizer.pad_token_id,
        num_labels=len(LABELS),
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Steps this small are over before the threads of a busy machine have met."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def trained(labelled: Path, base: Path, tmp_path_factory) -> Plan:
    folder = tmp_path_factory.mktemp("out")
    plan = Plan(
        files=(labelled,),
        out=folder / "models",
        work=folder / "work",
        base=str(base),
        recipe=Recipe(epochs=4, learning_rate=2e-3, batch_size=16, checkpoint_steps=5),
        written=False,
    )
    run(plan, lambda line: None)
    return plan


def test_the_trained_models_work_and_have_learned(trained: Plan) -> None:
    texts = ["护士须每日刷脸打卡三次", "已有资料自动带入表单", "机房应配备两台服务器"]
    for name in ("standard", "lexical"):
        said = Classifier.load(trained.out / name).predict(texts).orientations
        assert [o.value for o in said] == ["control", "assistive", "neutral"], name


def test_a_finished_run_called_again_changes_nothing(trained: Plan) -> None:
    checkpoints = sorted(path.name for path in (trained.work / "encoder").glob("checkpoint-*"))
    assert checkpoints
    before = (trained.out / "standard" / "checksums.json").read_bytes()
    run(trained, lambda line: None)
    assert (trained.out / "standard" / "checksums.json").read_bytes() == before


def test_evaluation_table_goes_into_the_card(trained: Plan, labelled: Path, tmp_path: Path) -> None:
    table = evaluate_file(labelled, [str(trained.out / "standard"), str(trained.out / "lexical")])
    assert "| assistive (60) F1 |" in table
    assert "| C1 attendance (60) F1 / recall |" in table
    card = tmp_path / "README.md"
    card.write_text("# Card\n\n## Evaluation\n\nstale\n\n## Rest\n\nkept\n", encoding="utf-8")
    write_table(card, "Evaluation", table)
    text = card.read_text(encoding="utf-8")
    assert "stale" not in text
    assert table in text
    assert text.index("## Rest") > text.index("| assistive")


def test_groups_never_stand_on_both_sides(labelled: Path) -> None:
    train, held_out = corpus.split_by_group(corpus.load([labelled]), 0.3)
    assert len(train) + len(held_out) == 180
    assert not set(train["group"]) & set(held_out["group"])
    assert len(held_out)


def test_near_duplicates_across_a_split_are_dropped(labelled: Path) -> None:
    data = corpus.load([labelled])
    left = corpus.without_near_duplicates(data, data.select([0]))
    assert data[0]["text"] not in left["text"]
    assert 0 < len(left) < len(data)


def test_unknown_category_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"text": "系统支持打卡", "categories": ["X9"]}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="X9"):
        corpus.load([file])


@pytest.fixture
def stored(tmp_path: Path, monkeypatch) -> Iterator[Callable[..., Path]]:
    """Puts label and project files of its own in the place of ``data/``."""
    (tmp_path / "labels").mkdir()
    monkeypatch.setattr(labels, "folder", lambda name: tmp_path)

    def forget() -> None:
        labels.stored.cache_clear()
        labels.projects.cache_clear()

    def put(record: dict, code: str, project: str = "owner/name") -> Path:
        forget()
        (tmp_path / "labels" / "a.tsv").write_text(
            f"key\tcategories\tunsure\trepresents\n{labels.key(record)}\t{code}\t0\t17.5\n",
            encoding="utf-8",
        )
        (tmp_path / "projects.tsv").write_text(
            f"document\tproject\n{record['document']}\t{project}\n", encoding="utf-8"
        )
        file = tmp_path / "pool.jsonl"
        records = record, {**record, "text": "没有标注的句子"}
        if not file.exists():
            lines = (json.dumps(r, ensure_ascii=False) + "\n" for r in records)
            file.write_text("".join(lines), encoding="utf-8")
        return file

    yield put
    forget()


ATTENDANCE = {"document": "D", "section": "考勤", "previous": "", "text": "员工每日打卡"}


def test_stored_labels_join_by_hash(stored) -> None:
    data = corpus.load([stored(ATTENDANCE, "C1")])
    assert data["categories"][:] == [["C1"]]
    assert data["represents"][0] == 17.5


def test_documents_of_a_project_stay_together(stored) -> None:
    assert corpus.load([stored(ATTENDANCE, "C1", "a/b")])["group"][0] == "a/b"
    unknown = {**ATTENDANCE, "document": "E"}
    assert labels.project(unknown) == "E"
    assert labels.project({**ATTENDANCE, "group": "mine"}) == "mine"
    assert labels.project({"text": "员工每日打卡"}) is None


def test_changed_labels_are_read_anew(stored) -> None:
    assert corpus.load([stored(ATTENDANCE, "C1")])["categories"][:] == [["C1"]]
    assert corpus.load([stored(ATTENDANCE, "C2")])["categories"][:] == [["C2"]]
    assert corpus.load([stored(ATTENDANCE, "C2", "c/d")])["group"][0] == "c/d"


def test_every_known_document_has_one_project() -> None:
    lines = (folder("data") / "projects.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert len({line.partition("\t")[0] for line in lines}) == len(lines) > 300
    assert all(re.fullmatch(r"[A-Z]\d{3}\t[^\s/]+/[^\s/]+", line) for line in lines)
