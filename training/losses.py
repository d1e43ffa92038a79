"""Losses over sigmoid outputs, one value per sentence and label."""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

# Ridnik et al. 2021, the values of their paper for multi-label data.
FOCUS_NEGATIVE, MARGIN = 4.0, 0.05


def cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor, positive_weight: torch.Tensor
) -> torch.Tensor:
    """Binary cross-entropy, (sentences, labels); ``positive_weight`` holds one per label."""
    return binary_cross_entropy_with_logits(
        logits, labels, pos_weight=positive_weight, reduction="none"
    )


def asymmetric(
    logits: torch.Tensor, labels: torch.Tensor, positive_weight: torch.Tensor
) -> torch.Tensor:
    """Asymmetric loss (Ridnik et al. 2021): easy negatives count little, very easy ones nothing."""
    shifted = (torch.sigmoid(logits) - MARGIN).clamp(min=0)
    negative = -torch.log((1 - shifted).clamp(min=1e-8)) * shifted**FOCUS_NEGATIVE
    return -labels * positive_weight * logsigmoid(logits) + (1 - labels) * negative


def consistency(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Symmetric Kullback-Leibler divergence of two passes under dropout (R-Drop, Wu et al. 2021).

    Shape (sentences, labels); each label is a Bernoulli variable of its own.
    """
    p, q = torch.sigmoid(one), torch.sigmoid(other)
    return (p - q) * (one - other) / 2


LOSSES = {"cross_entropy": cross_entropy, "asymmetric": asymmetric}
