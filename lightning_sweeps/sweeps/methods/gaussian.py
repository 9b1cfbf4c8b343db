"""Gaussian process regression over points with coordinates from 0 to 1 and categories.

The kernel is Matérn 5/2 with one length scale a dimension; two different categories are at distance 1. Length scales,
output scale and noise maximize the posterior density under log-normal priors. The prior of the length scales grows with
the number of dimensions: Hvarfner, Hellsten and Nardi, "Vanilla Bayesian Optimization Performs Great in High
Dimensions" (2024). Equation numbers are those of Rasmussen and Williams, "Gaussian Processes for Machine Learning"
(2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from lightning_sweeps.sweeps.methods.positive_definite import factorize, inverse, solve, solve_lower

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROOT5 = math.sqrt(5.0)

LENGTH_MEAN, LENGTH_DEVIATION = 0.0, 1.0
SCALE_MEAN, SCALE_DEVIATION = 0.0, 0.7
NOISE_MEAN, NOISE_DEVIATION = math.log(1e-5), 2.0
"""Mean and standard deviation of the logarithm of each hyperparameter under its prior."""

NOISE_FLOOR = 1e-6
LENGTH_BOUNDS, SCALE_BOUNDS, NOISE_BOUNDS = (-4.0, 5.0), (-3.0, 4.0), (math.log(NOISE_FLOOR), 0.0)
"""Bounds of the logarithm of each hyperparameter."""

MAX_ITERATIONS = 60


@dataclass(frozen=True, slots=True)
class GaussianHyperparameters:
    """Fitted hyperparameters of the process.

    Attributes:
        lengths: length scale of each dimension: (n_dims,).
        scale: variance of the function.
        noise: variance of one measurement.
        loss: minus the logarithm of likelihood times prior, up to a constant.
    """

    lengths: Array
    scale: float
    noise: float
    loss: float


class GaussianProcess:
    """A Gaussian process that is fitted to points and values.

    Args:
        points: (n, n_dims).
        values: lower is better; mean about 0 and variance about 1: (n,).
        is_category: which columns are categories: (n_dims,).
        hyper: hyperparameters to use; None: fit them.
    """

    def __init__(
        self, points: Array, values: Array, is_category: Flags, hyper: GaussianHyperparameters | None = None
    ) -> None:
        self.points, self.values = points, values
        self._is_category = is_category
        self.hyper = hyper or _fit(_squared_distances(points, points, is_category), values)
        covariance = self._covariance(points)
        covariance[np.diag_indices_from(covariance)] += self.hyper.noise
        self._factor = factorize(covariance)  # L with L L^T = K + noise I: (n, n)
        self._weights = solve(self._factor, values)  # (K + noise I)^-1 y: (n,)

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Return the posterior mean and standard deviation of the function, without noise (equations 2.25, 2.26).

        Args:
            points: (m, n_dims).

        Returns:
            Mean (m,) and standard deviation (m,).
        """
        across = self._covariance(points)  # across: (m, n)
        mean = across @ self._weights
        part = solve_lower(self._factor, across.T)  # part: (n, m)
        variance = self.hyper.scale - (part**2).sum(0)
        return mean, np.sqrt(np.maximum(variance, 1e-12))

    def with_expected(self, points: Array) -> GaussianProcess:
        """Return the process after adding these points (m, n_dims) with their predicted mean as value.

        This is the "kriging believer" of Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to parallelize
        optimization" (2010).
        """
        mean, _ = self.predict(points)
        return GaussianProcess(
            np.vstack([self.points, points]), np.concatenate([self.values, mean]), self._is_category, self.hyper
        )

    def _covariance(self, points: Array) -> Array:
        """Return the covariance of `points` (m, n_dims) with the fitted points: (m, n)."""
        lengths, is_real = self.hyper.lengths, ~self._is_category
        left, right = points[:, is_real] / lengths[is_real], self.points[:, is_real] / lengths[is_real]
        scaled: Array = cdist(left, right, "sqeuclidean")  # scaled: (m, n)
        for column in np.flatnonzero(self._is_category):
            scaled += (points[:, column, None] != self.points[:, column]) / lengths[column] ** 2
        return np.asarray(self.hyper.scale * _matern(scaled)[0])


