"""The contract test of search methods.

Derive a class in your tests and override the fixture::

    class TestHalton(SearchMethodContract):
        @pytest.fixture
        def method(self) -> Method:
            return Halton()
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from lightning_sweeps.messages import TrialState
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.methods import Method, Observation
from lightning_sweeps.sweeps.space import Space

FINITE: dict[str, Any] = {
    "a": {"values": [True, 1, "x"]},
    "b": {"distribution": "q_uniform", "min": 0, "max": 1.5, "q": 1.5},
    "n": {"parameters": {"c": {"min": 1, "max": 2}, "k": {"value": 7}}},
}
FINITE_SIZE = 12
CONTINUOUS: dict[str, Any] = {
    "x": {"min": 0.0, "max": 1.0},
    "lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
    "kind": {"values": ["a", "b"]},
    "momentum": {"min": 0.5, "max": 0.99, "when": "kind == 'a'"},
}
CONSTRAINT = "x < 0.8"

STATES: tuple[TrialState, ...] = (
    "finished", "failed", "lost", "stopped", "preempted", "leased", "finished", "finished",
)  # fmt: skip


def space_of(parameters: dict[str, Any], *constraints: str) -> Space:
    """Return the space of the `parameters` and `constraints` of a sweep file."""
    config = validate({"method": "random", "parameters": parameters, "constraints": list(constraints)}).config
    return Space.of(config.parameters, config.constraints)


def observe(
    number: int, params: dict[str, Any], value: float | None = 1.0, state: TrialState = "finished"
) -> Observation:
    """Return a trial whose only reported value is `value`."""
    return Observation(number, params, value, state, value)


def run_trials(method: Method, space: Space, count: int, *, seed: int = 1) -> list[dict[str, Any] | None]:
    """Return the suggestions for `count` trials that run one after the other."""
    history: list[Observation] = []
    points: list[dict[str, Any] | None] = []
    for number in range(1, count + 1):
        params = method.suggest(space, history, number=number, seed=seed)
        points.append(params)
        if params is not None:
            history.append(observe(number, params, float(number % 5)))
    return points


class SearchMethodContract:
    """What every search method guarantees. See `Method` for the contract in words."""

    @pytest.fixture
    def method(self) -> Method:
        """Return the method under test."""
        raise NotImplementedError("override the fixture `method`")

    def test_a_finite_space_gives_each_point_once_and_then_ends(self, method: Method) -> None:
        space = space_of(FINITE)
        points = run_trials(method, space, FINITE_SIZE + 2)
        found = [space.identity(point) for point in points[:FINITE_SIZE] if point is not None]
        assert sorted(found) == sorted(space.identity(space.at(index)) for index in range(FINITE_SIZE))
        assert points[FINITE_SIZE:] == [None, None]

    def test_one_seed_gives_one_sequence_for_any_order_of_the_history(self, method: Method) -> None:
        space = space_of(FINITE)
        points = run_trials(method, space, 8)
        assert run_trials(method, space, 8) == points
        history = [observe(number, point, float(number % 5)) for number, point in enumerate(points, 1) if point]
        Random(3).shuffle(history)
        earlier = [trial for trial in history if trial.number < 8]
        assert method.suggest(space, earlier, number=8, seed=1) == points[7]

    def test_the_history_is_not_changed(self, method: Method) -> None:
        space = space_of(FINITE)
        history = [observe(number, space.at(number), float(number)) for number in range(1, 7)]
        before = list(history)
        method.suggest(space, history, number=7, seed=1)
        assert history == before

    def test_agents_in_parallel_get_different_points(self, method: Method) -> None:
        space = space_of(FINITE)
        history: list[Observation] = []
        for number in range(1, FINITE_SIZE + 1):
            params = method.suggest(space, history, number=number, seed=2)
            assert params is not None
            state: TrialState = "finished" if number in (3, 7, 9) else "running"
            history.append(observe(number, params, 1.0 / number if state == "finished" else None, state))
        assert len({space.identity(trial.params) for trial in history}) == FINITE_SIZE
        assert method.suggest(space, history, number=FINITE_SIZE + 1, seed=2) is None

    def test_a_space_of_constants_has_one_point(self, method: Method) -> None:
        space = space_of({"a": {"value": 1}, "b": {"value": [None]}})
        assert run_trials(method, space, 2) == [{"a": 1, "b": [None]}, None]

    def test_trials_without_a_value_are_accepted(self, method: Method) -> None:
        space = space_of(FINITE)
        history = [
            observe(number, space.at(number), 1.0 if number in (1, 8) else None, state)
            for number, state in enumerate(STATES, 1)
        ]
        assert method.suggest(space, history, number=len(history) + 1, seed=1) is not None

    def test_points_of_a_continuous_space_keep_bounds_and_constraints(self, method: Method) -> None:
        if method.is_exhaustive:
            pytest.skip("an exhaustive method searches finite spaces only")
        space = space_of(CONTINUOUS, CONSTRAINT)
        for params in run_trials(method, space, 8):
            assert params is not None
            assert space.allows(params)
            unit = space.to_unit(params)
            assert unit is not None
            assert space.identity(space.from_unit(unit)) is not None
            assert 0.0 <= params["x"] < 0.8
            assert 1e-5 <= params["lr"] <= 1e-1
            assert ("momentum" in params) == (params["kind"] == "a")

    def test_results_from_before_the_sweep_are_accepted(self, method: Method) -> None:
        space = space_of(FINITE)
        history = [observe(number, space.at(number + 5), float(number)) for number in range(-4, 1)]
        params = method.suggest(space, history, number=1, seed=1)
        assert params is not None

    def test_initial_points_need_no_model(self, method: Method) -> None:
        space = space_of(FINITE)
        count = method.initial_count(space)
        assert count >= 0
        for number, params in enumerate(run_trials(method, space, count), 1):
            history: Sequence[Observation] = ()
            assert not method.needs_model(space, history, number=number)
            assert params is not None
