"""How much more labelled documents would still help, by the lexical model.

    python benchmarks/learning_curve.py --data silver.jsonl --data pool.jsonl [--plot FILE.svg]

Trained on an eighth, a quarter, a half and all of the projects, each share
drawn three times, and measured on the projects that training holds out. With
and without the sentences written for this project. ``--plot`` needs matplotlib.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from datasets import Dataset
from sklearn.metrics import average_precision_score

from classifier.taxonomy import QUESTIONS
from training import corpus
from training.baseline import train_lexical
from training.pipeline import HELD_OUT
from training.targets import targets

SHARES = (0.125, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Point:
    share: float
    written: bool
    projects: int
    sentences: int
    average_precision: tuple[tuple[float, ...], ...]


def points(train: Dataset, test: Dataset, draws: int) -> list[Point]:
    real, groups = np.array(train["real"]), np.array(train["group"])
    projects = np.unique(groups[real])
    found = []
    for written in (False, True):
        for share in SHARES:
            runs, sizes = [], []
            number = round(share * len(projects))
            for draw in range(draws if share < 1 else 1):
                random = np.random.default_rng(draw)
                chosen = set(random.permutation(projects)[:number])
                keep = np.array([g in chosen for g in groups]) & real | (~real & written)
                runs.append(measure(train.select(np.flatnonzero(keep)), test))
                sizes.append(int(keep.sum()))
            found.append(
                Point(share, written, number, round(mean(sizes)), tuple(zip(*runs, strict=True)))
            )
            print(row(found[-1]), flush=True)
    return found


def measure(train: Dataset, test: Dataset) -> tuple[float, ...]:
    labels = targets(train["categories"])
    model = train_lexical(train["text"], train["context"], labels, np.array(train["weight"]))
    scores = model.logits(test["text"], test["context"])
    truth = targets(test["categories"])
    return tuple(
        float(average_precision_score(truth[:, i], scores[:, i])) for i in range(len(QUESTIONS))
    )


def row(point: Point) -> str:
    cells = [
        f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")
        for values in point.average_precision
    ]
    kind = "with" if point.written else "without"
    return f"| {point.projects} | {point.sentences} | {kind} | {' | '.join(cells)} |"


def plot(found: Sequence[Point], file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    for i, question in enumerate(QUESTIONS):
        for written, style in ((True, "-"), (False, "--")):
            own = [p for p in found if p.written == written]
            axes.errorbar(
                [p.projects for p in own],
                [mean(p.average_precision[i]) for p in own],
                [stdev(v) if len(v := p.average_precision[i]) > 1 else 0 for p in own],
                linestyle=style,
                color=f"C{i}",
                label=f"{question.value}, {'with' if written else 'without'} written sentences",
            )
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks := sorted({p.projects for p in found}), [str(t) for t in ticks])
    axes.set_xlabel("projects trained on")
    axes.set_ylabel("average precision, projects held out")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    data = corpus.load([*corpus.written_files(), *options.data])
    train, test = corpus.split_by_group(data, HELD_OUT)
    train = corpus.without_near_duplicates(train, test)
    print("| projects | sentences | written ones | assistive AP | control AP |")
    print("|---|---|---|---|---|")
    found = points(train, test, options.draws)
    if options.plot:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
