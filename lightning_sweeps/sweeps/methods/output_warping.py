"""Transforms objectives so that a Gaussian process fits them: close to normal, with diverged trials not too far away.

The power transform of Yeo and Johnson, "A new family of power transformations to improve normality or symmetry"
(Biometrika 87, 2000), after scaling by the median and the best value. The shape has the maximum likelihood under
normality among the shapes that do not compress the good end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import boxcox1p

Array = NDArray[np.float64]

MIN_VALUES = 4
"""Number of values that estimating a shape needs."""

MIN_SHAPE, IDENTITY_SHAPE = -2.0, 1.0
"""Shape 1 is the identity. Lower shapes compress the bad end and stretch the good end."""

SHAPE_TOLERANCE = 1e-3
"""A shape this close to the identity is the identity: the search for it stops short of its bounds."""

MAX_DISTANCE = 1e4
"""Scaled values are clipped to this distance from the median; one is the distance from the median to the best."""


@dataclass(frozen=True, slots=True)
class WarpedValues:
    """Transformed values.

    Attributes:
        values: mean 0, variance 1, lower is better: (n,).
        cost: minus the log of the transform's Jacobian. Adding it to a model's negative log likelihood makes the
            likelihoods under two transforms comparable.
        transform: how the values were transformed.
    """

    values: Array
    cost: float
    transform: Transform


@dataclass(frozen=True, slots=True)
class Transform:
    """A transform of objectives: scaled by median and best value, Yeo-Johnson, then standardized.

    Attributes:
        middle: the median.
        scale: the distance from the median to the best value.
        shape: lambda of Yeo-Johnson.
        mean: mean of the transformed values before they were standardized.
        deviation: their standard deviation.
    """

    middle: float
    scale: float
    shape: float
    mean: float
    deviation: float

    def inverse(self, values: Array) -> Array:
        """Return the objectives (n,) of transformed values (n,). Those beyond the transform's range are infinite."""
        warped = values * self.deviation + self.mean
        if self.shape == IDENTITY_SHAPE:
            return np.asarray(warped * self.scale + self.middle)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            if self.shape == 0:
                high = np.expm1(np.maximum(warped, 0))
            else:
                base = 1 + self.shape * np.maximum(warped, 0)
                high = np.where(base > 0, np.maximum(base, 0) ** (1 / self.shape) - 1, np.inf)
            low = 1 - (1 - (2 - self.shape) * np.minimum(warped, 0)) ** (1 / (2 - self.shape))
        return np.asarray(np.where(warped >= 0, high, low) * self.scale + self.middle)


def candidate_warpings(values: Array) -> Iterator[WarpedValues]:
    """Yield the standardized values, and their most likely power transform if that is not the identity.

    Args:
        values: objectives, lower is better: (n,).
    """
    middle, best = float(np.median(values)), float(values.min())
    scale = middle - best or float(values.max()) - best or 1.0
    scaled = np.clip((values - middle) / scale, -MAX_DISTANCE, MAX_DISTANCE)
    yield _standardized(scaled, IDENTITY_SHAPE, middle, scale)
    if len(values) >= MIN_VALUES and np.ptp(scaled) > 0:
        shape = _likeliest_shape(scaled)
        if shape < IDENTITY_SHAPE - SHAPE_TOLERANCE:
            yield _standardized(scaled, shape, middle, scale)


def _likeliest_shape(scaled: Array) -> float:
    """Return the shape under which `scaled` (n,) is most likely to be normal."""
    found = minimize_scalar(
        lambda shape: _standardized(scaled, shape, 0.0, 1.0).cost, bounds=(MIN_SHAPE, IDENTITY_SHAPE), method="bounded"
    )
    return float(found.x)


def _yeo_johnson(values: Array, shape: float) -> Array:
    """Return the power transform of `values`: (n,)."""
    return np.asarray(np.where(values >= 0, boxcox1p(np.abs(values), shape), -boxcox1p(np.abs(values), 2 - shape)))


def _standardized(scaled: Array, shape: float, middle: float, scale: float) -> WarpedValues:
    """Return the transform of `scaled` (n,) with this shape, with mean 0 and variance 1."""
    warped = scaled if shape == IDENTITY_SHAPE else _yeo_johnson(scaled, shape)
    mean = float(warped.mean())
    centred = warped - mean
    deviation = float(centred.std()) or 1.0
    # The log Jacobian of Yeo-Johnson is (shape - 1) * sum(sign(y) * log(1 + |y|)), section 3 of the paper.
    log_jacobian = (shape - 1) * float((np.sign(scaled) * np.log1p(np.abs(scaled))).sum())
    cost = len(scaled) * float(np.log(deviation)) - log_jacobian
    return WarpedValues(np.asarray(centred / deviation), cost, Transform(middle, scale, shape, mean, deviation))
