"""From labelled sentences to a finished model folder; what ``tenderlens train`` runs."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from datasets import Dataset

from classifier.encoder import EncoderScorer
from classifier.lexical import LexicalScorer
from classifier.model import CALIBRATION_FILE, LEXICAL_FILE, ONNX_FILE
from training import calibrate, corpus
from training.baseline import train_lexical
from training.encoder import build_base
from training.export import export_encoder
from training.finetune import Recipe, finetune
from training.seal import seal
from training.targets import targets

HELD_OUT = 0.12


@dataclass(frozen=True)
class Plan:
    """What to train and where.

    Attributes:
        files: JSONL files to train on.
        out: folder of models; ``standard`` and ``lexical`` are written into it.
        base: folder or hub name of the encoder to start from; empty: the wheel's.
        work: checkpoints and intermediate files, kept for a later resume.
        written: whether to train on the corpus in ``data/`` as well.
        exclude: labelled files whose near-duplicates must be neither trained nor calibrated on.
    """

    files: tuple[Path, ...]
    out: Path
    work: Path
    base: str = ""
    recipe: Recipe = field(default_factory=Recipe)
    exclude: tuple[Path, ...] = ()
    written: bool = True


def run(plan: Plan, say: Callable[[str], None]) -> None:
    """Train both models; a run that was stopped goes on where it was."""
    train, held_out = prepare(plan)
    claim(plan, train)
    say(f"{len(train)} sentences to train on, {len(held_out)} of other documents to calibrate on")
    lexical = train_lexical(
        train["text"],
        train["context"],
        targets(train["categories"]),
        np.array(train["weight"]),
    )
    say(f"lexical model: {len(lexical.vocabulary)} features")
    checkpoint = finetune(
        base_folder(plan, train), train, held_out, plan.work / "encoder", plan.recipe
    )
    say("encoder trained; exporting")
    finish(plan.out, checkpoint, lexical, held_out)
    say(f"models written to {plan.out}")


def prepare(plan: Plan) -> tuple[Dataset, Dataset]:
    """Training part and held-out documents, near-duplicates across the two removed."""
    data = corpus.load([*(corpus.written_files() if plan.written else ()), *plan.files])
    train, held_out = corpus.split_by_group(data, HELD_OUT)
    if not len(held_out):
        # Without real documents a share of the contrast pairs and sentences is held out instead.
        train, held_out = corpus.split_at_random(data, HELD_OUT)
    for file in plan.exclude:
        evaluated = corpus.load([file], stored=False)
        train = corpus.without_near_duplicates(train, evaluated)
        held_out = corpus.without_near_duplicates(held_out, evaluated)
    return corpus.without_near_duplicates(train, held_out), held_out


def claim(plan: Plan, train: Dataset) -> None:
    """Mark the work folder as this run's, or check that it is.

    Raises:
        ValueError: it holds checkpoints of other data, another base or recipe.
    """
    digest = hashlib.sha256(json.dumps([plan.base, asdict(plan.recipe)]).encode())
    for text, codes in zip(train["text"], train["categories"], strict=True):
        digest.update(f"{text}\x1f{' '.join(codes)}\x1e".encode())
    mark = plan.work / "run.sha256"
    if mark.is_file() and mark.read_text() != digest.hexdigest():
        raise ValueError(
            f"{plan.work} holds a run on other data, base or recipe: choose another --work"
        )
    plan.work.mkdir(parents=True, exist_ok=True)
    mark.write_text(digest.hexdigest())


def base_folder(plan: Plan, train: Dataset) -> str:
    if plan.base:
        return plan.base
    folder = plan.work / "base"
    if not (folder / "config.json").is_file():
        build_base(folder, [*train["text"], *train["context"]])
    return str(folder)


def finish(out: Path, checkpoint: Path, lexical: LexicalScorer, held_out: Dataset) -> None:
    """Export, calibrate on the exported form, and seal ``standard`` and ``lexical``."""
    standard, plain = out / "standard", out / "lexical"
    for folder in (standard, plain):
        folder.mkdir(parents=True, exist_ok=True)
        lexical.save(folder / LEXICAL_FILE)
    export_encoder(checkpoint, standard)
    if (checkpoint / "recipe.json").is_file():
        shutil.copy(checkpoint / "recipe.json", standard / "recipe.json")
    tokenizer = standard / "tokenizer.json"
    scorers = {
        "encoder": EncoderScorer.load(tokenizer, standard / ONNX_FILE),
        # Read back, so that the calibration sees the rounded weights that are shipped.
        "lexical": LexicalScorer.load(standard / LEXICAL_FILE),
    }
    logits = {
        name: scorer.logits(held_out["text"], held_out["context"])
        for name, scorer in scorers.items()
    }
    labels, groups = targets(held_out["categories"]), list(held_out["group"])
    represents = np.array(held_out["represents"])
    for folder, names in ((standard, ["encoder", "lexical"]), (plain, ["lexical"])):
        calibration = calibrate.fit(
            names, [logits[name] for name in names], labels, groups, represents
        )
        calibration.save(folder / CALIBRATION_FILE)
        seal(folder)
