"""Values that W&B's sweep engine gives, from its documentation and schema: laws, orders of grids, and what is accepted.

docs/sweep-file.md lists the deliberate differences.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lightning_sweeps.errors import SweepFileError
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.distributions import form_of
from lightning_sweeps.sweeps.methods import METHODS, Observation
from lightning_sweeps.sweeps.space import Space

DRAWS = 4000
CRITICAL = 1.95 / math.sqrt(DRAWS)
"""Kolmogorov-Smirnov distance that draws from the right distribution exceed once in a thousand times."""

Quantile = Callable[[Any], Any]


def space_of(parameters: dict[str, Any]) -> Space:
    return Space.of(validate({"method": "random", "parameters": parameters}).config.parameters)


def draws(leaf: dict[str, Any]) -> np.ndarray[Any, Any]:
    dimension, rng = space_of({"x": leaf}).dimensions[0], Random(11)
    return np.array([dimension.sample(rng) for _ in range(DRAWS)], dtype=float)


def log_uniform(low: float, high: float) -> Quantile:
    return lambda u: np.exp(math.log(low) + u * math.log(high / low))


LAWS: dict[str, tuple[dict[str, Any], Quantile]] = {
    "uniform": ({"min": 0.0, "max": 4}, lambda u: 4 * u),
    "log_uniform_values": ({"min": 1e-4, "max": 10}, log_uniform(1e-4, 10)),
    "log_uniform": ({"min": -2, "max": 3}, log_uniform(math.exp(-2), math.exp(3))),
    "inv_log_uniform_values": ({"min": 1e-4, "max": 10}, log_uniform(1e-4, 10)),
    "inv_log_uniform": ({"min": 2.3, "max": 11.5}, log_uniform(math.exp(-11.5), math.exp(-2.3))),
    "normal": ({"mu": 4, "sigma": 2}, stats.norm(4, 2).ppf),
    "log_normal": ({"mu": 2, "sigma": 3}, stats.lognorm(s=3, scale=math.exp(2)).ppf),
    "beta": ({"a": 2, "b": 5}, stats.beta(2, 5).ppf),
}

QUANTISED: dict[str, tuple[dict[str, Any], Quantile]] = {
    "q_normal": LAWS["normal"],
    "q_log_normal": ({"mu": 2, "sigma": 2}, stats.lognorm(s=2, scale=math.exp(2)).ppf),
    "q_log_uniform": ({"min": 0, "max": 5}, log_uniform(1, math.exp(5))),
    "q_beta": LAWS["beta"],
    "q_uniform": ({"min": 0, "max": 100}, lambda u: 100 * u),
    "q_log_uniform_values": ({"min": 10, "max": 1000}, log_uniform(10, 1000)),
}


@pytest.mark.parametrize("name", LAWS)
def test_draws_follow_the_law(name: str) -> None:
    keys, quantile = LAWS[name]
    expected = quantile(np.linspace(1e-4, 1 - 1e-4, DRAWS))
    assert stats.ks_2samp(draws({"distribution": name, **keys}), expected).statistic < CRITICAL


@pytest.mark.parametrize("q", [0.1, 1, 10])
@pytest.mark.parametrize("name", QUANTISED)
def test_quantised_draws_are_rounded_draws(name: str, q: float) -> None:
    keys, quantile = QUANTISED[name]
    expected = np.round(quantile(np.linspace(1e-4, 1 - 1e-4, DRAWS)) / q) * q
    found = np.round(draws({"distribution": name, "q": q, **keys}) / q) * q
    assert stats.ks_2samp(np.round(found, 6), np.round(expected, 6)).statistic < CRITICAL


def grid(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the points that grid search tries, in order."""
    space, method = space_of(parameters), METHODS.get("grid")()
    points: list[dict[str, Any]] = []
    history: list[Observation] = []
    while (params := method.suggest(space, history, number=len(points) + 1, seed=0)) is not None:
        points.append(params)
        history.append(Observation(len(points), params, 0.0, "finished", 0.0))
        assert len(points) <= (space.size or 0)
    return points


def test_a_grid_changes_the_last_name_fastest_and_keeps_the_order_of_values() -> None:
    points = grid({"v2": {"values": [1, 2, 3]}, "v1": {"values": ["a", "b", "a"]}})
    assert [(point["v1"], point["v2"]) for point in points] == [(v1, v2) for v1 in "ab" for v2 in (1, 2, 3)]


