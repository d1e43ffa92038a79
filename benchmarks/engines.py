"""Which engine computes the encoder best on this machine, and at what cost in quality.

    python benchmarks/engines.py LABELLED.jsonl [--speed SENTENCES.jsonl] [--runs 5]
        [--number 200] [--threads 2] [--checkpoint FOLDER]

For every engine that works here: sentences per second and per CPU second, medians of alternating
runs over ``--number`` sentences, with the ratio to the engine as shipped, pair by pair; then on
the labelled sentences F1 of both questions, the share of equal decisions and the largest
difference in probability to ``float`` (the same weights computed in fp32), and how far a
sentence's logits move when it is computed alone. Given what ``tenderlens export`` writes
(``--checkpoint``, needs the train extra), a row ``bf16`` rounds weights, and inputs and outputs
of every layer to bf16 and sums in fp32: what OpenVINO does where the processor has AMX. That row
is of quality only.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sentences import sample
from sklearn.metrics import f1_score

from classifier.encoder import EncoderScorer, batches, pad, token_rows
from classifier.engines import candidates
from classifier.errors import ModelError
from classifier.model import Model, decide
from classifier.taxonomy import QUESTIONS
from training import corpus
from training.targets import targets

REFERENCE, SHIPPED = "float", "int8"
ALONE = 40
Logits = Callable[[list[str], list[str]], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--speed", type=Path, help="default: the labelled sentences")
    parser.add_argument("--model", default="standard")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoint", type=Path)
    options = parser.parse_args()
    print("chosen by itself:", "; ".join(f"{name} ({why})" for name, why in candidates()))
    scorers = engines(options.model, options.threads)
    if options.runs:
        speed(scorers, *sample(options.speed or options.labelled, options.number), options.runs)
    answers: dict[str, Logits] = {name: scorer.logits for name, scorer in scorers.items()}
    if options.checkpoint:
        answers["bf16"] = rounded(options.checkpoint)
    quality(answers, options.model, options.labelled)


def engines(model: str, threads: int) -> dict[str, EncoderScorer]:
    found = {}
    for name in (SHIPPED, REFERENCE, "openvino", "cuda"):
        try:
            scorer = Model.load(model, threads, engine=name).scorers["encoder"]
        except ModelError as error:
            print(f"{name}: not here ({error})")
            continue
        assert isinstance(scorer, EncoderScorer)
        found[name] = scorer
        print(f"{name}: {scorer.engine.reason}")
    return found


def speed(
    scorers: dict[str, EncoderScorer], texts: list[str], contexts: list[str], runs: int
) -> None:
    wall: dict[str, list[float]] = {name: [] for name in scorers}
    cpu: dict[str, list[float]] = {name: [] for name in scorers}
    for _ in range(runs):
        for name, scorer in scorers.items():
            started, spent = time.perf_counter(), time.process_time()
            scorer.logits(texts, contexts)
            wall[name].append(time.perf_counter() - started)
            cpu[name].append(time.process_time() - spent)
    print(f"\n{len(texts)} sentences, medians of {runs} alternating runs\n")
    print("| engine | sentences/s | per CPU second | × int8 (CPU) |\n|---|---|---|---|")
    for name in scorers:
        pairs = zip(cpu[SHIPPED], cpu[name], strict=True)
        ratio = statistics.median(shipped / own for shipped, own in pairs)
        rates = (len(texts) / statistics.median(each[name]) for each in (wall, cpu))
        print(f"| {name} | " + " | ".join(f"{rate:.1f}" for rate in rates) + f" | {ratio:.2f} |")


def quality(answers: dict[str, Logits], name: str, labelled: Path) -> None:
    data = corpus.load([labelled], stored=False)
    texts, contexts = list(data["text"]), list(data["context"])
    truth = targets(data["categories"])
    model = Model.load(name)
    lexical = {
        each: s.logits(texts, contexts) for each, s in model.scorers.items() if each != "encoder"
    }
    given, moved = {}, {}
    for engine, logits in answers.items():
        together = logits(texts, contexts)
        alone = [
            logits([text], [context])
            for text, context in zip(texts[:ALONE], contexts, strict=False)
        ]
        moved[engine] = np.abs(np.concatenate(alone) - together[:ALONE]).max()
        parts = [together if each == "encoder" else lexical[each] for each in model.scorers]
        given[engine] = decide(model.calibration.probabilities(parts), model.calibration)
    print(f"\n{len(texts)} labelled sentences\n")
    heads = " | ".join(f"F1 {question.value}" for question in QUESTIONS)
    print(f"| engine | {heads} | same decisions | largest difference | alone, logits |")
    print("|---|" + "---|" * (len(QUESTIONS) + 3))
    reference = given[REFERENCE]
    for engine, answer in given.items():
        labels = targets(answer.categories)
        f1 = [f1_score(truth[:, i], labels[:, i]) for i in range(len(QUESTIONS))]
        pairs = zip(answer.orientations, reference.orientations, strict=True)
        same = np.mean([one == other for one, other in pairs])
        two = [each.probabilities[:, : len(QUESTIONS)] for each in (answer, reference)]
        largest = np.abs(two[0] - two[1]).max()
        figures = " | ".join(f"{value:.4f}" for value in (*f1, same, largest))
        print(f"| {engine} | {figures} | {moved[engine]:.1g} |")


def rounded(checkpoint: Path) -> Logits:
    """The checkpoint with everything between its layers rounded to bf16, sums in fp32."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, dtype=torch.float32, attn_implementation="eager"
    ).eval()

    def half(value: torch.Tensor) -> torch.Tensor:
        return value.bfloat16().float()

    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear | torch.nn.LayerNorm):
            layer.weight.data = half(layer.weight.data)
            layer.register_forward_pre_hook(lambda _, given: tuple(map(half, given)))
            layer.register_forward_hook(lambda _, __, found: half(found))  # pyright: ignore[reportArgumentType]

    def logits(texts: list[str], contexts: list[str]) -> np.ndarray:
        rows = token_rows(tokenizer.backend_tokenizer, texts, contexts)
        out = np.zeros((len(rows), model.config.num_labels), np.float32)
        with torch.inference_mode():
            for batch in batches(np.array([len(ids) for ids, _ in rows]), 1024):
                inputs = pad([rows[i] for i in batch], tokenizer.pad_token_id)
                tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
                out[batch] = model(**tensors).logits.numpy()
        return out

    return logits


if __name__ == "__main__":
    main()
