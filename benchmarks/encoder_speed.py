"""The encoder alone against the transformers pipeline, and against what the machine could do.

    python benchmarks/encoder_speed.py SENTENCES.jsonl [--number 2000] [--threads 2] [--runs 5]
        [--screen]

Both classify the same sentences with their contexts, tokens included, with the same weights: ours
with the engine chosen here, the other as ``pipeline("text-classification")`` in fp32 with its
default batching, from the checkpoint that ``tenderlens export`` writes. Runs alternate; printed
are medians and the ratio pair by pair, in wall and in CPU seconds. The limit is the time that
the encoder's matrix products alone would take at the speed of the fastest 8-bit product found
here (ONNX Runtime's ``MatMulInteger``, torch's ``_int_mm``), in the model's own shapes with 1024
rows; attention is not counted. ``--screen`` adds a row with the lexical screen in front, its own
time included. Needs the train extra.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from sentences import sample
from transformers import pipeline

from classifier.encoder import EncoderScorer, token_rows
from classifier.engines import cpu_flags
from classifier.model import Model, find
from training.checkpoint import to_transformers

ROWS = 1024
OURS, THEIRS, SCREENED = "tenderlens", "transformers", "tenderlens, screened"
Work = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--number", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--screen", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    texts, contexts = sample(options.sentences, options.number)
    model = Model.load("standard", options.threads)
    encoder = model.scorers["encoder"]
    assert isinstance(encoder, EncoderScorer)
    with tempfile.TemporaryDirectory() as folder:
        work: dict[str, Work] = {
            OURS: lambda: encoder.logits(texts, contexts),
            THEIRS: usual(Path(folder), texts, contexts),
        }
    if options.screen:
        screened = Model.load("standard", options.threads, screened=True)
        work[SCREENED] = lambda: screened.predict_prepared(texts, contexts)
    print(f"engine {encoder.engine.name}: {encoder.engine.reason}")
    wall, cpu = alternate(work, options.runs)
    print(f"{len(texts)} sentences, {options.threads} threads, medians of {options.runs} runs\n")
    print("| | sentences/s | per CPU second | × transformers, wall | CPU |\n|---|---|---|---|---|")
    for name in work:
        rates = [len(texts) / statistics.median(each[name]) for each in (wall, cpu)]
        ratios = [ratio(each, name) for each in (wall, cpu)]
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in (*rates, *ratios)) + " |")
    rows = token_rows(encoder._tokenizer, texts, contexts)
    say_limit(sum(len(ids) for ids, _ in rows), options.threads, wall[OURS], cpu[OURS])


def ratio(seconds: dict[str, list[float]], name: str) -> float:
    pairs = zip(seconds[THEIRS], seconds[name], strict=True)
    return statistics.median(theirs / own for theirs, own in pairs)


def usual(folder: Path, texts: list[str], contexts: list[str]) -> Work:
    """What a user would build: the pipeline as it comes."""
    to_transformers(find("standard"), folder)
    classify = pipeline(
        "text-classification",
        model=str(folder),
        dtype=torch.float32,
        device="cpu",
        top_k=None,
        function_to_apply="sigmoid",
    )
    given = [
        {"text": text, "text_pair": context} for text, context in zip(texts, contexts, strict=True)
    ]
    return lambda: classify(given, truncation=True, max_length=512)


def alternate(
    work: dict[str, Work], runs: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Wall and CPU seconds of each, one after the other in turn."""
    wall: dict[str, list[float]] = {name: [] for name in work}
    cpu: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs):
        for name, run in work.items():
            started, spent = time.perf_counter(), time.process_time()
            run()
            wall[name].append(time.perf_counter() - started)
            cpu[name].append(time.process_time() - spent)
    return wall, cpu


def say_limit(tokens: int, threads: int, wall: list[float], cpu: list[float]) -> None:
    config = json.loads((find("standard") / "config.json").read_text(encoding="utf-8"))
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes = [(width, width)] * 4 + [(width, inner), (inner, width)]
    operations = 2 * tokens * config["num_hidden_layers"] * sum(k * n for k, n in shapes)
    print(f"\n{tokens} tokens, {operations / 1e9:.0f} G multiplications and additions in products")
    print("\n| 8-bit product | G operations/s | our share, wall | CPU |\n|---|---|---|---|")
    for name, product in PRODUCTS.items():
        limit_wall, limit_cpu = product_seconds(product, shapes, threads)
        if not limit_wall:
            print(f"| {name} | not here | | |")
            continue
        # Seconds for one layer's products over ROWS tokens, scaled to all tokens and layers.
        scale = tokens / ROWS * config["num_hidden_layers"]
        shares = (
            limit_wall * scale / statistics.median(wall),
            limit_cpu * scale / statistics.median(cpu),
        )
        speed = operations / (limit_wall * scale) / 1e9
        print(f"| {name} | {speed:.0f} | " + " | ".join(f"{share:.2f}" for share in shares) + " |")


def product_seconds(
    product: Callable[[int, int, int], Work | None], shapes: list[tuple[int, int]], threads: int
) -> tuple[float, float]:
    """Median wall and CPU seconds for one layer's products; zero where there are none."""
    calls = [product(k, n, threads) for k, n in shapes]
    if None in calls:
        return 0.0, 0.0

    def layer() -> None:
        for call in calls:
            if call:
                call()

    layer()
    wall, cpu = alternate({"": layer}, 30)
    return statistics.median(wall[""]), statistics.median(cpu[""])


def matmul_integer(k: int, n: int, threads: int) -> Work:
    rng = np.random.default_rng(0)
    weight = numpy_helper.from_array(rng.integers(-60, 60, (k, n)).astype(np.int8), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [ROWS, k])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [ROWS, n])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(model.SerializeToString(), options)
    feed = {"a": rng.integers(0, 120, (ROWS, k)).astype(np.uint8)}
    return lambda: session.run(None, feed)


def int_mm(k: int, n: int, _threads: int) -> Work | None:
    # Without these instructions torch takes minutes for one product.
    if not cpu_flags() & {"avx512_vnni", "avx_vnni", "amx_int8"}:
        return None
    one = torch.randint(-60, 60, (ROWS, k), dtype=torch.int8)
    other = torch.randint(-60, 60, (k, n), dtype=torch.int8)
    return lambda: torch._int_mm(one, other)  # pyright: ignore[reportPrivateImportUsage]


PRODUCTS: dict[str, Callable[[int, int, int], Work | None]] = {
    "ONNX Runtime MatMulInteger, u8 × s8": matmul_integer,
    "torch _int_mm, s8 × s8": int_mm,
}


if __name__ == "__main__":
    main()
