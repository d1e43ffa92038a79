"""What 200 reviews teach: a simulated reviewer on labelled documents, and what else was tried.

    python benchmarks/learning_from_reviews.py FILE.jsonl [--reviews 200] [--repeats 8]

FILE holds sentences with ``document`` and ``categories``, of documents that the model was not
trained on. In every repetition three quarters of the documents are drawn; the reviewer labels
200 of their sentences (never wrongly), most uncertain first in each as the review page shows
them, or at random. F1 of both questions is measured on the other sentences of those documents,
on the documents not drawn, and on sentences written for the project (``training/check_set.py``).
Also: how often ``tenderlens train --with-reviews`` would have installed the result.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from scipy.sparse import csr_matrix, hstack
from sklearn.metrics import f1_score
from tokenizers import Tokenizer

from classifier.context import context_text
from classifier.encoder import batches, pad, special_id, token_rows
from classifier.engines import BATCH_TOKENS
from classifier.lexical import LexicalScorer
from classifier.model import ONNX_FILE, Model, find
from training import check_set
from training.correction import Evidence, Strength, learn
from training.from_reviews import MAX_LOSS, Lesson, held_back
from training.held_back import Place
from training.targets import question_columns, targets

DRAWN = 0.75
VARIANTS = {
    "words (shipped)": ("words", Strength()),
    "words, weaker": ("words", Strength(4.0)),
    "words, stronger": ("words", Strength(64.0)),
    "bias alone": ("words", Strength(1e-6, 1.0)),
    "encoder's head": ("head", Strength()),
    "encoder's head, weaker": ("head", Strength(4.0)),
    "head and words": ("both", Strength()),
}


@dataclass(frozen=True)
class Sentences:
    """Sentences, what people say of them, and what the variants can learn by."""

    texts: list[str]
    contexts: list[str]
    labels: np.ndarray
    places: list[Place]
    evidence: dict[str, Evidence]

    @property
    def documents(self) -> np.ndarray:
        return np.array([place.document for place in self.places])


def load(model: Model, file: Path) -> Sentences:
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    places = [Place(r["document"], str(r.get("section") or ""), i) for i, r in enumerate(records)]
    texts = [r["text"].strip() for r in records]
    contexts = [
        context_text(str(r.get("section") or ""), str(r.get("previous") or "")) for r in records
    ]
    labels = targets([r["categories"] for r in records])
    return Sentences(texts, contexts, labels, places, features(model, texts, contexts))


def features(model: Model, texts: list[str], contexts: list[str]) -> dict[str, Evidence]:
    """By words, by the encoder's pooled output, and by both."""
    lexical = model.scorers["lexical"]
    assert isinstance(lexical, LexicalScorer)
    encoded, head = pooled(model.name, texts, contexts)
    voices = {"encoder": encoded, "lexical": lexical.logits(texts, contexts)}
    logits = model.calibration.log_odds([voices[name] for name in model.scorers])
    words = lexical.vectors(texts, contexts)
    return {
        "words": Evidence(logits, words),
        "head": Evidence(logits, head),
        "both": Evidence(logits, csr_matrix(hstack([words, head]))),
    }


