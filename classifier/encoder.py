"""The encoder scorer: tokenizer and compiled graph, without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from classifier.context import MAX_CONTEXT_TOKENS, MAX_TEXT_TOKENS
from classifier.engines import Engine, open_engine
from classifier.errors import ModelError
from classifier.onnx_file import check_graph
from classifier.taxonomy import LABELS

# Fewest tokens a batch holds when there are more threads than work.
_FEWEST_TOKENS = 256


class EncoderScorer:
    """Logits of the fine-tuned encoder; a sentence's logits do not depend on its batch mates.

    Attributes:
        engine: what computes the graph on this machine.
        vocabulary: number of tokens that the tokenizer knows.
    """

    def __init__(self, tokenizer: Tokenizer, engine: Engine) -> None:
        self._tokenizer = tokenizer
        self.vocabulary = tokenizer.get_vocab_size()
        self.engine = engine
        self._padding = special_id(tokenizer, "<pad>", "[PAD]")

    @classmethod
    def load(
        cls,
        tokenizer_file: Path,
        onnx_file: Path,
        threads: int | None = None,
        engine: str | None = None,
    ) -> EncoderScorer:
        """Open a model folder's tokenizer and graph.

        Args:
            threads: CPU threads; all of this process's cores by default.
            engine: as :func:`classifier.engines.open_engine` takes it.

        Raises:
            ModelError: a file is missing or damaged, the two do not belong together, the graph
                refers to other files, or it does not answer with the labels of the taxonomy.
        """
        try:
            tokenizer = Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:  # the library raises bare Exception subclasses of its own
            raise ModelError(f"{tokenizer_file}: cannot be loaded ({error})") from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        check_graph(onnx_file)
        probe = partial(_probe, onnx_file, tokenizer)
        return cls(tokenizer, open_engine(onnx_file, threads or available_cores(), probe, engine))

    def logits(self, texts: Sequence[str], contexts: Sequence[str]) -> np.ndarray:
        """Logits of shape (sentences, labels), float32, in the order given."""
        rows = token_rows(self._tokenizer, texts, contexts)
        lengths = np.array([len(ids) for ids, _ in rows], np.int64)
        out = np.zeros((len(rows), len(LABELS)), np.float32)
        share = max(int(lengths.sum()) // self.engine.lanes, _FEWEST_TOKENS)
        tokens = min(self.engine.batch_tokens, share)

        def compute(batch: np.ndarray) -> None:
            out[batch] = self.engine.run(pad([rows[i] for i in batch], self._padding))

        work = list(batches(lengths, tokens, self.engine.call_tokens))
        # Whole batches side by side: threads that share one product wait for each other.
        with ThreadPoolExecutor(max_workers=self.engine.lanes) as pool:
            for done in [pool.submit(compute, batch) for batch in work]:
                done.result()
        return out


def _probe(onnx_file: Path, tokenizer: Tokenizer, engine: Engine) -> None:
    """One call with the vocabulary's last token.

    Raises:
        ModelError: the answer has another shape than the taxonomy, or is no number.
    """
    ids = np.array([[0, tokenizer.get_vocab_size() - 1]], np.int64)
    answer = engine.run(
        {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": 0 * ids}
    )
    if answer.shape != (1, len(LABELS)):
        raise ModelError(
            f"{onnx_file}: has other outputs than the {len(LABELS)} labels of the taxonomy"
        )
    if not np.isfinite(answer).all():
        raise ModelError(f"{onnx_file}: answers with something that is no number")


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


def batches(lengths: np.ndarray, tokens: int, call: int = 8) -> Iterator[np.ndarray]:
    """Indices in batches whose padded size stays within ``tokens``, the longest first.

    The lengths are cut into ranges so that padding, with ``call`` tokens for each batch
    begun, is least: the shortest path over the distinct lengths.
    """
    widths, counts = np.unique(lengths, return_counts=True)
    before = np.concatenate([[0], np.cumsum(counts)])
    cost, starts = np.zeros(len(widths) + 1), []
    for last, width in enumerate(widths):
        sentences = before[last + 1] - before[: last + 1]
        begun = np.ceil(sentences / max(tokens // max(width, 1), 1))
        total = cost[: last + 1] + sentences * width + begun * call
        starts.append(int(total.argmin()))
        cost[last + 1] = total.min()
    order = np.argsort(lengths, kind="stable")
    end = len(widths)
    while end:
        width, start = int(widths[end - 1]), starts[end - 1]
        size = max(tokens // max(width, 1), 1)
        group = order[before[start] : before[end]][::-1]
        yield from np.array_split(group, -(-len(group) // size))
        end = start
