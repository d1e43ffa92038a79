"""Fine-tune the encoder: two questions and nineteen categories, all at once.

One sigmoid per label. The two questions weigh as much as all categories
together, and positives of rare categories are weighted up by the square root
of their rarity. ``training/ablate.py`` measures what each part of the recipe
is worth.
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
from training.losses import LOSSES, consistency
from training.targets import question_columns, targets

MAX_POSITIVE_WEIGHT = 4.0
HEAD_FACTOR = 5.0


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters.

    Attributes:
        warmup: share of the steps.
        drop_context: share of the sentences that are shown without context.
        layers: how many of the base's layers are kept, the first ones; 0 keeps all.
        layer_decay: factor of the learning rate from one layer to the one below.
        loss: a name of :data:`training.losses.LOSSES`.
        category_weight: of all categories together, against 1 for the two questions.
        consistency: weight of R-Drop, which doubles the cost of a step; 0 leaves it out.
        dropout: of hidden states and attention, while training only.
    """

    epochs: float = 3
    learning_rate: float = 1.2e-4
    batch_size: int = 32
    warmup: float = 0.06
    weight_decay: float = 0.01
    drop_context: float = 0.2
    layers: int = 0
    layer_decay: float = 0.93
    loss: str = "cross_entropy"
    category_weight: float = 1.0
    consistency: float = 0.0
    dropout: float = 0.1
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

    def __init__(
        self, *args: Any, recipe: Recipe, positive_weight: torch.Tensor, **rest: Any
    ) -> None:
        super().__init__(*args, **rest)
        self.recipe = recipe
        self.positive_weight = positive_weight
        self.label_weight = label_weights(recipe.category_weight)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **_: Any
    ) -> Any:
        labels, weight = inputs.pop("labels"), inputs.pop("weight")
        outputs = model(**inputs)
        each = self._loss(outputs.logits, labels)
        if self.recipe.consistency and model.training:
            again = model(**inputs).logits
            each = (each + self._loss(again, labels)) / 2
            each = each + self.recipe.consistency * consistency(
                outputs.logits.float(), again.float()
            )
        label_weight = self.label_weight.to(labels.device)
        per_sentence = (each * label_weight).sum(1) / label_weight.sum()
        loss = (per_sentence * weight).sum() / weight.sum()
        inputs["labels"] = labels
        return (loss, outputs) if return_outputs else loss

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return LOSSES[self.recipe.loss](
            logits.float(), labels, self.positive_weight.to(labels.device)
        )

    def create_optimizer(self, *_: Any, **__: Any) -> torch.optim.Optimizer:
        if self.optimizer is None:
            groups = parameter_groups(self.model, self.recipe)
            self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)
        return self.optimizer


def label_weights(categories: float) -> torch.Tensor:
    """Weights of the labels: the questions together 1, the categories together ``categories``."""
    weights = torch.full((len(LABELS),), categories / (len(LABELS) - len(question_columns())))
    weights[question_columns()] = 1 / len(question_columns())
    return weights


def parameter_groups(model: Any, recipe: Recipe) -> list[dict[str, Any]]:
    """One group per parameter: lower layers learn more slowly, the fresh head faster."""
    layers = model.config.num_hidden_layers
    groups = []
    for name, parameter in model.named_parameters():
        depth = 0 if ".embeddings." in name else layers
        if ".layer." in name:
            depth = int(name.split(".layer.")[1].split(".")[0]) + 1
        is_head = name.startswith("classifier.")
        factor = HEAD_FACTOR if is_head else recipe.layer_decay ** (layers - depth)
        decays = parameter.ndim > 1
        groups.append(
            {
                "params": [parameter],
                "lr": recipe.learning_rate * factor,
                "weight_decay": recipe.weight_decay if decays else 0.0,
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
        **({"num_hidden_layers": recipe.layers} if recipe.layers else {}),
        hidden_dropout_prob=recipe.dropout,
        attention_probs_dropout_prob=recipe.dropout,
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
        recipe=recipe,
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
