"""Write a fine-tuned checkpoint as a model folder: config, tokenizer and int8 ONNX.

Weights of matrix products are stored in 8 bits with one scale per block of 32
and multiplied with activations quantised per row and block (ONNX Runtime's
``MatMulNBits`` at accuracy level 4), so that a sentence's result does not
depend on its batch mates. The embedding table is stored in 8 bits with one
scale per row.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    MatMulNBitsQuantizer,
)
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from classifier.model import ONNX_FILE

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
BLOCK = 32
EMBEDDING_TABLE, EMBEDDING_SCALE = "words_int8", "words_scale"
OPSET = 17


def export_encoder(checkpoint: Path, out: Path) -> None:
    """Write ``out``: config, tokenizer and ``onnx/model_int8.onnx``.

    ``training/checkpoint.py`` makes a checkpoint of these again.
    """
    out.mkdir(parents=True, exist_ok=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    (out / ONNX_FILE).parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "model.onnx"
        to_onnx(model, full)
        quantise(full, out / ONNX_FILE)
    model.config.save_pretrained(out)
    AutoTokenizer.from_pretrained(checkpoint).save_pretrained(out)


def to_onnx(model: torch.nn.Module, file: Path) -> None:
    """Export in fp32 with free batch size and length."""
    ids = torch.randint(5, 100, (2, 12))
    mask = torch.ones_like(ids)
    mask[1, 8:] = 0
    axes = {name: {0: "sentences", 1: "tokens"} for name in INPUTS}
    torch.onnx.export(
        model,
        (ids, mask, torch.zeros_like(ids)),
        str(file),
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_axes={**axes, "logits": {0: "sentences"}},
        opset_version=OPSET,
        dynamo=False,
    )


def quantise(source: Path, target: Path) -> None:
    """Weights to 8 bits, matrices per block and the word embeddings per row."""
    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.WARNING)
    config = DefaultWeightOnlyQuantConfig(
        block_size=BLOCK, is_symmetric=True, accuracy_level=4, bits=8
    )
    quantiser = MatMulNBitsQuantizer(onnx.load(str(source)), algo_config=config)
    quantiser.process()
    graph: onnx.ModelProto = quantiser.model.model  # pyright: ignore[reportAttributeAccessIssue]
    quantise_embeddings(graph)
    onnx.checker.check_model(graph, full_check=False)
    onnx.save(graph, str(target))


def quantise_embeddings(model: onnx.ModelProto) -> None:
    """Replace the gather from the largest float table by gathers of int8 rows and their scales."""
    graph = model.graph
    table = max(
        (t for t in graph.initializer if t.data_type == TensorProto.FLOAT),
        key=lambda t: np.prod(t.dims),
    )
    gather = next(
        node for node in graph.node if node.op_type == "Gather" and node.input[0] == table.name
    )
    values = numpy_helper.to_array(table)
    scale = (np.abs(values).max(1, keepdims=True) / 127).astype(np.float32)
    small = np.round(values / np.maximum(scale, 1e-12)).astype(np.int8)
    graph.initializer.remove(table)
    graph.initializer.extend(
        [
            numpy_helper.from_array(small, EMBEDDING_TABLE),
            numpy_helper.from_array(scale, EMBEDDING_SCALE),
        ]
    )
    ids, result = gather.input[1], gather.output[0]
    nodes = [
        helper.make_node("Gather", [EMBEDDING_TABLE, ids], ["words_row"]),
        helper.make_node("Gather", [EMBEDDING_SCALE, ids], ["words_row_scale"]),
        helper.make_node("Cast", ["words_row"], ["words_row_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["words_row_float", "words_row_scale"], [result]),
    ]
    at = list(graph.node).index(gather)
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*rest[:at], *nodes, *rest[at + 1 :]])
