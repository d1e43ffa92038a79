"""Fine-tune the encoder: two questions and nineteen categories, all at once.

One sigmoid per label. The loss is binary cross-entropy; the two questions
weigh as much as all categories together, and positives of rare categories are
weighted up by the square root of their rarity.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sklearn.metrics import average_precision_score
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from classifier.encoder import pad, token_rows
from classifier.taxonomy import LABELS
from training.corpus import question_columns, targets

QUESTION_WEIGHT = (len(LABELS) - 2) / 2
MAX_POSITIVE_WEIGHT = 4.0
LAYER_DECAY = 0.93
HEAD_FACTOR = 5.0


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters; ``drop_context`` is the share of sentences shown without context."""

    epochs: float = 3
    learning_rate: float = 1.2e-4
    batch_size: int = 32
    warmup: float = 0.06
    weight_decay: float = 0.01
    drop_context: float = 0.2
    seed: int = 1
    checkpoint_steps: int = 150


class Collator:
    """Tokenises a batch of records, sometimes without their context."""

    def __init__(self, tokenizer: Any, drop_context: float, seed: int) -> None:
        self.tokenizer = tokenizer
        self.drop_context = drop_context
        self.random = np.random.default_rng(seed)

    def __call__(self, records: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        hidden = self.random.random(len(records)) < self.drop_context
        rows = token_rows(
            self.tokenizer.backend_tokenizer,
            [r["text"] for r in records],
            ["" if hide else r["context"] for r, hide in zip(records, hidden, strict=True)],
        )
        padded = pad(rows, self.tokenizer.pad_token_id)
        batch = {name: torch.from_numpy(array) for name, array in padded.items()}
        batch["labels"] = torch.from_numpy(targets([r["categories"] for r in records]))
        batch["weight"] = torch.tensor([r["weight"] for r in records])
        return batch


class LabelTrainer(Trainer):
    """A Trainer with our loss and layer-wise learning rates."""

    def __init__(self, *args: Any, positive_weight: torch.Tensor, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.positive_weight = positive_weight
        self.label_weight = torch.ones(len(LABELS))
        self.label_weight[question_columns()] = QUESTION_WEIGHT

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **_: Any
    ) -> Any:
        labels, weight = inputs.pop("labels"), inputs.pop("weight")
        outputs = model(**inputs)
        each = binary_cross_entropy_with_logits(
            outputs.logits.float(),
            labels,
            pos_weight=self.positive_weight.to(labels.device),
            reduction="none",
        )
        per_sentence = (each * self.label_weight.to(labels.device)).sum(1) / self.label_weight.sum()
        loss = (per_sentence * weight).sum() / weight.sum()
        inputs["labels"] = labels
        return (loss, outputs) if return_outputs else loss

    def create_optimizer(self, *_: Any, **__: Any) -> torch.optim.Optimizer:
        if self.optimizer is None:
            groups = parameter_groups(self.model, self.args.learning_rate, self.args.weight_decay)
            self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)
        return self.optimizer


def parameter_groups(model: Any, rate: float, weight_decay: float) -> list[dict[str, Any]]:
    """One group per parameter: lower layers learn more slowly, the fresh head faster."""
    layers = model.config.num_hidden_layers
    groups = []
    for name, parameter in model.named_parameters():
        depth = 0 if ".embeddings." in name else layers
        if ".layer." in name:
            depth = int(name.split(".layer.")[1].split(".")[0]) + 1
        factor = HEAD_FACTOR if name.startswith("classifier.") else LAYER_DECAY ** (layers - depth)
        decays = parameter.ndim > 1
        groups.append(
            {
                "params": [parameter],
                "lr": rate * factor,
                "weight_decay": weight_decay if decays else 0.0,
            }
        )
    return groups


def positive_weights(labels: np.ndarray) -> np.ndarray:
    """Square root of (negatives / positives), capped; 1 for the two questions."""
    positives = labels.sum(0).clip(1)
    weights = np.sqrt((len(labels) - positives) / positives).clip(1, MAX_POSITIVE_WEIGHT)
    weights[question_columns()] = 1
    return weights.astype(np.float32)


def finetune(base: str, train: Dataset, held_out: Dataset, out: Path, recipe: Recipe) -> Path:
    """Train and return the folder of the finished model, ``out / "final"``.

    A run that was stopped goes on from its last checkpoint when called again
    with the same ``out``.
    """
    set_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForSequenceClassification.from_pretrained(
        base,
        dtype=torch.float32,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
        problem_type="multi_label_classification",
        ignore_mismatched_sizes=True,
    )
    if getattr(model.config, "type_vocab_size", 0) < 2:
        raise ValueError(f"{base}: the encoder must tell two segments apart, as BERT does")
    arguments = TrainingArguments(
        output_dir=str(out),
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=64,
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        lr_scheduler_type="linear",
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        bf16=_has_fast_bf16(),
        use_cpu=not torch.cuda.is_available(),
        eval_strategy="epoch" if len(held_out) else "no",
        save_strategy="steps",
        save_steps=recipe.checkpoint_steps,
        save_total_limit=2,
        logging_steps=25,
        remove_unused_columns=False,
        label_names=["labels"],
        report_to=[],
        seed=recipe.seed,
    )
    trainer = LabelTrainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=held_out if len(held_out) else None,
        data_collator=Collator(tokenizer, recipe.drop_context, recipe.seed),
        compute_metrics=_average_precision,
        positive_weight=torch.from_numpy(positive_weights(targets(train["categories"]))),
    )
    last = get_last_checkpoint(str(out)) if out.is_dir() else None
    trainer.train(resume_from_checkpoint=last)
    final = out / "final"
    trainer.save_model(str(final))
    tokenizer.save_pretrained(str(final))
    (final / "recipe.json").write_text(json.dumps({"base": base, **asdict(recipe)}, indent=1))
    return final


def _average_precision(prediction: Any) -> dict[str, float]:
    logits, labels = prediction.predictions, prediction.label_ids
    return {
        LABELS[i]: float(average_precision_score(labels[:, i], logits[:, i]))
        for i in question_columns()
    }


def _has_fast_bf16() -> bool:
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return os.environ.get("TENDERLENS_BF16", "1") == "1" and torch.backends.mkldnn.is_available()