def pooled(name: str, texts: list[str], contexts: list[str]) -> tuple[np.ndarray, csr_matrix]:
    """The encoder's logits, and what its last layer sees, (sentences, width), rows of length 1."""
    graph = onnx.load(str(find(name) / ONNX_FILE))
    seen = next(node for node in graph.graph.node if "logits" in node.output).input[0]
    graph.graph.output.append(
        helper.make_tensor_value_info(seen, TensorProto.FLOAT, ["sentences", "width"])
    )
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(find(name) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    rows = token_rows(tokenizer, texts, contexts)
    padding = special_id(tokenizer, "<pad>", "[PAD]")
    order, parts = [], []
    for batch in batches(np.array([len(ids) for ids, _ in rows]), BATCH_TOKENS):
        order += batch.tolist()
        parts.append(session.run(["logits", seen], pad([rows[i] for i in batch], padding)))
    logits, vectors = (np.concatenate(part)[np.argsort(order)] for part in zip(*parts, strict=True))
    return logits, csr_matrix(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def uncertainty(logits: np.ndarray) -> np.ndarray:
    """As :attr:`classifier.review.model.StoredSentence.uncertainty`."""
    p = 1 / (1 + np.exp(-logits[:, question_columns()]))
    return (1 - np.abs(2 * p - 1)).max(1)


def asked(evidence: Evidence) -> Evidence:
    """The same with the two questions only, which are all that is measured here."""
    return Evidence(evidence.logits[:, question_columns()], evidence.features)


def f1(labels: np.ndarray, logits: np.ndarray, cut: np.ndarray) -> list[float]:
    return [
        float(f1_score(labels[:, i], logits[:, i] >= cut[i], zero_division=0))
        for i in range(len(cut))
    ]


def repetition(
    model: Model, data: Sentences, check: Sentences, order: str, reviews: int, seed: int
) -> tuple[dict[str, list[float]], bool]:
    """F1 on rest, other documents and check set, by variant; whether it would be installed."""
    random = np.random.default_rng(seed)
    names = random.permutation(np.unique(data.documents))
    drawn = np.isin(data.documents, names[: round(DRAWN * len(names))])
    own, other = np.flatnonzero(drawn), np.flatnonzero(~drawn)
    before = data.evidence["words"].logits
    own = random.permutation(own)
    if order == "queue":
        own = own[np.argsort(-uncertainty(before[own]), kind="stable")]
    seen, rest = own[:reviews], own[reviews:]
    columns = question_columns()
    cut = np.log(model.calibration.thresholds / (1 - model.calibration.thresholds))[columns]

    def figures(after: np.ndarray, checked: np.ndarray) -> list[float]:
        return [
            *f1(data.labels[rest], after[rest], cut),
            *f1(data.labels[other], after[other], cut),
            *f1(check.labels, checked, cut),
        ]

    found = {"before": figures(before, check.evidence["words"].logits)}
    weight = np.ones((len(seen), data.labels.shape[1]))
    for name, (kind, strength) in VARIANTS.items():
        evidence, checked = asked(data.evidence[kind]), asked(check.evidence[kind])
        correction = learn(
            evidence.take(seen), data.labels[seen][:, columns], weight[:, columns], strength
        )
        found[name] = figures(correction.corrected(evidence), correction.corrected(checked))
    lesson = Lesson([], [], data.labels[seen], weight, [data.places[i] for i in seen.tolist()])
    gain = held_back(model, data.evidence["words"].take(seen), lesson)
    lost = np.subtract(found["before"][4:], found["words (shipped)"][4:]).max()
    return found, gain.is_real and lost <= MAX_LOSS


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--reviews", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--model", default="standard")
    options = parser.parse_args()
    model = Model.load(options.model)
    data = load(model, options.file)
    written = check_set.written()
    check = Sentences(
        written.texts,
        written.contexts,
        written.labels,
        [],
        features(model, written.texts, written.contexts),
    )
    print(f"{len(data.texts)} sentences of {len(set(data.documents.tolist()))} documents")
    for order in ("queue", "random"):
        runs: dict[str, list[list[float]]] = defaultdict(list)
        installed = 0
        for seed in range(options.repeats):
            found, better = repetition(model, data, check, order, options.reviews, seed)
            installed += better
            for name, figures in found.items():
                runs[name].append(figures)
        print(f"\n{order}: would be installed {installed} of {options.repeats} times\n")
        _print(runs)


def _print(runs: dict[str, list[list[float]]]) -> None:
    """F1 before, and mean and spread of the paired differences."""
    print("| assistive / control F1 | rest of the documents | other documents | check set |")
    print("|---|---|---|---|")
    before = np.array(runs.pop("before"))
    cell = lambda values: " / ".join(values)  # noqa: E731
    mean = [f"{value:.3f}" for value in before.mean(0)]
    print(f"| before | {cell(mean[:2])} | {cell(mean[2:4])} | {cell(mean[4:])} |")
    for name, figures in runs.items():
        away = np.array(figures) - before
        texts = [
            f"{m:+.3f} ± {s:.3f}" for m, s in zip(away.mean(0), away.std(0, ddof=1), strict=True)
        ]
        print(
            f"| {name} | {cell(texts[:2])} | {cell(texts[2:4])} | {cell(texts[4:])} |", flush=True
        )


if __name__ == "__main__":
    main()
