"""Measure a model folder on labelled sentences, beside the lexical baseline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score, recall_score

from classifier.model import Model, Predictions
from classifier.taxonomy import CATEGORIES, LABELS, QUESTIONS, orientation_of_categories
from training import corpus
from training.documents import MIN_ORIENTED, DocumentFigures, score_documents, summarise
from training.targets import targets

BOOTSTRAP = 1000
BINS = 15
MIN_POSITIVES = 15


@dataclass(frozen=True)
class QuestionFigures:
    """How well one question (one orientation against the rest) is answered."""

    label: str
    positives: int
    f1: float
    f1_interval: tuple[float, float]
    precision: float
    recall: float
    average_precision: float
    ece: float


@dataclass(frozen=True)
class Figures:
    """All figures of one model on one file."""

    model: str
    sentences: int
    documents: int
    questions: tuple[QuestionFigures, ...]
    orientation_macro_f1: float
    orientation_kappa: float
    category_f1: dict[str, tuple[int, float, float]]
    category_macro_f1: float
    reviewed: float
    of_documents: DocumentFigures | None


def evaluate_file(file: Path, models: Sequence[str]) -> str:
    """The Markdown table of several models on one labelled file, with the readers' agreement."""
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    dataset = corpus.load([file], stored=False)
    figures = [measure(Model.load(name), dataset, records) for name in models]
    twice_read = records and all("annotator_1" in record for record in records)
    return card_table(figures, agreement(records) if twice_read else None)


def predict(model: Model, dataset: Dataset) -> Predictions:
    return model.predict_prepared(dataset["text"], dataset["context"])


def measure(model: Model, dataset: Dataset, records: Sequence[dict[str, Any]]) -> Figures:
    """Figures of ``model`` on ``dataset``, made of ``records``, at the model's own thresholds."""
    truth = targets(dataset["categories"])
    answers = predict(model, dataset)
    given = targets(answers.categories)
    gold = [orientation_of_categories(codes).value for codes in dataset["categories"]]
    said = [orientation.value for orientation in answers.orientations]
    groups = np.unique(np.asarray(dataset["group"]), return_inverse=True)[1]
    categories = {
        code: (
            int(truth[:, i].sum()),
            float(f1_score(truth[:, i], given[:, i], zero_division=0)),
            float(recall_score(truth[:, i], given[:, i], zero_division=0)),
        )
        for code in CATEGORIES
        for i in [LABELS.index(code)]
    }
    frequent = [f1 for n, f1, _ in categories.values() if n >= MIN_POSITIVES]
    return Figures(
        model=model.name,
        sentences=len(dataset),
        documents=int(groups.max()) + 1,
        questions=tuple(
            _question(q.value, truth[:, i], answers.probabilities[:, i], given[:, i], groups)
            for i, q in enumerate(QUESTIONS)
        ),
        orientation_macro_f1=float(f1_score(gold, said, average="macro", zero_division=0)),
        orientation_kappa=float(cohen_kappa_score(gold, said)),
        category_f1=categories,
        category_macro_f1=float(np.mean(frequent)) if frequent else float("nan"),
        reviewed=float(np.mean(answers.review)),
        of_documents=summarise(
            score_documents(
                [str(r.get("document") or r.get("group") or "") for r in records],
                dataset["text"],
                [str(r.get("section") or "") for r in records],
                truth,
                answers.probabilities,
                model.calibration,
            )
        ),
    )


def _question(
    label: str, truth: np.ndarray, p: np.ndarray, given: np.ndarray, groups: np.ndarray
) -> QuestionFigures:
    hits = float((truth * given).sum())
    return QuestionFigures(
        label=label,
        positives=int(truth.sum()),
        f1=float(f1_score(truth, given, zero_division=0)),
        f1_interval=bootstrap_f1(truth, given, groups),
        precision=hits / max(float(given.sum()), 1.0),
        recall=hits / max(float(truth.sum()), 1.0),
        average_precision=float(average_precision_score(truth, p)) if truth.any() else float("nan"),
        ece=expected_calibration_error(truth, p),
    )


