"""What 8 bits cost: the ONNX graph against the checkpoint it was made from, in fp32.

    python benchmarks/int8_fidelity.py FILE.jsonl --checkpoint runs/train/encoder/final \
        [--model models/standard]

Prints F1 of both at the shipped thresholds, the share of equal decisions, the
largest difference in probability, and how far a sentence's probabilities move
when it is classified alone instead of in a batch. Needs the train extra and the
folder that training left.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import f1_score
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from classifier.encoder import batches, pad, token_rows
from classifier.model import Model, decide
from classifier.taxonomy import QUESTIONS
from training import corpus
from training.targets import targets

ALONE = 200


def full_precision(folder: Path, texts: list[str], contexts: list[str]) -> np.ndarray:
    """Logits of the checkpoint in fp32."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    rows = token_rows(tokenizer.backend_tokenizer, texts, contexts)
    out = np.zeros((len(rows), model.config.num_labels), np.float32)
    with torch.inference_mode():
        for batch in batches(np.array([len(ids) for ids, _ in rows]), 2048):
            inputs = pad([rows[i] for i in batch], tokenizer.pad_token_id)
            tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
            out[batch] = model(**tensors).logits.numpy()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--model", default="standard")
    options = parser.parse_args()
    data = corpus.load([options.file], stored=False)
    texts, contexts = list(data["text"]), list(data["context"])
    truth = targets(data["categories"])
    model = Model.load(options.model)
    encoder = model.scorers["encoder"]
    logits = {name: scorer.logits(texts, contexts) for name, scorer in model.scorers.items()}
    small, full = logits["encoder"], full_precision(options.checkpoint, texts, contexts)
    answers = {
        name: decide(model.calibration.probabilities(list(each.values())), model.calibration)
        for name, each in (("fp32", {**logits, "encoder": full}), ("int8", logits))
    }
    given = {name: targets(answer.categories) for name, answer in answers.items()}
    for i, question in enumerate(QUESTIONS):
        f1 = {name: f1_score(truth[:, i], labels[:, i]) for name, labels in given.items()}
        sys.stdout.write(
            f"{question.value}: F1 fp32 {f1['fp32']:.4f}, int8 {f1['int8']:.4f}, "
            f"loss {f1['fp32'] - f1['int8']:+.4f}\n"
        )
    two = [answers[name].probabilities[:, : len(QUESTIONS)] for name in ("fp32", "int8")]
    same = (given["fp32"] == given["int8"])[:, : len(QUESTIONS)].all(1).mean()
    sys.stdout.write(
        f"same decisions {same:.4f}, largest difference {abs(two[0] - two[1]).max():.4f}\n"
    )
    alone = np.concatenate(
        [encoder.logits([t], [c]) for t, c in zip(texts[:ALONE], contexts, strict=False)]
    )
    moved = abs(sigmoid(alone) - sigmoid(small[:ALONE])).max()
    sys.stdout.write(
        f"alone against in a batch, {ALONE} sentences: largest difference {moved:.2g}\n"
    )


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


if __name__ == "__main__":
    main()
