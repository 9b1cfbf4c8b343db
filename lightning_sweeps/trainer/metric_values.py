"""Converts metrics (torchmetrics objects, tensors per class, confusion matrices) to numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

MAX_CLASSES = 1024
PLAIN_TYPES = frozenset({int, float, bool, str})


@dataclass(frozen=True, slots=True)
class ExpandedMetrics:
    """The result of `expand`.

    Attributes:
        row: names to numbers, text or nested maps.
        matrices: names to matrices, which are logged as confusion matrices.
    """

    row: dict[str, Any]
    matrices: dict[str, Any] = field(default_factory=dict)


def is_plain(metrics: Mapping[str, Any]) -> bool:
    """Return whether all values are numbers or text. This holds for nearly every row from `self.log`."""
    return all(type(value) in PLAIN_TYPES for value in metrics.values())


def expand(metrics: Mapping[str, Any]) -> ExpandedMetrics:
    """Compute torchmetrics objects, and split vectors and matrices from numbers.

    A vector of shape (classes,) becomes one number per class. A matrix of shape (classes, classes) is returned
    separately. Computing a metric is a collective if its state is spread over several ranks, so all of these ranks must
    log it.
    """
    expanded = ExpandedMetrics({})
    for name, value in metrics.items():
        _add(expanded, str(name), value.compute() if callable(getattr(value, "compute", None)) else value)
    return expanded


def _add(expanded: ExpandedMetrics, name: str, value: Any) -> None:
    if isinstance(value, Mapping):  # a MetricCollection returns one, and metrics may be nested
        inner = expand(value)
        expanded.row[name] = inner.row
        expanded.matrices.update({f"{name}.{key}": matrix for key, matrix in inner.matrices.items()})
    elif isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 1 and 1 < len(value) <= MAX_CLASSES:
        items = value if getattr(value, "is_cuda", False) else value.tolist()  # `tolist` would wait for the GPU
        expanded.row[name] = {str(index): item for index, item in enumerate(items)}
    elif isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 2 and value.shape[0] > 1:
        expanded.matrices[name] = value
    else:
        expanded.row[name] = value
