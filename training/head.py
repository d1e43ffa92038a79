"""The encoder's last layer: what goes into it, and putting other weights in its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from classifier.encoder import BATCH_TOKENS, batches, pad, special_id, token_rows
from classifier.errors import ModelError
from classifier.taxonomy import LABELS

OUTPUT = "logits"


class PooledEncoder:
    """Runs a model folder's encoder and gives what its last layer sees, beside the logits.

    Raises:
        ModelError: the graph does not end in one linear layer.
    """

    def __init__(self, tokenizer_file: Path, onnx_file: Path, threads: int = 0) -> None:
        graph = onnx.load(str(onnx_file))
        self._source = _last_layer(graph.graph, onnx_file).input[0]
        weight = head(graph.graph, onnx_file)[0]
        self.width = weight.shape[1]
        shape = ["sentences", self.width]
        graph.graph.output.append(
            helper.make_tensor_value_info(self._source, TensorProto.FLOAT, shape)
        )
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = ort.InferenceSession(
            graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._padding = special_id(self._tokenizer, "<pad>", "[PAD]")

    def run(self, texts: Sequence[str], contexts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Logits (sentences, labels) and pooled output (sentences, width), float32."""
        rows = token_rows(self._tokenizer, texts, contexts)
        lengths = np.array([len(ids) for ids, _ in rows], np.int64)
        logits = np.zeros((len(rows), len(LABELS)), np.float32)
        pooled = np.zeros((len(rows), self.width), np.float32)
        for batch in batches(lengths, BATCH_TOKENS):
            feed = pad([rows[i] for i in batch], self._padding)
            logits[batch], pooled[batch] = self._session.run([OUTPUT, self._source], feed)
        return logits, pooled


def write_head(source: Path, target: Path, added: np.ndarray) -> None:
    """Copy an encoder with ``added`` of shape (width, labels) added to its last layer's weights.

    Raises:
        ModelError: the graph does not end in one linear layer.
    """
    model = onnx.load(str(source))
    weight, name = head(model.graph, source)
    tensor = next(t for t in model.graph.initializer if t.name == name)
    changed = (weight + added.T).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(changed, name))
    target.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(target))


def head(graph: onnx.GraphProto, file: Path) -> tuple[np.ndarray, str]:
    """Weights of the last layer, (labels, width), and the tensor's name."""
    name = _last_layer(graph, file).input[1]
    for tensor in graph.initializer:
        if tensor.name == name:
            return numpy_helper.to_array(tensor), name
    raise ModelError(f"{file}: the last layer's weights are not in the file")


def _last_layer(graph: onnx.GraphProto, file: Path) -> onnx.NodeProto:
    """The node ``pooled @ weight.T + bias`` that gives the logits."""
    for node in graph.node:
        if OUTPUT in node.output:
            transposed = {a.name: a.i for a in node.attribute}.get("transB", 0)
            if node.op_type == "Gemm" and transposed:
                return node
    raise ModelError(f"{file}: does not end in a linear layer as tenderlens exports it")
