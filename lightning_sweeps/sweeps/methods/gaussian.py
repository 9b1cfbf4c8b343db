"""A Gaussian process over points whose coordinates are numbers from 0 to 1 or categories.

Matérn 5/2 with a length for each dimension; two different categories are at distance 1. The lengths, the scale and the
noise are the most likely ones under priors; the prior of the lengths grows with the number of dimensions (Hvarfner,
Hellsten and Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions", 2024).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROOT5 = math.sqrt(5.0)
LENGTH_MEAN, LENGTH_SPREAD = 0.0, 1.0
SCALE_MEAN, SCALE_SPREAD = 0.0, 0.7
NOISE_MEAN, NOISE_SPREAD = math.log(1e-5), 2.0
NOISE_FLOOR = 1e-6
BOUNDS_LENGTH, BOUNDS_SCALE, BOUNDS_NOISE = (-4.0, 5.0), (-3.0, 4.0), (math.log(NOISE_FLOOR), 0.0)
MAX_ITERATIONS = 60


@dataclass(frozen=True, slots=True)
class Hyper:
    """`lengths` one a dimension, `scale` the variance of the values, `noise` that of one measurement.

    `loss`: minus the logarithm of likelihood times prior, up to a constant.
    """

    lengths: Array
    scale: float
    noise: float
    loss: float


class GaussianProcess:
    """Fitted to points and their values; says what to expect elsewhere.

    Args:
        points: one row a point.
        values: lower is better; mean about 0 and variance about 1.
        is_category: which columns are categories.
    """

    def __init__(self, points: Array, values: Array, is_category: Flags, hyper: Hyper | None = None) -> None:
        self.points, self.values = points, values
        self._is_category = is_category
        self.hyper = hyper or _most_likely(_distances(points, points, is_category), values)
        covariance = self._covariance(points)
        covariance[np.diag_indices_from(covariance)] += self.hyper.noise
        self._factor = cholesky(covariance, lower=True)
        self._weights = cho_solve((self._factor, True), values)

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of the function, without noise, at each point."""
        across = self._covariance(points)
        mean = across @ self._weights
        part = solve_triangular(self._factor, across.T, lower=True)
        variance = self.hyper.scale - (part**2).sum(0)
        return mean, np.sqrt(np.maximum(variance, 1e-12))

    def with_expected(self, points: Array) -> GaussianProcess:
        """Return the process as it would be if these points gave what is expected: known there, else the same."""
        mean, _ = self.predict(points)
        return GaussianProcess(
            np.vstack([self.points, points]), np.concatenate([self.values, mean]), self._is_category, self.hyper
        )

    def _covariance(self, points: Array) -> Array:
        distances = _distances(points, self.points, self._is_category)
        squared = np.tensordot(self.hyper.lengths**-2, distances, axes=1)
        return np.asarray(self.hyper.scale * _matern(squared)[0])


def _distances(left: Array, right: Array, is_category: Flags) -> Array:
    """Return for each dimension the squared distances between the points of `left` and `right`."""
    difference = left.T[:, :, None] - right.T[:, None, :]
    return np.asarray(np.where(is_category[:, None, None], difference != 0, difference**2), dtype=float)


def _matern(squared: Array) -> tuple[Array, Array]:
    """Return the covariance at squared distances, and its derivative by them."""
    distance = ROOT5 * np.sqrt(squared)
    decay = np.exp(-distance)
    return (1 + distance + distance**2 / 3) * decay, -5 / 6 * (1 + distance) * decay


def _most_likely(distances: Array, values: Array) -> Hyper:
    dimensions = len(distances)
    length_mean = LENGTH_MEAN + 0.5 * math.log(max(dimensions, 1)) - 0.5
    means = np.array([*[length_mean] * dimensions, SCALE_MEAN, NOISE_MEAN])
    spreads = np.array([*[LENGTH_SPREAD] * dimensions, SCALE_SPREAD, NOISE_SPREAD])
    bounds = [BOUNDS_LENGTH] * dimensions + [BOUNDS_SCALE, BOUNDS_NOISE]
    short = means.copy()
    short[:dimensions] -= 1.0
    found = [
        minimize(
            _loss,
            start,
            args=(distances, values, means, spreads),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": MAX_ITERATIONS},
        )
        for start in (means, short)
    ]
    result = min(found, key=lambda result: float(result.fun))
    best = result.x
    return Hyper(np.exp(best[:dimensions]), math.exp(best[-2]), math.exp(best[-1]), float(result.fun))


def _loss(logs: Array, distances: Array, values: Array, means: Array, spreads: Array) -> tuple[float, Array]:
    """Return minus the logarithm of likelihood times prior, and its gradient."""
    inverse = np.exp(-2 * logs[:-2])
    scale, noise = math.exp(logs[-2]), math.exp(logs[-1])
    kernel, slope = _matern(np.tensordot(inverse, distances, axes=1))
    covariance = scale * kernel
    covariance[np.diag_indices_from(covariance)] += noise
    factor = cholesky(covariance, lower=True)
    weights = cho_solve((factor, True), values)
    pull = np.outer(weights, weights) - cho_solve((factor, True), np.eye(len(values)))
    by_length = -np.tensordot(distances, pull * slope, axes=2) * scale * -inverse
    off = (logs - means) / spreads
    loss = 0.5 * values @ weights + np.log(np.diag(factor)).sum() + 0.5 * (off**2).sum()
    gradient = np.array([*by_length, -0.5 * scale * (pull * kernel).sum(), -0.5 * noise * np.trace(pull)])
    return float(loss), gradient + off / spreads
