"""Parts of training by themselves: losses, folds, documents, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("datasets", reason="needs the train extra")

from classifier.calibration import Calibration  # noqa: E402
from classifier.model import find  # noqa: E402
from classifier.taxonomy import LABELS  # noqa: E402
from training import ablate, corpus, documents  # noqa: E402
from training.finetune import Recipe, label_weights  # noqa: E402
from training.losses import asymmetric, consistency, cross_entropy  # noqa: E402
from training.mistakes import examples  # noqa: E402


def test_asymmetric_loss_forgives_easy_negatives_only() -> None:
    logits, one = torch.tensor([[-4.0], [3.0]]), torch.ones(1)
    negatives = torch.zeros(2, 1)
    eased, plain = (loss(logits, negatives, one) for loss in (asymmetric, cross_entropy))
    assert eased[0] == 0 < plain[0]
    assert eased[1] > 0.5 * plain[1]
    positives = torch.ones(2, 1)
    assert torch.allclose(asymmetric(logits, positives, one), cross_entropy(logits, positives, one))


def test_consistency_is_the_symmetric_divergence_of_bernoulli_variables() -> None:
    one, other = torch.tensor([[1.0, -2.0]]), torch.tensor([[1.0, 0.5]])
    both = [torch.distributions.Bernoulli(logits=z) for z in (one, other)]
    kl = torch.distributions.kl_divergence
    wanted = (kl(both[0], both[1]) + kl(both[1], both[0])) / 2
    assert torch.allclose(consistency(one, other), wanted, atol=1e-6)
    assert consistency(one, other)[0, 0] == 0


def test_questions_weigh_as_much_as_all_categories() -> None:
    weights = label_weights(1.0)
    assert weights[:2].sum() == pytest.approx(1.0)
    assert weights[2:].sum() == pytest.approx(1.0)
    assert label_weights(0.0)[2:].sum() == 0


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Sentences of six projects and some of ours, which belong to none."""
    file = tmp_path / "mixed.jsonl"
    rows = [
        {"text": f"项目{p}的第{n}条规定了{p * 97 + n}号事项", "categories": [], "group": f"p{p}"}
        for p in range(6)
        for n in range(20)
    ]
    rows += [{"text": f"自写的句子，第{n}句，{n * n}", "categories": ["C1"]} for n in range(30)]
    file.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
    return file


def test_folds_share_no_project_and_test_no_written_sentence(mixed: Path) -> None:
    data = corpus.load([mixed])
    parts = list(ablate.folds(data, 3, train=1000, test=1000))
    assert sum(len(fold.test) for fold in parts) == 120
    for fold in parts:
        assert not set(fold.train["group"]) & set(fold.test["group"])
        assert all(fold.test["real"])
        assert sum(not real for real in fold.train["real"]) == 30


def test_variants_differ_from_the_baseline_in_one_thing() -> None:
    baseline, *others = ablate.variants(Recipe(layers=6))
    for other in others:
        changed = [
            name
            for name in ("recipe", "context", "written")
            if getattr(other, name) != getattr(baseline, name)
        ]
        assert len(changed) == 1, other.name
        fields = {
            name
            for name, value in vars(other.recipe).items()
            if value != getattr(baseline.recipe, name)
        }
        assert len(fields) <= 1, other.name


def test_context_is_shown_as_the_variant_says(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    record = {"text": "句", "categories": [], "section": "考勤", "previous": "前一句"}
    file.write_text(json.dumps(record, ensure_ascii=False) + "\n")
    data = corpus.load([file])
    seen = [ablate.shown(data, how)["context"][0] for how in ("full", "section", "none")]
    assert seen == ["考勤 | 前一句", "考勤 | ", ""]


def test_document_scores_are_held_against_the_labels() -> None:
    random = np.random.default_rng(1)
    names, rows = [], []
    for name, share in (("help", 0.9), ("both", 0.5), ("hold", 0.1), ("short", 0.5)):
        for _ in range(10 if name == "short" else 200):
            oriented = random.random() < 0.3
            helps = random.random() < share
            names.append(name)
            rows.append([oriented and helps, oriented and not helps])
    truth = np.zeros((len(rows), len(LABELS)))
    truth[:, :2] = rows
    probabilities = np.where(truth > 0, 0.93, 0.04)
    texts = [f"句{''.join(chr(0x4E00 + int(d)) for d in str(i))}" for i in range(len(names))]
    calibration = Calibration.load(find("standard") / "calibration.json")
    scored = documents.score_documents(
        names, texts, [""] * len(names), truth, probabilities, calibration
    )
    assert [document.name for document in scored] == ["help", "both", "hold", "short"]
    found = documents.summarise(scored)
    assert found is not None
    assert found.documents == 3, "the short one says too little"
    assert found.rank_correlation == pytest.approx(1.0)
    assert found.mean_error < 0.25
    assert documents.summarise(scored[:2]) is None


def test_mistakes_are_grouped_by_rule_or_category(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    daily = "员工须每日刷脸打卡三次，漏打扣款。"
    records = [
        {"text": daily, "categories": []},
        {"text": daily, "categories": [], "rule": "negation"},
        {"text": daily, "categories": ["C1", "C7"]},
    ]
    file.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))
    text = examples(file, "lexical", 3)
    assert "negation: 1" in text
    assert "wrongly given C" in text
    assert text.count(daily) == 2