def bootstrap_f1(truth: np.ndarray, given: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """95 % percentile interval over resampled document groups."""
    count = lambda values: np.bincount(groups, weights=values)  # noqa: E731
    hits, said, real = count(truth * given), count(given), count(truth)
    random = np.random.default_rng(0)
    draws = random.multinomial(len(hits), np.full(len(hits), 1 / len(hits)), BOOTSTRAP)
    f1 = 2 * (draws @ hits) / np.maximum(draws @ said + draws @ real, 1e-9)
    return float(np.quantile(f1, 0.025)), float(np.quantile(f1, 0.975))


def expected_calibration_error(truth: np.ndarray, p: np.ndarray) -> float:
    """ECE over 15 equal-width bins (Guo et al. 2017)."""
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    gap = np.abs(np.bincount(bins, weights=p - truth, minlength=BINS))
    return float(gap.sum() / max(len(p), 1))


def agreement(records: Sequence[dict[str, Any]]) -> dict[str, float]:
    """F1 of one annotator against the other per question, and κ over orientations."""
    first = targets([r["annotator_1"] for r in records])
    second = targets([r["annotator_2"] for r in records])
    names = [
        [orientation_of_categories(r[key]).value for r in records]
        for key in ("annotator_1", "annotator_2")
    ]
    figures = {q.value: float(f1_score(first[:, i], second[:, i])) for i, q in enumerate(QUESTIONS)}
    return {**figures, "kappa": float(cohen_kappa_score(*names))}


def card_table(figures: Sequence[Figures], readers: dict[str, float] | None) -> str:
    """The figures as Markdown: one column per model, the readers' agreement as ceiling."""
    head = ["", *(f.model for f in figures), *(["readers"] if readers else [])]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    row = lambda name, cells: lines.append("| " + " | ".join([name, *cells]) + " |")  # noqa: E731
    ceiling = lambda key: [f"{readers[key]:.2f}"] if readers else []  # noqa: E731
    blank = [""] if readers else []
    for i, question in enumerate(QUESTIONS):
        each = [f.questions[i] for f in figures]
        name = f"{question.value} ({each[0].positives})"
        row(
            f"{name} F1",
            [f"{q.f1:.3f} ({q.f1_interval[0]:.2f} to {q.f1_interval[1]:.2f})" for q in each]
            + ceiling(question.value),
        )
        row(
            f"{name} precision / recall",
            [f"{q.precision:.2f} / {q.recall:.2f}" for q in each] + blank,
        )
        row(f"{name} average precision", [f"{q.average_precision:.3f}" for q in each] + blank)
        row(f"{name} ECE", [f"{q.ece:.3f}" for q in each] + blank)
    row("orientation macro-F1", [f"{f.orientation_macro_f1:.3f}" for f in figures] + blank)
    row(
        "orientation κ against gold",
        [f"{f.orientation_kappa:.2f}" for f in figures] + ceiling("kappa"),
    )
    row(
        f"category macro-F1 (≥ {MIN_POSITIVES} positives)",
        [f"{f.category_macro_f1:.3f}" for f in figures] + blank,
    )
    row("share sent to review", [f"{f.reviewed:.3f}" for f in figures] + blank)
    if documents := [f.of_documents for f in figures if f.of_documents]:
        name = f"documents with ≥ {MIN_ORIENTED} oriented sentences ({documents[0].documents})"
        row(
            f"{name}: mean error of the balance", [f"{d.mean_error:.2f}" for d in documents] + blank
        )
        row(f"{name}: inside the 95 % interval", [f"{d.covered:.2f}" for d in documents] + blank)
        row(f"{name}: rank correlation", [f"{d.rank_correlation:.2f}" for d in documents] + blank)
    for code, category in CATEGORIES.items():
        n = figures[0].category_f1[code][0]
        cells = [
            f"{f1:.2f} / {recall:.2f}" for _, f1, recall in (f.category_f1[code] for f in figures)
        ]
        row(f"{code} {category.name} ({n}) F1 / recall", [*cells, *blank])
    return "\n".join(lines)


def write_table(card: Path, heading: str, table: str) -> None:
    """Put ``table`` under ``heading`` in a model card, in place of the one that stood there."""
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    before, _, after = text.partition(f"## {heading}\n")
    rest = after[after.index("\n## ") :] if "\n## " in after else "\n"
    card.write_text(
        f"{before.rstrip()}\n\n## {heading}\n\n{table}\n{rest}".lstrip("\n"), encoding="utf-8"
    )
