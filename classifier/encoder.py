"""The encoder scorer: tokenizer and ONNX session, without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from classifier.context import MAX_CONTEXT_TOKENS, MAX_TEXT_TOKENS
from classifier.errors import ModelError
from classifier.taxonomy import LABELS

# Tokens a batch holds, padding included: flat optimum on CPUs from 256 to 2048.
BATCH_TOKENS = 1024


class EncoderScorer:
    """Logits of the fine-tuned encoder; a sentence's logits do not depend on its batch mates."""

    def __init__(self, tokenizer: Tokenizer, session: ort.InferenceSession) -> None:
        self._tokenizer = tokenizer
        self._session = session
        self._padding = special_id(tokenizer, "<pad>", "[PAD]")

    @classmethod
    def load(
        cls, tokenizer_file: Path, onnx_file: Path, threads: int | None = None
    ) -> EncoderScorer:
        """Open a model folder's tokenizer and graph.

        Args:
            threads: CPU threads; all of this process's cores by default.

        Raises:
            ModelError: a file is missing or damaged.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or available_cores()
        options.log_severity_level = 3
        try:
            tokenizer = Tokenizer.from_file(str(tokenizer_file))
            session = ort.InferenceSession(
                str(onnx_file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise bare Exception subclasses of their own
            raise ModelError(f"{onnx_file.parent}: cannot be loaded ({error})") from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        if session.get_outputs()[0].shape[-1] != len(LABELS):
            raise ModelError(
                f"{onnx_file}: has other outputs than the {len(LABELS)} labels of the taxonomy"
            )
        return cls(tokenizer, session)

    def logits(self, texts: Sequence[str], contexts: Sequence[str]) -> np.ndarray:
        """Logits of shape (sentences, labels), float32, in the order given."""
        rows = token_rows(self._tokenizer, texts, contexts)
        lengths = np.array([len(ids) for ids, _ in rows], np.int64)
        out = np.zeros((len(rows), len(LABELS)), np.float32)
        for batch in batches(lengths, BATCH_TOKENS):
            feed = pad([rows[i] for i in batch], self._padding)
            out[batch] = np.asarray(self._session.run(None, feed)[0])
        return out


def available_cores() -> int:
    """Cores this process may use; not every system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def token_rows(
    tokenizer: Tokenizer, texts: Sequence[str], contexts: Sequence[str]
) -> list[tuple[list[int], int]]:
    """Token ids of each sentence with its context, and the length of the first segment.

    Text and context are cut separately, so that neither crowds out the other.
    """
    start, end = special_id(tokenizer, "<s>", "[CLS]"), special_id(tokenizer, "</s>", "[SEP]")
    first = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    second = tokenizer.encode_batch_fast(list(contexts), add_special_tokens=False)
    rows = []
    for text, context, given in zip(first, second, contexts, strict=True):
        ids = [start, *text.ids[:MAX_TEXT_TOKENS], end]
        around = [end, *context.ids[:MAX_CONTEXT_TOKENS], end] if given else []
        rows.append((ids + around, len(ids)))
    return rows


def special_id(tokenizer: Tokenizer, *names: str) -> int:
    """Id of the first of several spellings of a special token.

    Raises:
        ModelError: the vocabulary has none of them.
    """
    ids = (tokenizer.token_to_id(name) for name in names)
    for token in ids:
        if token is not None:
            return token
    raise ModelError(f"the tokenizer has none of the special tokens {', '.join(names)}")


def pad(rows: Sequence[tuple[list[int], int]], padding: int) -> dict[str, np.ndarray]:
    """The model's three int64 inputs of shape (sentences, longest)."""
    width = max(len(tokens) for tokens, _ in rows)
    ids = np.full((len(rows), width), padding, np.int64)
    mask = np.zeros_like(ids)
    kinds = np.zeros_like(ids)
    for i, (tokens, split) in enumerate(rows):
        ids[i, : len(tokens)] = tokens
        mask[i, : len(tokens)] = 1
        kinds[i, split : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}


def batches(lengths: np.ndarray, tokens: int) -> Iterator[np.ndarray]:
    """Indices in batches of similar length whose padded size stays within ``tokens``."""
    order = np.argsort(-lengths, kind="stable")
    at = 0
    while at < len(order):
        size = max(int(tokens // max(lengths[order[at]], 1)), 1)
        yield order[at : at + size]
        at += size
