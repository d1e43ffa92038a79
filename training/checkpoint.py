"""The encoder of a model folder as a Hugging Face checkpoint, made from the ONNX weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from classifier.errors import ModelError
from classifier.model import ONNX_FILE
from training.export import EMBEDDING_SCALE, EMBEDDING_TABLE

WORDS = "bert.embeddings.word_embeddings.weight"
ZERO_POINT = 128


def to_transformers(folder: Path, out: Path) -> None:
    """Write ``out`` for ``AutoModelForSequenceClassification`` and ``AutoTokenizer``.

    The weights are those that the ONNX graph multiplies with, so that nothing
    is shipped twice: 8-bit integers times their scales, stored in fp16.
    Multi-label, sigmoid; without the lexical model and the calibration.

    Raises:
        ModelError: the folder holds no encoder, or not one that ``export_encoder`` wrote.
    """
    if not (folder / ONNX_FILE).is_file():
        raise ModelError(f"{folder}: holds no encoder")
    model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(folder))
    state = {name: torch.from_numpy(array) for name, array in weights(folder / ONNX_FILE).items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any(not name.endswith("position_ids") for name in missing):
        raise ModelError(f"{folder}: weights do not fit: {missing} missing, {unexpected} left over")
    model.half().save_pretrained(out)
    AutoTokenizer.from_pretrained(folder).save_pretrained(out)


def weights(file: Path) -> dict[str, np.ndarray]:
    """Parameters by the names of ``BertForSequenceClassification``, fp32."""
    graph = onnx.load(str(file)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {
        name: array.copy()
        for name, array in stored.items()
        if name.startswith(("bert.", "classifier."))
    }
    for node in graph.node:
        if node.op_type == "MatMulNBits":
            name = node.name.removesuffix("_Q8").removesuffix("/MatMul")
            name = f"{name.strip('/').replace('/', '.')}.weight"
            found[name] = _dequantised(stored[node.input[1]], stored[node.input[2]])
    if EMBEDDING_TABLE in stored:
        found[WORDS] = stored[EMBEDDING_TABLE].astype(np.float32) * stored[EMBEDDING_SCALE]
    return found


def _dequantised(blocks: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """(outputs, inputs) from (outputs, blocks, block size) of unsigned bytes."""
    centred = blocks.astype(np.float32) - ZERO_POINT
    scaled = centred * scales.reshape(*blocks.shape[:2], 1)
    return scaled.reshape(len(blocks), -1)
