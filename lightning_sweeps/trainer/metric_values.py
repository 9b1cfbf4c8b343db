"""Metrics as people hand them over (torchmetrics objects, tensors per class, confusion matrices) made numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

MAX_CLASSES = 1024
PLAIN = frozenset({int, float, bool, str})


@dataclass(frozen=True, slots=True)
class Expanded:
    """A row of numbers, and what is a matrix beside it."""

    row: dict[str, Any]
    matrices: dict[str, Any] = field(default_factory=dict)


def is_plain(metrics: Mapping[str, Any]) -> bool:
    """Whether all values are numbers or text already, as from `self.log`: what nearly every row is."""
    return all(type(value) in PLAIN for value in metrics.values())


def expand(metrics: Mapping[str, Any]) -> Expanded:
    """Compute what is a torchmetrics object; a vector becomes one number a class, a matrix is set aside.

    Computing is a collective where the metric's state lies on several ranks: all of them must log it.
    """
    expanded = Expanded({})
    for name, value in metrics.items():
        _add(expanded, str(name), value.compute() if callable(getattr(value, "compute", None)) else value)
    return expanded


def _add(expanded: Expanded, name: str, value: Any) -> None:
    if isinstance(value, Mapping):  # a MetricCollection's, or nested metrics
        inner = expand(value)
        expanded.row[name] = inner.row
        expanded.matrices.update({f"{name}.{key}": matrix for key, matrix in inner.matrices.items()})
    elif isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 1 and 1 < len(value) <= MAX_CLASSES:
        expanded.row[name] = {str(index): item for index, item in enumerate(value.tolist())}
    elif isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 2 and value.shape[0] > 1:
        expanded.matrices[name] = value
    else:
        expanded.row[name] = value
