"""Document scores on projects that neither training nor calibration has seen.

    python benchmarks/left_out_documents.py --data silver.jsonl --data pool.jsonl [--model standard]

The projects that training holds out (a fixed twelfth part, by hash) are taken
one by one: the calibration is fitted on all others of them, and every document
of the project is scored as a report would and held against its labels. Beside
our count stand the usual quantifiers on the same probabilities: classify and
count, its probabilistic form, PACC (Bella et al. 2010) and expectation
maximisation without a prior (Saerens et al. 2002), all from QuaPy's definitions.

Documents are labelled in part. Sentences without a label are taken for neutral:
they were left because a model found next to nothing in them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from classifier import orientation
from classifier.calibration import Calibration
from classifier.context import context_text
from classifier.model import Model
from classifier.taxonomy import QUESTIONS
from training import calibrate, corpus, labels
from training.documents import MIN_ORIENTED, ScoredDocument, score_documents, summarise
from training.pipeline import HELD_OUT
from training.targets import targets


@dataclass(frozen=True)
class Sentences:
    """Sentences of the held-out projects; those that nobody labelled count as neutral."""

    documents: list[str]
    groups: list[str]
    texts: list[str]
    sections: list[str]
    contexts: list[str]
    truth: np.ndarray
    labelled: np.ndarray
    represents: np.ndarray


def load(files: Sequence[Path]) -> Sentences:
    projects: dict[str, str] = {}
    records: dict[str, dict] = {}
    for file in files:
        for record in _records(file):
            project = labels.project(record)
            if project and corpus.fraction(project) < HELD_OUT:
                projects[record["document"]] = project
                found = {"categories": None, **labels.apply(record)}
                # A sentence may stand in a file of labelled ones and in the rest.
                if found["categories"] is not None or labels.key(record) not in records:
                    records[labels.key(record)] = found
    rows = list(records.values())
    return Sentences(
        documents=[r["document"] for r in rows],
        groups=[projects[r["document"]] for r in rows],
        texts=[r["text"] for r in rows],
        sections=[r.get("section") or "" for r in rows],
        contexts=[context_text(r.get("section") or "", r.get("previous") or "") for r in rows],
        truth=targets([r["categories"] or [] for r in rows]),
        labelled=np.array([r["categories"] is not None for r in rows]),
        represents=np.array([float(r.get("represents") or 1) for r in rows]),
    )


def _records(file: Path) -> Iterator[dict]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def left_out(
    model: Model, data: Sentences
) -> tuple[list[ScoredDocument], dict[str, list[float]], np.ndarray]:
    """Scored documents, other quantifiers' balances of the same, and the labels' balances."""
    logits = [s.logits(data.texts, data.contexts) for s in model.scorers.values()]
    groups = np.array(data.groups)
    scored: list[ScoredDocument] = []
    others: dict[str, list[float]] = {name: [] for name in QUANTIFIERS}
    for group in dict.fromkeys(data.groups):
        fit = np.flatnonzero((groups != group) & data.labelled)
        own = np.flatnonzero(groups == group)
        calibration = calibrate.fit(
            list(model.scorers),
            [z[fit] for z in logits],
            data.truth[fit],
            groups[fit].tolist(),
            data.represents[fit],
        )
        p = calibration.probabilities([z[own] for z in logits])
        found = score_documents(
            [data.documents[i] for i in own.tolist()],
            [data.texts[i] for i in own.tolist()],
            [data.sections[i] for i in own.tolist()],
            data.truth[own],
            p,
            calibration,
        )
        reference = Reference(
            calibration,
            calibration.probabilities([z[fit] for z in logits]),
            data.truth[fit],
            data.represents[fit],
        )
        for document in found:
            mine = np.array([data.documents[i] == document.name for i in own.tolist()])
            if document.oriented >= MIN_ORIENTED:
                for name, quantify in QUANTIFIERS.items():
                    others[name].append(_balance(p[mine], reference, quantify))
        scored.extend(document for document in found if document.oriented >= MIN_ORIENTED)
    return scored, others, np.array([document.balance for document in scored])


@dataclass(frozen=True)
class Reference:
    """What a quantifier may know: the calibration and the sentences it was fitted on."""

    calibration: Calibration
    probabilities: np.ndarray
    truth: np.ndarray
    weight: np.ndarray


Quantifier = Callable[[np.ndarray, int, Reference], float]


def classify_and_count(p: np.ndarray, question: int, known: Reference) -> float:
    return float((p[:, question] >= known.calibration.thresholds[question]).sum())


def probabilistic_count(p: np.ndarray, question: int, _: Reference) -> float:
    return float(p[:, question].sum())


def pacc(p: np.ndarray, question: int, known: Reference) -> float:
    """Mean probability, corrected by its means over true and false sentences."""
    yes = known.truth[:, question] > 0
    mean = lambda mask: np.average(known.probabilities[mask, question], weights=known.weight[mask])  # noqa: E731
    share = (p[:, question].mean() - mean(~yes)) / (mean(yes) - mean(~yes))
    return float(np.clip(share, 0, 1) * len(p))


def emq(p: np.ndarray, question: int, known: Reference) -> float:
    """Expectation maximisation from the calibration's share, without a prior."""
    share = known.calibration.rows[question].share
    own = share
    column = p[:, question]
    for _ in range(1000):
        yes = column * own / share
        before, own = own, float((yes / (yes + (1 - column) * (1 - own) / (1 - share))).mean())
        if abs(own - before) < 1e-6:
            break
    return own * len(p)


QUANTIFIERS: dict[str, Quantifier] = {
    "classify and count": classify_and_count,
    "probabilistic count": probabilistic_count,
    "PACC": pacc,
    "EMQ, no prior": emq,
}


def _balance(p: np.ndarray, known: Reference, quantify: Quantifier) -> float:
    a, c = (quantify(p, question, known) for question in range(len(QUESTIONS)))
    return (a - c) / max(a + c, 1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--list", action="store_true", help="one line per document")
    options = parser.parse_args()
    data = load(options.data)
    print(
        f"{len(data.texts)} sentences, {int(data.labelled.sum())} of them labelled, "
        f"of {len(set(data.groups))} projects"
    )
    scored, others, gold = left_out(Model.load(options.model), data)
    if options.list:
        for d in sorted(scored, key=lambda d: d.balance):
            inside = "" if d.interval.low <= d.balance <= d.interval.high else "  outside"
            print(
                f"{d.name:8} {d.oriented:4} labels {d.balance:+.2f} score {d.score:+.2f} "
                f"[{d.interval.low:+.2f}, {d.interval.high:+.2f}]{inside}"
            )
    figures = summarise(scored)
    if figures is None:
        raise SystemExit("too few documents with enough oriented sentences")
    print(f"\n| {figures.documents} documents | mean error of the balance | rank correlation |")
    print("|---|---|---|")
    ours = np.array([document.score for document in scored])
    for name, values in {"ours": ours, **others}.items():
        error = np.abs(np.asarray(values) - gold).mean()
        print(f"| {name} | {error:.3f} | {spearmanr(values, gold).statistic:.3f} |")
    width = np.median([document.interval.width for document in scored])
    level = f"{orientation.LEVEL:.0%}"
    print(f"\n{level} interval: covers {figures.covered:.2f}, median width {width:.2f}")


if __name__ == "__main__":
    main()
