"""What the lexical screen saves and what it costs.

    python benchmarks/screen.py FILE.jsonl [--model standard] [--runs 5]

On labelled sentences: the share that passes, F1 of both questions with and
without the screen, and sentences per second, medians of alternating runs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from classifier.model import Model
from classifier.taxonomy import QUESTIONS
from training import corpus
from training.targets import targets


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    data = corpus.load([options.file], stored=False)
    texts, contexts = list(data["text"]), list(data["context"])
    truth = targets(data["categories"])
    models = {
        name: Model.load(options.model, screened=name == "screened")
        for name in ("full", "screened")
    }
    seconds: dict[str, list[float]] = {name: [] for name in models}
    answers = {}
    for _ in range(options.runs):
        for name, model in models.items():
            started = time.perf_counter()
            answers[name] = model.predict_prepared(texts, contexts)
            seconds[name].append(time.perf_counter() - started)
    screen = models["screened"].calibration.screen
    assert screen is not None
    seen = screen.passes(
        screen.probabilities(models["full"].scorers["lexical"].logits(texts, contexts))
    )
    oriented = truth[:, : len(QUESTIONS)].max(1) > 0
    print(f"{len(texts)} sentences, {int(oriented.sum())} oriented; {seen.mean():.3f} pass")
    print(f"of the oriented ones {seen[oriented].mean():.4f} pass")
    print("\n| | " + " | ".join(f"{q.value} F1" for q in QUESTIONS) + " | sentences/s |")
    print("|---|" + "---|" * (len(QUESTIONS) + 1))
    for name, answer in answers.items():
        given = targets(answer.categories)
        f1 = [f1_score(truth[:, i], given[:, i]) for i in range(len(QUESTIONS))]
        rate = len(texts) / statistics.median(seconds[name])
        print(f"| {name} | " + " | ".join(f"{value:.4f}" for value in f1) + f" | {rate:.0f} |")
    ratio = statistics.median(
        full / cut for full, cut in zip(seconds["full"], seconds["screened"], strict=True)
    )
    pairs = zip(answers["full"].orientations, answers["screened"].orientations, strict=True)
    same = np.mean([one == other for one, other in pairs])
    print(f"\nscreened is {ratio:.2f} × as fast; same orientation {same:.4f}")


if __name__ == "__main__":
    main()
