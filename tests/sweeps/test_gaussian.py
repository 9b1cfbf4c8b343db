"""The algebra of the Gaussian process equals numpy's and scipy's, and its gradient is that of its loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import LinAlgError
from scipy.optimize import approx_fprime
from scipy.stats import yeojohnson, yeojohnson_normmax

from lightning_sweeps.sweeps.methods import gaussian, output_warping
from lightning_sweeps.sweeps.methods.gaussian import Array, GaussianHyperparameters, GaussianProcess
from lightning_sweeps.sweeps.methods.positive_definite import factorize, inverse, solve, solve_lower


def positive_definite(size: int, seed: int) -> Array:
    half = np.random.default_rng(seed).normal(size=(size, size))
    return np.asarray(half @ half.T + size * np.eye(size))


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_solutions_and_inverses_are_those_of_numpy(size: int, seed: int) -> None:
    matrix, right = positive_definite(size, seed), np.random.default_rng(seed + 1).normal(size=(size, 3))
    factor = factorize(matrix)
    assert np.allclose(factor, np.linalg.cholesky(matrix))
    assert np.allclose(solve(factor, right[:, 0]), np.linalg.solve(matrix, right[:, 0]))
    assert np.allclose(solve_lower(factor, right), np.linalg.solve(factor, right))
    assert np.allclose(inverse(factor), np.linalg.inv(matrix))


def test_a_matrix_that_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(LinAlgError, match="not positive definite"):
        factorize(np.array([[1.0, 2.0], [2.0, 1.0]]))


@pytest.fixture
def points() -> Array:
    """Return points (12, 3) whose last column is a category."""
    rng = np.random.default_rng(0)
    return np.column_stack([rng.random((12, 2)), rng.integers(3, size=12)])


IS_CATEGORY = np.array([False, False, True])


def test_the_gradient_of_the_loss_is_its_slope(points: Array) -> None:
    values = np.random.default_rng(1).normal(size=12)
    distances = gaussian._squared_distances(points, points, IS_CATEGORY)
    means, deviations = np.zeros(5), np.ones(5)
    logs = np.array([-0.3, 0.2, 0.1, 0.4, -2.0])

    def loss(at: Array) -> float:
        return gaussian._loss(at, distances, values, means, deviations)[0]

    _, slope = gaussian._loss(logs, distances, values, means, deviations)
    assert np.allclose(slope, approx_fprime(logs, loss, 1e-7), rtol=1e-4, atol=1e-5)


def test_a_prediction_is_the_posterior_of_the_textbook(points: Array) -> None:
    values = np.random.default_rng(2).normal(size=12)
    hyper = GaussianHyperparameters(np.array([0.5, 0.8, 1.3]), 1.7, 0.01, 0.0)
    asked = np.array([[0.1, 0.9, 0.0], [0.5, 0.5, 2.0], points[3]])

    def kernel(left: Array, right: Array) -> Array:
        squared = gaussian._squared_distances(left, right, IS_CATEGORY)
        distance = np.sqrt(5 * (squared / hyper.lengths[:, None, None] ** 2).sum(0))
        return np.asarray(hyper.scale * (1 + distance + distance**2 / 3) * np.exp(-distance))

    noisy = kernel(points, points) + hyper.noise * np.eye(12)
    across = kernel(asked, points)
    mean, deviation = GaussianProcess(points, values, IS_CATEGORY, hyper).predict(asked)
    assert np.allclose(mean, across @ np.linalg.solve(noisy, values))
    assert np.allclose(deviation**2, hyper.scale - (across * np.linalg.solve(noisy, across.T).T).sum(1))


@given(st.lists(st.floats(-50, 50), min_size=4, max_size=40), st.floats(-2, 1))
def test_the_power_transform_is_that_of_scipy(given_values: list[float], shape: float) -> None:
    values = np.array(given_values)
    assert np.allclose(output_warping._yeo_johnson(values, shape), yeojohnson(values, lmbda=shape))


@pytest.mark.parametrize("seed", range(6))
def test_the_likeliest_shape_is_that_of_scipy(seed: int) -> None:
    values = np.random.default_rng(seed).lognormal(size=30)
    expected = np.clip(yeojohnson_normmax(values), output_warping.MIN_SHAPE, output_warping.IDENTITY_SHAPE)
    assert output_warping._likeliest_shape(values) == pytest.approx(expected, abs=1e-3)
