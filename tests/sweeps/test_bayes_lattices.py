"""`bayes` on whole numbers, steps and lists: the model's own points, on the lattice, and never a tried one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.messages import TrialState
from lightning_sweeps.sweeps.dimensions import IntRange
from lightning_sweeps.sweeps.methods import Imputation, Observation
from lightning_sweeps.sweeps.methods.acquisition import Cube
from lightning_sweeps.sweeps.methods.bayes import Bayes
from lightning_sweeps.sweeps.methods.bayes_model import model_point
from lightning_sweeps.sweeps.methods.initial_points import initial_count
from lightning_sweeps.testing.methods import observe, space_of

pytestmark = pytest.mark.slow

KINDS: dict[str, dict[str, Any]] = {
    "whole numbers": {name: {"min": 1, "max": 10} for name in "ab"},
    "more whole numbers than levels": {"a": {"min": 0, "max": 5000}},
    "q_uniform": {name: {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.1} for name in "ab"},
    "q_log_uniform_values": {
        name: {"distribution": "q_log_uniform_values", "min": low, "max": 512, "q": low}
        for name, low in (("a", 1), ("b", 16))
    },
    "q_normal": {name: {"distribution": "q_normal", "mu": 5, "sigma": 2, "q": 1} for name in "abc"},
    "ordered lists": {name: {"values": [1, 2, 4, 8, 16, 32, 64]} for name in "abc"},
    "categories": {name: {"values": ["v", "w", "x", "y", "z"]} for name in "abc"},
    "mixed": {"a": {"min": 0.0, "max": 9.0}, "b": {"min": 1, "max": 10}, "c": {"values": ["x", "y", "z"]}},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_the_initial_points_every_point_is_the_models(kind: str, seed: int) -> None:
    space, method = space_of(KINDS[kind]), Bayes()
    history: list[Observation] = []
    for number in range(1, 26):
        params = method.suggest(space, history, number=number, seed=seed)
        assert params is not None
        if number > initial_count(space):
            assert params == model_point(space, history, Imputation(), number=number, seed=seed)
        numbers = [ord(value) - 120.0 if isinstance(value, str) else value - 5.0 for value in params.values()]
        history.append(observe(number, params, sum(distance**2 for distance in numbers)))


@given(
    levels=st.lists(st.integers(2, 1000), min_size=1, max_size=4),
    reach=st.floats(0.001, 0.3),
    seed=st.integers(0, 2**32 - 1),
)
def test_neighbours_are_points_of_the_lattice_bit_for_bit(levels: list[int], reach: float, seed: int) -> None:
    dimensions = [IntRange((f"x{index}",), 0, count - 1) for index, count in enumerate(levels)]
    cube, rng = Cube(dimensions), np.random.default_rng(seed)
    centre = cube.array({dim.name: int(rng.integers(dim.levels)) for dim in dimensions})
    for row in cube.neighbours(centre[None], 20, reach=reach, rng=rng):
        assert cube.array(cube.coordinates(row)).tobytes() == row.tobytes()
        assert row.tobytes() != centre.tobytes()


@pytest.mark.parametrize("state", ["running", "lost"])
def test_values_of_trials_that_have_not_ended_are_not_enough_for_a_fit(state: TrialState) -> None:
    space = space_of({"x": {"min": 0.0, "max": 1.0}})
    history = [observe(number, {"x": number / 9}, float(number), state) for number in range(1, 7)]
    params = Bayes().suggest(space, history, number=7, seed=1)
    assert params is not None
    assert params["x"] not in {trial.params["x"] for trial in history}
