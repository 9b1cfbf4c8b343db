"""Loads the digits that scikit-learn contains: 1,797 images of 8 x 8 pixels, without a download."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch.utils.data import TensorDataset

PIXELS = 64
CLASSES = 10
VALIDATION_SIZE = 360
BRIGHTEST = 16.0


def load(seed: int = 0) -> tuple[TensorDataset, TensorDataset]:
    """Return 1,437 images for training and 360 for validation, split in the same way on every rank."""
    images, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    inputs = torch.tensor(images, dtype=torch.float32)[order] / BRIGHTEST
    targets = torch.tensor(labels, dtype=torch.long)[order]
    return (
        TensorDataset(inputs[VALIDATION_SIZE:], targets[VALIDATION_SIZE:]),
        TensorDataset(inputs[:VALIDATION_SIZE], targets[:VALIDATION_SIZE]),
    )