def _squared_distances(left: Array, right: Array, is_category: Flags) -> Array:
    """Return the squared distances along each dimension.

    Args:
        left: (n, n_dims).
        right: (m, n_dims).
        is_category: which dimensions are categories: (n_dims,).

    Returns:
        (n_dims, n, m).
    """
    squared: Array = (left.T[:, :, None] - right.T[:, None, :]) ** 2  # squared: (n_dims, n, m)
    squared[is_category] = squared[is_category] != 0
    return squared


def _weighted(distances: Array, weights: Array) -> Array:
    """Return the sum (n, m) of `distances` (n_dims, n, m) with one weight a dimension (n_dims,)."""
    return np.asarray((weights @ distances.reshape(len(weights), -1)).reshape(distances.shape[1:]))


def _matern(squared: Array) -> tuple[Array, Array]:
    """Return the Matérn 5/2 kernel (equation 4.17) at squared scaled distances, and its derivative."""
    distance = ROOT5 * np.sqrt(squared)
    decay = np.exp(-distance)
    return (1 + distance + distance**2 / 3) * decay, -5 / 6 * (1 + distance) * decay


def _fit(distances: Array, values: Array) -> GaussianHyperparameters:
    """Return the hyperparameters of maximum posterior density.

    Args:
        distances: squared distances along each dimension: (n_dims, n, n).
        values: (n,).
    """
    n_dims = len(distances)
    length_mean = LENGTH_MEAN + 0.5 * math.log(max(n_dims, 1)) - 0.5
    means = np.array([*[length_mean] * n_dims, SCALE_MEAN, NOISE_MEAN])  # means: (n_dims + 2,)
    deviations = np.array([*[LENGTH_DEVIATION] * n_dims, SCALE_DEVIATION, NOISE_DEVIATION])
    bounds = [LENGTH_BOUNDS] * n_dims + [SCALE_BOUNDS, NOISE_BOUNDS]
    short = means.copy()
    short[:n_dims] -= 1.0  # a second start with shorter length scales: the posterior may have several maxima
    found = [
        minimize(
            _loss,
            start,
            args=(distances, values, means, deviations),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": MAX_ITERATIONS},
        )
        for start in (means, short)
    ]
    result = min(found, key=lambda result: float(result.fun))
    best = result.x
    return GaussianHyperparameters(np.exp(best[:n_dims]), math.exp(best[-2]), math.exp(best[-1]), float(result.fun))


def _loss(logs: Array, distances: Array, values: Array, means: Array, deviations: Array) -> tuple[float, Array]:
    """Return minus the logarithm of likelihood times prior, and its gradient (equations 5.8 and 5.9).

    Args:
        logs: logarithms of the length scales, the output scale and the noise: (n_dims + 2,).
        distances: squared distances along each dimension: (n_dims, n, n).
        values: (n,).
        means: prior means of `logs`: (n_dims + 2,).
        deviations: prior standard deviations of `logs`: (n_dims + 2,).
    """
    weights = np.exp(-2 * logs[:-2])
    scale, noise = math.exp(logs[-2]), math.exp(logs[-1])
    kernel, slope = _matern(_weighted(distances, weights))  # kernel, slope: (n, n)
    covariance = scale * kernel
    covariance[np.diag_indices_from(covariance)] += noise
    factor = factorize(covariance)
    alpha = solve(factor, values)  # alpha of equation 5.9: (n,)
    pull = np.outer(alpha, alpha) - inverse(factor)  # alpha alpha^T - K^-1: (n, n)
    by_length = distances.reshape(len(weights), -1) @ (pull * slope).ravel() * scale * weights
    off = (logs - means) / deviations
    loss = 0.5 * values @ alpha + np.log(np.diag(factor)).sum() + 0.5 * (off**2).sum()
    gradient = np.array([*by_length, -0.5 * scale * (pull * kernel).sum(), -0.5 * noise * np.trace(pull)])
    return float(loss), gradient + off / deviations