@pytest.mark.parametrize(
    ("leaf", "values"),
    [
        ({"values": ["", [9, 5]]}, ["", [9, 5]]),
        ({"values": [None, 2, 3, "a", (2, 3), 3]}, [None, 2, 3, "a", [2, 3]]),
        ({"values": [{"a": 1}, {"a": {"b": 2}}]}, [{"a": 1}, {"a": {"b": 2}}]),
        ({"distribution": "int_uniform", "min": 1, "max": 3}, [1, 2, 3]),
        ({"distribution": "q_uniform", "min": 0, "max": 10, "q": 5}, [0, 5, 10]),
        ({"value": {"a": [1]}}, [{"a": [1]}]),
    ],
    ids=["lists", "duplicates and tuples", "maps", "int_uniform", "q_uniform", "constant"],
)
def test_a_grid_tries_each_value_once(leaf: dict[str, Any], values: list[Any]) -> None:
    assert [point["x"] for point in grid({"x": leaf})] == values


def test_a_nested_grid_advances_and_ends() -> None:
    inner = {"n1": {"values": [0.01, 0.001]}, "n2": {"value": "fixed"}, "n3": {"values": [1, 2, 3]}}
    points = grid({"p1": {"values": ["a", "b", "c"]}, "p2": {"parameters": inner}})
    assert len(points) == 18
    assert points[0] == {"p1": "a", "p2": {"n1": 0.01, "n2": "fixed", "n3": 1}}
    assert points[-1] == {"p1": "c", "p2": {"n1": 0.001, "n2": "fixed", "n3": 3}}
    assert len({repr(point) for point in points}) == 18


@pytest.mark.parametrize(
    ("leaf", "distribution"),
    [
        ({"min": 0, "max": 3}, "int_uniform"),
        ({"min": 0.0, "max": 3.0}, "uniform"),
        ({"min": 0, "max": 3.5}, "uniform"),
        ({"values": [1, 2]}, "categorical"),
        ({"values": [1, 2], "probabilities": [0.1, 0.9]}, "categorical_w_probabilities"),
        ({"value": 1}, "constant"),
    ],
)
def test_keys_tell_the_distribution(leaf: dict[str, Any], distribution: str) -> None:
    assert form_of(validate({"method": "random", "parameters": {"x": leaf}}).config.parameters["x"]) == distribution


@pytest.mark.parametrize(
    "leaf",
    [
        {"distribution": "normal"},
        {"distribution": "log_normal", "mu": 1},
        {"distribution": "q_normal"},
        {"distribution": "q_beta", "q": 0.1},
        {"distribution": "beta", "a": 1},
        {"distribution": "uniform", "min": 0, "max": 3},
        {"distribution": "constant", "value": None},
        {"distribution": "int_uniform", "min": 0.0, "max": 1.0},
    ],
    ids=str,
)
def test_accepted(leaf: dict[str, Any]) -> None:
    validate({"method": "random", "parameters": {"x": leaf}})


@pytest.mark.parametrize(
    "leaf",
    [
        {},
        {"values": []},
        {"min": 1},
        {"min": 3, "max": 1},
        {"values": [1, 2], "probabilities": [0.5, 0.6]},
        {"values": [1, 2], "probabilities": [1]},
        {"distribution": "log_uniform_values", "min": 0, "max": 1},
        {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0},
        {"distribution": "int_uniform", "min": 0.5, "max": 3},
        {"distribution": "nothing", "value": 1},
        {"values": [float("nan")]},
    ],
    ids=str,
)
def test_refused(leaf: dict[str, Any]) -> None:
    with pytest.raises(SweepFileError):
        validate({"method": "random", "parameters": {"x": leaf}})


@pytest.mark.parametrize(
    "keys",
    [
        {"metric": "loss"},
        {"metric": {}},
        {"method": "nothing"},
        {"method": "bayes"},
        {"early_terminate": {}},
        {"parameters": {}},
        {"parameters": None},
        {"method": "grid", "parameters": {"x": {"min": 0.1, "max": 0.5}}},
        {"method": "grid", "parameters": {"x": {"values": [1, 2], "probabilities": [0.5, 0.5]}}},
        *({"run_cap": cap} for cap in (-1, 0, -0.3, 5.1, "1")),
    ],
    ids=str,
)
def test_refused_files(keys: dict[str, Any]) -> None:
    with pytest.raises(SweepFileError):
        validate({"method": "random", "parameters": {"x": {"value": 1}}, **keys})


def test_the_file_that_was_checked_is_not_changed() -> None:
    raw: dict[str, Any] = {
        "method": "random",
        "parameters": {"x": {"distribution": "normal"}},
        "metrics": [{"name": "a"}],
    }
    validate(raw)
    assert raw == {"method": "random", "parameters": {"x": {"distribution": "normal"}}, "metrics": [{"name": "a"}]}
