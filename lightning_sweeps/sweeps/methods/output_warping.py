"""Objective values as a Gaussian process likes them: near normal, and a diverged trial not too far off.

Yeo and Johnson's monotone power transform (Biometrika 87, 2000), after scaling with the median and the best value. Its
shape is the most likely one under normality, but never one that would squeeze the good end together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import yeojohnson, yeojohnson_normmax

Array = NDArray[np.float64]

FEWEST = 4
"""With fewer values there is no shape to find."""

LOWEST_SHAPE, PLAIN = -2.0, 1.0
"""Shape 1 changes nothing; lower ones draw the bad end in and the good end out."""

FURTHEST = 1e4
"""Where values are cut, in distances from the best to the median: beyond it there is nothing to learn."""


@dataclass(frozen=True, slots=True)
class Warped:
    """Values with mean 0 and variance 1, lower still better; `cost` makes likelihoods of two shapes comparable."""

    values: Array
    cost: float


def warpings(values: Array) -> Iterator[Warped]:
    """Yield the values as they are, and in their most likely shape where that is another."""
    middle, best = float(np.median(values)), float(values.min())
    scale = middle - best or float(values.max()) - best or 1.0
    scaled = np.clip((values - middle) / scale, -FURTHEST, FURTHEST)
    yield _standard(scaled, PLAIN)
    if len(values) >= FEWEST and np.ptp(scaled) > 0:
        shape = float(np.clip(yeojohnson_normmax(scaled), LOWEST_SHAPE, PLAIN))
        if shape < PLAIN:
            yield _standard(scaled, shape)


def _standard(scaled: Array, shape: float) -> Warped:
    warped = scaled if shape == PLAIN else yeojohnson(scaled, lmbda=shape)
    centred = warped - warped.mean()
    spread = float(centred.std()) or 1.0
    slope = (shape - 1) * float((np.sign(scaled) * np.log1p(np.abs(scaled))).sum())
    return Warped(np.asarray(centred / spread), len(scaled) * float(np.log(spread)) - slope)
