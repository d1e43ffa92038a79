"""What each part of the recipe is worth, by cross-validation over projects.

    python -m training.ablate --data silver.jsonl --data pool.jsonl --out runs/ablation

Every variant departs from one baseline in one thing. Fold and seed change
together: run *k* trains with seed *k* and is measured on the projects of fold
*k*. The runs are smaller than the one that is shipped, so that differences
count and not levels. Finished runs are kept in ``--out`` and not repeated.

With ``--base`` every run goes on from a fine-tuned checkpoint instead, which
small runs from scratch cannot reach. Such a base has seen most projects, so all
runs are measured on those that training holds out, and only the seed and the
draw of sentences change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import torch
from datasets import Dataset
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from classifier.encoder import batches, pad, token_rows
from classifier.taxonomy import LABELS
from training import corpus
from training.baseline import train_lexical
from training.encoder import build_base
from training.finetune import Recipe, finetune
from training.pipeline import HELD_OUT
from training.targets import targets

MIN_POSITIVES = 15
FIGURES = ("assistive", "control", "categories")


@dataclass(frozen=True)
class Variant:
    """One departure from the baseline.

    Attributes:
        context: ``full`` (section and previous sentence), ``section`` or ``none``.
        written: whether the sentences written for this project are trained on.
    """

    name: str
    recipe: Recipe
    context: str = "full"
    written: bool = True


def variants(baseline: Recipe) -> list[Variant]:
    change = lambda name, **fields: Variant(name, replace(baseline, **fields))  # noqa: E731
    return [
        Variant("baseline", baseline),
        change("all layers", layers=0),
        Variant("section without previous sentence", baseline, context="section"),
        Variant("no context", baseline, context="none"),
        change("context never hidden", drop_context=0.0),
        Variant("real sentences only", baseline, written=False),
        change("questions only, no categories", category_weight=0.0),
        change("one learning rate for all layers", layer_decay=1.0),
        change("half the learning rate", learning_rate=baseline.learning_rate / 2),
        change("asymmetric loss", loss="asymmetric"),
        change("R-Drop, same number of steps", consistency=1.0),
        change("twice the dropout", dropout=2 * baseline.dropout),
    ]


@dataclass(frozen=True)
class Fold:
    train: Dataset
    test: Dataset


def folds(data: Dataset, number: int, train: int, test: int) -> Iterator[Fold]:
    """Projects in ``number`` folds; of each side a sample of the given size.

    Written sentences are always trained on, in their share of the whole, and never tested.
    """
    real = np.array(data["real"])
    side = np.array([_bucket(group, number) for group in data["group"]])
    for k in range(number):
        random = np.random.default_rng(k)
        held = random.permutation(np.flatnonzero(real & (side == k)))[:test]
        rest = random.permutation(np.flatnonzero(~real | (side != k)))[:train]
        tested = data.select(held)
        yield Fold(corpus.without_near_duplicates(data.select(rest), tested), tested)


def continuations(data: Dataset, number: int, train: int, test: int) -> Iterator[Fold]:
    """Draws from the two sides of the split that training makes; the tested part is the same."""
    rest, held = corpus.split_by_group(data, HELD_OUT)
    tested = held.select(np.random.default_rng(0).permutation(len(held))[:test])
    rest = corpus.without_near_duplicates(rest, tested)
    for k in range(number):
        yield Fold(rest.select(np.random.default_rng(k).permutation(len(rest))[:train]), tested)


def _bucket(group: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"fold {group}".encode()).digest()[:6], "big") % number


def shown(dataset: Dataset, context: str) -> Dataset:
    """The sentences with as much context as the variant shows."""
    if context == "full":
        return dataset
    keep = (lambda c: f"{c.partition(' | ')[0]} | ") if context == "section" else lambda _: ""
    return dataset.map(lambda row: {"context": keep(row["context"]) if row["context"] else ""})


def logits(checkpoint: Path, dataset: Dataset, tokens: int = 4096) -> np.ndarray:
    """(sentences, labels) of a fine-tuned checkpoint."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint).eval()
    rows = token_rows(tokenizer.backend_tokenizer, dataset["text"], dataset["context"])
    out = np.zeros((len(rows), len(LABELS)), np.float32)
    lengths = np.array([len(ids) for ids, _ in rows])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for batch in batches(lengths, tokens):
            padded = pad([rows[i] for i in batch], tokenizer.pad_token_id)
            feed = {name: torch.from_numpy(array) for name, array in padded.items()}
            out[batch] = model(**feed).logits.float().numpy()
    return out


