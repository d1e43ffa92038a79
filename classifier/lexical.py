"""The lexical scorer: jieba words and character n-grams, TF-IDF, logistic regression.

The baseline that every other model is measured against, usable by itself
(``--model lexical``), and the second voice beside the encoder: it knows the
exact words, the encoder their meaning. Trained by ``training/baseline.py``.
"""

from __future__ import annotations

import logging
import re
import unicodedata
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import jieba
import numpy as np
from scipy.sparse import csr_matrix

from classifier.errors import ModelError
from classifier.limits import MIB
from classifier.taxonomy import LABELS

NGRAMS = (1, 2, 3, 4)
NUMBER = re.compile(r"\d+(?:\.\d+)*")
SPACE = re.compile(r"\s+")
_MAX_BYTES = 512 * MIB

jieba.setLogLevel(logging.WARNING)


def features(record: tuple[str, str]) -> list[str]:
    """N-grams and words of a sentence, and the words of its context, as marked strings.

    Args:
        record: ``(text, context)`` with the context of :func:`classifier.context.context_text`.
    """
    text, context = (fold(part) for part in record)
    grams = [text[i : i + n] for n in NGRAMS for i in range(len(text) - n + 1)]
    words = [f"w:{word}" for word in words_of(text)]
    pairs = [f"{first}+{second[2:]}" for first, second in pairwise(words)]
    around = [f"x:{word}" for word in words_of(context.partition("|")[0])]
    return grams + words + pairs + around


def words_of(text: str) -> list[str]:
    """Words of a sentence in order, as jieba cuts them, without punctuation."""
    return [word for word in tokens_of(text) if any(char.isalnum() for char in word)]


@lru_cache(maxsize=1024)
def tokens_of(text: str) -> tuple[str, ...]:
    """A text as jieba cuts it; kept, since sentences share few sections."""
    return tuple(cutter().cut(text))


@cache
def cutter() -> jieba.Tokenizer:
    """jieba with the dictionary of its wheel.

    By itself jieba takes whatever stands under the name of its cache in the temporary folder,
    where anybody may write, and leaves one there.
    """
    made = jieba.Tokenizer()
    made.FREQ, made.total = made.gen_pfdict(made.get_dict_file())
    made.initialized = True
    return made


def fold(text: str) -> str:
    """The spelling that :func:`features` sees: every number is 0, no spaces, no variants."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return SPACE.sub("", NUMBER.sub("0", folded))


class LexicalScorer:
    """A linear model over :func:`features`.

    Attributes:
        vocabulary: feature strings, column order.
        idf: float32, one per feature.
        weights: float32 of shape (features, labels); ``bias`` one per label.
    """

    def __init__(
        self, vocabulary: Sequence[str], idf: np.ndarray, weights: np.ndarray, bias: np.ndarray
    ) -> None:
        self.vocabulary = list(vocabulary)
        self.idf = idf
        self.weights = weights
        self.bias = bias
        self._columns = {feature: column for column, feature in enumerate(self.vocabulary)}

    def logits(self, texts: Sequence[str], contexts: Sequence[str]) -> np.ndarray:
        """Decision values of shape (sentences, labels), float32."""
        if not len(texts):
            return np.zeros((0, len(LABELS)), np.float32)
        found = self.vectors(texts, contexts)
        return np.asarray(found @ self.weights + self.bias, np.float32)

    def contributions(self, text: str, context: str) -> dict[str, np.ndarray]:
        """What each feature of a sentence adds to its logits, (labels,); with ``bias`` all of it.

        Keys are those strings of :func:`features` that the vocabulary knows.
        """
        known = (
            column
            for name in features((text, context))
            if (column := self._columns.get(name)) is not None
        )
        times = Counter(known)
        columns = np.fromiter(times, np.int64, len(times))
        counts = np.fromiter(times.values(), np.float32, len(times))
        values = (1 + np.log(counts)) * self.idf[columns]
        values /= max(float(np.linalg.norm(values)), 1e-12)
        parts = values[:, None] * self.weights[columns]
        return {self.vocabulary[c]: part for c, part in zip(columns.tolist(), parts, strict=True)}

    def vectors(self, texts: Sequence[str], contexts: Sequence[str]) -> csr_matrix:
        """TF-IDF vectors of shape (sentences, features)."""
        records = list(zip(texts, contexts, strict=True))
        return tfidf(self._counts(records), self.idf)

    def _counts(self, records: Sequence[tuple[str, str]]) -> csr_matrix:
        """How often each known feature stands in each record."""
        column = self._columns.get
        rows = (
            [at for name in features(record) if (at := column(name)) is not None]
            for record in records
        )
        return counts_of(rows, len(self.vocabulary))

    def save(self, file: Path) -> None:
        """Write a compressed ``.npz`` of plain arrays (no pickle); weights are kept as float16."""
        np.savez_compressed(
            file,
            vocabulary=np.frombuffer("\n".join(self.vocabulary).encode(), np.uint8),
            idf=self.idf.astype(np.float16),
            weights=self.weights.astype(np.float16),
            bias=self.bias.astype(np.float32),
            labels=np.frombuffer("\n".join(LABELS).encode(), np.uint8),
        )

    @classmethod
    def load(cls, file: Path) -> LexicalScorer:
        """Read what :meth:`save` wrote.

        Raises:
            ModelError: the file is missing, damaged or made for other labels.
        """
        try:
            arrays = _arrays(file)
            if tuple(bytes(arrays["labels"]).decode().split("\n")) != LABELS:
                raise ModelError(f"{file}: was trained for other labels than this taxonomy's")
            vocabulary = bytes(arrays["vocabulary"]).decode().split("\n")
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
            raise ModelError(f"{file}: not a lexical model ({error})") from error
        idf, weights, bias = (arrays[key].astype(np.float32) for key in ("idf", "weights", "bias"))
        shapes = idf.shape, weights.shape, bias.shape
        features, labels = len(vocabulary), len(LABELS)
        if shapes != ((features,), (features, labels), (labels,)):
            raise ModelError(f"{file}: its arrays do not fit together {shapes}")
        return cls(vocabulary, idf, weights, bias)


def _arrays(file: Path) -> dict[str, np.ndarray]:
    """The arrays of the file; none is taken that needs pickle, or unpacks to a flood."""
    with ZipFile(file) as archive:
        if sum(item.file_size for item in archive.infolist()) > _MAX_BYTES:
            raise ValueError(f"unpacks to more than {_MAX_BYTES // MIB} MiB")
    with np.load(file, allow_pickle=False) as stored:
        return {key: stored[key] for key in ("vocabulary", "idf", "weights", "bias", "labels")}


def counts_of(rows: Iterable[Sequence[int]], width: int) -> csr_matrix:
    """How often each column is named in each row, float32."""
    columns, ends = array("i"), [0]
    for row in rows:
        columns.extend(row)
        ends.append(len(columns))
    ones = np.ones(len(columns), np.float32)
    found = csr_matrix((ones, np.frombuffer(columns, np.int32), ends), (len(ends) - 1, width))
    found.sum_duplicates()
    return found


def tfidf(counts: csr_matrix, idf: np.ndarray) -> csr_matrix:
    """Sublinear term frequency times ``idf``, rows scaled to unit length."""
    weighted = counts.astype(np.float32)
    weighted.data = (1 + np.log(weighted.data)) * idf[weighted.indices]
    row = np.repeat(np.arange(weighted.shape[0]), np.diff(weighted.indptr))
    lengths = np.sqrt(np.bincount(row, weights=weighted.data.astype(float) ** 2))
    weighted.data /= lengths[row].astype(np.float32)
    return weighted
