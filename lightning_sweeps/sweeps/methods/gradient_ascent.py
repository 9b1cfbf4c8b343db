"""Gradient ascent along the real coordinates of a point; its integers and categories stay fixed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]

STEP = 1e-5
"""Half the distance between the two points of a central difference."""

MAX_ITERATIONS = 40


def ascend(score: Callable[[Array], Array], row: Array, is_free: NDArray[np.bool_]) -> tuple[Array, float]:
    """Return a point near `row` with a score that is no lower, and that score.

    L-BFGS-B with central differences. All points of one gradient are scored in one call: a prediction for twenty points
    costs little more than for one.

    Args:
        score: maps points (n, n_dims) to scores (n,).
        row: the start: (n_dims,).
        is_free: columns that may move within 0 to 1: (n_dims,).

    Returns:
        The point (n_dims,) and its score.
    """
    columns = np.flatnonzero(is_free)

    def loss_and_gradient(free: Array) -> tuple[float, Array]:
        points = np.repeat(row[None], 1 + 2 * len(columns), axis=0)  # points: (1 + 2 * n_free, n_dims)
        points[:, columns] = free
        above, below = np.minimum(free + STEP, 1), np.maximum(free - STEP, 0)
        points[1 + 2 * np.arange(len(columns)), columns] = above
        points[2 + 2 * np.arange(len(columns)), columns] = below
        scores = score(points)
        return -float(scores[0]), np.nan_to_num(-(scores[1::2] - scores[2::2]) / (above - below))

    found = minimize(
        loss_and_gradient,
        row[columns],
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, 1)] * len(columns),
        options={"maxiter": MAX_ITERATIONS},
    )
    higher = row.copy()
    higher[columns] = found.x
    return higher, -float(found.fun)
