"""Budgets, and searches that end because little is left to gain."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_sweeps.errors import SweepFileError
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.limits import (
    Budget,
    Result,
    Usage,
    budget_reason,
    busy_s,
    expected_improvement_reason,
    no_improvement_reason,
)
from lightning_sweeps.sweeps.methods import Imputation, bayes_model
from lightning_sweeps.sweeps.methods.acquisition import Cube
from lightning_sweeps.sweeps.methods.bayes import Bayes
from lightning_sweeps.sweeps.methods.output_warping import MAX_DISTANCE, candidate_warpings
from lightning_sweeps.testing.methods import observe, space_of

SWEEP: dict[str, Any] = {"method": "bayes", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}


@pytest.mark.parametrize(
    ("budget", "used", "reason"),
    [
        ({"trials": 3}, Usage(2, 9.0, 9.0), ""),
        ({"trials": 3}, Usage(3, 0.0, 0.0), "the budget of 3 trials is used"),
        ({"gpu_hours": 2}, Usage(1, 1.99, 9.0), ""),
        ({"gpu_hours": 2}, Usage(1, 2.5, 1.0), "the budget of 2 GPU hours is used: 2.5"),
        ({"hours": 0.5}, Usage(1, 0.0, 0.5), "the budget of 0.5 hours is used: trials ran for 0.5 hours"),
        ({"cost": 10, "cost_per_gpu_hour": 4}, Usage(1, 2.4, 1.0), ""),
        ({"cost": 10, "cost_per_gpu_hour": 4}, Usage(1, 2.5, 1.0), "the budget of 10 is used: 2.5 GPU hours cost 10"),
        ({"cost_per_gpu_hour": 4}, Usage(1, 2.5, 1.0), ""),
    ],
    ids=["trials left", "trials", "GPU hours left", "GPU hours", "hours", "cost left", "cost", "only a price"],
)
def test_a_budget_is_used_up(budget: dict[str, float], used: Usage, reason: str) -> None:
    assert budget_reason(Budget.model_validate(budget), used) == reason


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=8))
@settings(max_examples=60, deadline=None)
def test_busy_time_is_the_length_of_the_union(spans: list[tuple[int, int]]) -> None:
    times = [(float(start), float(start + length)) for start, length in spans]
    covered = {second for start, end in times for second in range(int(start), int(end))}
    assert busy_s(times) == len(covered)


def results(*values: float) -> list[Result]:
    return [Result(order, order + 10, value) for order, value in enumerate(values, 1)]


@pytest.mark.parametrize(
    ("limit", "values", "since", "count"),
    [
        (2, (), 0, 0),
        (2, (3.0, 2.0, 2.5), 0, 0),
        (2, (3.0, 2.0, 2.5, 2.0), 0, 2),
        (2, (3.0, 2.0, 2.5, 2.0, 1.0), 0, 0),
        (2, (3.0, 2.0, 2.5, 2.0, 4.0), 4, 0),
        (2, (3.0, 2.0, 2.5, 2.0, 4.0, 4.0), 4, 2),
    ],
    ids=["none", "too few", "two", "better", "continued", "continued for two"],
)
def test_a_search_without_progress_ends(limit: int, values: tuple[float, ...], since: int, count: int) -> None:
    reason = no_improvement_reason(limit, results(*values), goal="minimize", since=since)
    best = min(values, default=0.0)
    number = 11 + (values.index(best) if values else 0)
    expected = f"no better value in the last {count} trials: the best is {best:g}, of trial {number}" if count else ""
    assert reason == expected
    mirrored = results(*(-value for value in values))
    assert bool(no_improvement_reason(limit, mirrored, goal="maximize", since=since)) is bool(count)


def test_a_search_with_little_to_gain_ends() -> None:
    assert expected_improvement_reason("0.1 %", 0.0011, best=-1.0, results=10) == ""
    assert expected_improvement_reason("0.1 %", 0.0009, best=-1.0, results=10) == (
        "the next trial is expected to improve the metric by 0.0009, less than 0.1 % of the best value -1"
    )
    assert expected_improvement_reason("0.1 %", 0.0009, best=-1.0, results=9) == "", "the model knows too little"
    assert expected_improvement_reason(0.5, 0.5, best=0.0, results=10) == ""
    assert "less than 0.5; the best value is 0" in expected_improvement_reason(0.5, 0.1, best=0.0, results=10)


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"budget": {"trials": 0}}, "budget.trials"),
        ({"budget": {"gpu_hours": "ten"}}, "budget.gpu_hours"),
        ({"budget": {"hour": 1}}, "did you mean `hours`?"),
        ({"budget": {"cost": 5}}, "needs `cost_per_gpu_hour`"),
        ({"stop_when": {"no_improvement": "soon"}}, "for example `20 trials`"),
        ({"stop_when": {"no_improvement": 0}}, "for example `20 trials`"),
        ({"stop_when": {"expected_improvement": "0 %"}}, "a percentage such as `0.1 %`"),
        ({"stop_when": {"expected_improvement": True}}, "a percentage such as `0.1 %`"),
        ({"stop_when": {"expected_improvement": 0.1}, "method": "tpe"}, "`tpe` has none, allowed: bayes"),
        ({"stop_when": {"no_improvement": 3}, "method": "random", "metric": None}, "needs `metric`"),
    ],
    ids=["trials", "hours", "unknown", "price", "words", "zero", "zero percent", "truth", "method", "metric"],
)
def test_wrong_limits_are_faults(keys: dict[str, Any], fault: str) -> None:
    with pytest.raises(SweepFileError) as caught:
        validate(SWEEP | keys)
    assert fault in str(caught.value)


def test_limits_are_read() -> None:
    config = validate(
        SWEEP | {"budget": {"gpu_hours": 1}, "stop_when": {"no_improvement": "20 trials", "expected_improvement": "1%"}}
    ).config
    assert config.budget == Budget(gpu_hours=1)
    assert config.stop_when is not None
    assert (config.stop_when.no_improvement, config.stop_when.expected_improvement) == (20, "1%")


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=12, unique=True),
    st.lists(st.floats(-3, 2), min_size=1, max_size=5),
)
@settings(max_examples=40, deadline=None)
def test_transformed_values_are_transformed_back(values: list[float], others: list[float]) -> None:
    given_values = np.array(values)
    for warped in candidate_warpings(given_values):
        back = warped.transform.inverse(warped.values)
        scaled = np.abs(given_values - warped.transform.middle) / abs(warped.transform.scale)
        inside = scaled < MAX_DISTANCE
        assert np.allclose(back[inside], given_values[inside], rtol=1e-6, atol=1e-6 * float(np.ptp(given_values)))
        rising = warped.transform.inverse(np.sort(np.array(others)))
        assert all(before <= after for before, after in pairwise(rising))


def test_the_expected_improvement_is_that_of_samples_of_the_model() -> None:
    space = space_of({"x": {"min": 0.0, "max": 1.0}})
    history = [observe(number, {"x": x}, 5 + (x - 0.3) ** 2) for number, x in enumerate((0.0, 0.2, 0.5, 0.7, 1.0), 1)]
    found = Bayes().expected_improvement(space, history, number=6, seed=1)
    assert found is not None
    cube, random = Cube(list(space.dimensions)), Random("1:6:fit")
    model = bayes_model._fit(space, cube, history, Imputation())
    chosen = bayes_model._choose(space, cube, history, model, random)
    assert chosen is not None
    means, deviations = model.process.predict(chosen[None, :])
    draws = np.random.default_rng(0).normal(means[0], deviations[0], 200_000)
    gains = model.transform.inverse(np.array([model.best])) - model.transform.inverse(draws)
    assert found == pytest.approx(float(np.maximum(gains, 0).mean()), rel=0.03)
    assert Bayes().expected_improvement(space, history[:1], number=2, seed=1) is None, "no model chooses this point"
