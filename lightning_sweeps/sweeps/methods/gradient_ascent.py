"""The last steps to a maximum along the real coordinates: by the slope, with whole numbers and categories held."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]

STEP = 1e-5
"""How far apart the points lie from whose scores a slope is taken."""

MAX_ITERATIONS = 40


def climb(score: Callable[[Array], Array], row: Array, is_free: NDArray[np.bool_]) -> tuple[Array, float]:
    """Return a point near `row` with a score that is no lower, and that score; `is_free` columns move from 0 to 1.

    All points of one slope are scored together: a prediction for twenty costs little more than one for one.
    """
    columns = np.flatnonzero(is_free)

    def descent(free: Array) -> tuple[float, Array]:
        points = np.repeat(row[None], 1 + 2 * len(columns), axis=0)
        points[:, columns] = free
        above, below = np.minimum(free + STEP, 1), np.maximum(free - STEP, 0)
        points[1 + 2 * np.arange(len(columns)), columns] = above
        points[2 + 2 * np.arange(len(columns)), columns] = below
        scores = score(points)
        return -float(scores[0]), np.nan_to_num(-(scores[1::2] - scores[2::2]) / (above - below))

    found = minimize(
        descent,
        row[columns],
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, 1)] * len(columns),
        options={"maxiter": MAX_ITERATIONS},
    )
    higher = row.copy()
    higher[columns] = found.x
    return higher, -float(found.fun)