def figures(scores: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Average precision of both questions, and its mean over categories with enough positives."""
    each = {
        label: float(average_precision_score(truth[:, i], scores[:, i]))
        for i, label in enumerate(LABELS)
        if truth[:, i].sum() >= MIN_POSITIVES
    }
    questions = {name: each.pop(name) for name in FIGURES[:2]}
    return {**questions, "categories": mean(each.values())}


def stacked(scores: Sequence[np.ndarray], truth: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """Scores of logistic regressions over the scorers' logits, each fitted on the other half."""
    half = np.array([_bucket(f"half {group}", 2) for group in groups])
    inputs = np.stack(scores, -1)
    out = np.zeros_like(scores[0])
    for i in range(len(LABELS)):
        for side in (0, 1):
            fit, use = half != side, half == side
            if 0 < truth[fit, i].sum() < fit.sum():
                model = LogisticRegression(C=10.0).fit(inputs[fit, i], truth[fit, i])
                out[use, i] = model.decision_function(inputs[use, i])
    return out


def run(variant: Variant, k: int, fold: Fold, base: Path, work: Path) -> dict[str, dict]:
    """Train and measure one variant on one fold; with it the lexical model and both stacked."""
    train = fold.train
    if not variant.written:
        train = train.select(np.flatnonzero(train["real"]))
    train, test = (shown(part, variant.context) for part in (train, fold.test))
    started = time.perf_counter()
    recipe = replace(variant.recipe, seed=k + 1)
    checkpoint = finetune(str(base), train, test.select(range(0)), work, recipe)
    seconds = time.perf_counter() - started
    truth = targets(test["categories"])
    encoder = logits(checkpoint, test)
    shutil.rmtree(work)
    result = {"encoder": figures(encoder, truth), "seconds": {"training": seconds}}
    if variant.name == "baseline":
        weight = np.array(train["weight"])
        labels = targets(train["categories"])
        lexical = train_lexical(train["text"], train["context"], labels, weight)
        other = lexical.logits(test["text"], test["context"])
        result["lexical"] = figures(other, truth)
        result["stacked"] = figures(stacked([encoder, other], truth, test["group"]), truth)
    return result


def table(results: dict[str, list[dict[str, float]]]) -> Iterator[str]:
    """Markdown: mean and standard deviation over the folds."""
    yield "| variant | runs | assistive AP | control AP | mean AP of categories |"
    yield "|---|---|---|---|---|"
    for name, runs in results.items():
        cells = [
            f"{mean(values):.3f} ± {stdev(values) if len(values) > 1 else 0:.3f}"
            for figure in FIGURES
            for values in [[one[figure] for one in runs]]
        ]
        yield f"| {name} | {len(runs)} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--exclude", type=Path, action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", type=Path, help="a fine-tuned checkpoint to go on from")
    parser.add_argument("--only", action="append", help="names of variants; all by default")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--train", type=int, default=8000, help="sentences per run")
    parser.add_argument("--test", type=int, default=3000, help="sentences per run")
    parser.add_argument("--layers", type=int, default=6, help="of the baseline; 0 keeps all")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=1.5e-4)
    options = parser.parse_args()

    data = corpus.load([*corpus.written_files(), *options.data])
    for file in options.exclude:
        data = corpus.without_near_duplicates(data, corpus.load([file], stored=False))
    base = options.base or options.out / "base"
    if not (base / "config.json").is_file():
        build_base(base, [*data["text"], *data["context"]])
    baseline = Recipe(
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        layers=options.layers,
        checkpoint_steps=100_000,
    )
    chosen = [v for v in variants(baseline) if not options.only or v.name in options.only]
    draw = continuations if options.base else folds
    parts = list(draw(data, options.folds, options.train, options.test))
    results: dict[str, list[dict[str, float]]] = {}
    for k, fold in enumerate(parts):
        for variant in chosen:
            done = options.out / f"{variant.name.replace(' ', '_')}-{k}.json"
            if not done.is_file():
                found = run(variant, k, fold, base, options.out / "work")
                done.write_text(json.dumps(found))
            found = json.loads(done.read_text())
            results.setdefault(variant.name, []).append(found["encoder"])
            for name in ("lexical", "stacked"):
                if name in found:
                    label = f"baseline: {name}" if name == "stacked" else "lexical model alone"
                    results.setdefault(label, []).append(found[name])
        print("\n".join(table(results)), flush=True)


if __name__ == "__main__":
    main()
