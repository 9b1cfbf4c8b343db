"""The contract test for every built-in search method, and tests of each method's own behaviour."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest

from lightning_sweeps.sweeps.methods import BUILT_IN, METHODS, Imputation, Method, Observation
from lightning_sweeps.sweeps.methods.bayes import Bayes
from lightning_sweeps.sweeps.methods.bayes_model import MAX_BEST, MAX_NEWEST, MAX_RANDOM, limit_trials
from lightning_sweeps.sweeps.methods.grid import Grid
from lightning_sweeps.sweeps.methods.impute import impute
from lightning_sweeps.sweeps.methods.initial_points import initial_count
from lightning_sweeps.testing.methods import FINITE, SearchMethodContract, observe, run_trials, space_of


def contract(name: str) -> Any:
    """Return the fixture that adds a built-in method to the contract test."""

    @pytest.fixture
    def method(self: SearchMethodContract) -> Method:
        return METHODS.get(name)()

    return method


class TestGrid(SearchMethodContract):
    method = contract("grid")

    def test_the_order_is_by_name_with_the_last_fastest(self) -> None:
        points = run_trials(Grid(), space_of(FINITE), 5)
        assert points == [
            {"a": True, "b": 0.0, "n": {"c": 1, "k": 7}},
            {"a": True, "b": 0.0, "n": {"c": 2, "k": 7}},
            {"a": True, "b": 1.5, "n": {"c": 1, "k": 7}},
            {"a": True, "b": 1.5, "n": {"c": 2, "k": 7}},
            {"a": 1, "b": 0.0, "n": {"c": 1, "k": 7}},
        ]

    def test_a_huge_grid_costs_nothing(self) -> None:
        space = space_of({f"p{index}": {"min": 1, "max": 10**6} for index in range(4)})
        assert space.size == 10**24
        tried = [observe(number, space.at(number)) for number in range(3)]
        assert Grid().suggest(space, tried, number=4, seed=0) == space.at(3)

    def test_a_point_that_was_left_out_is_taken_first(self) -> None:
        for constraints in ((), ("n.c < 3",)):
            space = space_of(FINITE, *constraints)
            tried = [observe(number, space.at(number)) for number in (0, 1, 3, 11)]
            assert Grid().suggest(space, tried, number=9, seed=0) == space.at(2)

    def test_a_continuous_parameter_is_refused(self) -> None:
        with pytest.raises(ValueError, match="continuous"):
            Grid().suggest(space_of({"x": {"min": 0.0, "max": 1.0}}), (), number=1, seed=0)


class TestRandom(SearchMethodContract):
    method = contract("random")

    def test_seeds_and_numbers_give_different_points(self, method: Method) -> None:
        space = space_of({"x": {"min": 0.0, "max": 1.0}})
        points = {method.suggest(space, (), number=n, seed=s)["x"] for n in (1, 2) for s in (1, 2)}  # type: ignore[index]
        assert len(points) == 4

    def test_values_with_probability_zero_are_never_tried(self, method: Method) -> None:
        space = space_of({"x": {"values": [1, 2], "probabilities": [1, 0]}})
        assert run_trials(method, space, 2) == [{"x": 1}, None]


class TestTpe(SearchMethodContract):
    method = contract("tpe")


class TestNsga2(SearchMethodContract):
    method = contract("nsga2")

    def test_two_metrics_approach_the_pareto_front(self, method: Method) -> None:
        space = space_of({"x": {"min": -4.0, "max": 4.0}, "y": {"min": -4.0, "max": 4.0}})
        history: list[Observation] = []
        for number in range(1, 81):
            params = method.suggest(space, history, number=number, seed=3)
            assert params is not None
            values = ((params["x"] - 1) ** 2 + params["y"] ** 2, (params["x"] + 1) ** 2 + params["y"] ** 2)
            history.append(Observation(number, params, values[0], "finished", values[0], values))
        late = history[40:]
        assert sum(abs(tried.params["y"]) for tried in late) < sum(abs(tried.params["y"]) for tried in history[:40])


class TestQmc(SearchMethodContract):
    method = contract("qmc")

    def test_sixteen_points_fall_into_sixteen_strata(self, method: Method) -> None:
        points = run_trials(method, space_of({"x": {"min": 0.0, "max": 1.0}, "y": {"min": 0.0, "max": 1.0}}), 16)
        for name in ("x", "y"):
            assert sorted(int(point[name] * 16) for point in points if point) == list(range(16))


class TestCmaEs(SearchMethodContract):
    method = contract("cmaes")

    def test_later_trials_are_better(self, method: Method) -> None:
        space = space_of({f"x{index}": {"min": -5.0, "max": 5.0} for index in range(3)})
        history: list[Observation] = []
        for number in range(1, 101):
            params = method.suggest(space, history, number=number, seed=4)
            assert params is not None
            history.append(observe(number, params, sum((value - 2) ** 2 for value in params.values())))
        values = [tried.objective for tried in history if tried.objective is not None]
        assert min(values[50:]) < min(values[:20]) / 4


class TestBayes(SearchMethodContract):
    method = contract("bayes")

    def test_it_finds_a_minimum(self, method: Method) -> None:
        space = space_of({"x": {"min": -5.0, "max": 5.0}, "c": {"values": ["good", "bad"]}})
        history: list[Observation] = []
        for number in range(1, 17):
            params = method.suggest(space, history, number=number, seed=4)
            assert params is not None
            history.append(observe(number, params, (params["x"] - 2) ** 2 + 9 * (params["c"] == "bad")))
        values = [tried.objective for tried in history if tried.objective is not None]
        assert min(values[initial_count(space) :]) < 0.05

    def test_unusable_values_are_imputed(self, method: Method) -> None:
        space = space_of({"x": {"min": 0.0, "max": 1.0}})
        values = [1.0, 2.0, float("nan"), float("inf"), 1e300, -3.0]
        history = [observe(number, {"x": number / 9}, value) for number, value in enumerate(values)]
        params = method.suggest(space, history, number=7, seed=1)
        assert params is not None
        assert 0 <= params["x"] <= 1

    def test_running_trials_move_the_next_one_away(self, method: Method) -> None:
        space = space_of({"x": {"min": 0.0, "max": 1.0}})
        at = [number / 6 for number in range(7)]
        history = [observe(number, {"x": x}, math.sin(13 * x) * math.sin(27 * x)) for number, x in enumerate(at)]
        first = method.suggest(space, history, number=8, seed=1)
        alone = method.suggest(space, history, number=9, seed=1)
        assert first is not None
        assert alone is not None
        beside = method.suggest(space, [*history, observe(8, first, None, "running")], number=9, seed=1)
        assert beside is not None
        assert abs(first["x"] - alone["x"]) < 1e-4
        assert abs(first["x"] - beside["x"]) > 1e-2

    def test_the_initial_points_are_the_middle_and_a_latin_hypercube(self, method: Method) -> None:
        space = space_of({"x": {"min": 0.0, "max": 1.0}, "y": {"min": 0.0, "max": 1.0}})
        middle, *points = run_trials(method, space, initial_count(space))
        assert middle == {"x": 0.5, "y": 0.5}
        for name in ("x", "y"):
            assert sorted(int(point[name] * len(points)) for point in points if point) == [0, 1, 2]
        assert all(abs(point["x"] - point["y"]) > 1e-9 for point in points if point)

    def test_the_middle_of_a_category_is_its_first_value(self, method: Method) -> None:
        space = space_of(
            {"kind": {"values": ["c", "a", "b"]}, "n": {"min": 1, "max": 4}, "x": {"min": 1e-4, "max": 1.0}}
        )
        assert method.suggest(space, [], number=1, seed=7) == {"kind": "c", "n": 2, "x": pytest.approx(0.50005)}


def test_the_imputed_value_for_each_state() -> None:
    history = [
        observe(1, {}, 1.0),
        observe(2, {}, 3.0),
        observe(3, {}, 0.5, "stopped"),
        observe(4, {}, 9.0, "stopped"),
        observe(5, {}, 0.1, "failed"),
        observe(6, {}, None, "finished"),
        observe(7, {}, None, "running"),
        observe(8, {}, 0.3, "lost"),
        observe(9, {}, float("inf")),
    ]
    told = {trial.number: value for trial, value in impute(history, Imputation())}
    assert told == {1: 1.0, 2: 3.0, 3: 2.0, 4: 9.0, 5: 9.0, 6: 9.0, 7: None, 9: 9.0}
    best = {trial.number: value for trial, value in impute(history, Imputation("best", "worst"))}
    assert (best[6], best[7]) == (0.1, 9.0)
    latest = {trial.number: value for trial, value in impute(history, Imputation("latest", "latest"))}
    assert (latest[5], latest[6], latest[7]) == (0.1, 9.0, 9.0)


def test_a_fit_uses_a_bounded_number_of_trials() -> None:
    kept = [row for row, _ in limit_trials([(n, float(n % 97)) for n in range(1000)])]
    assert len(kept) == MAX_BEST + MAX_NEWEST + MAX_RANDOM
    assert {0, 97, 999} <= set(kept)
    assert kept == sorted(kept)


def test_bayes_accepts_more_trials_than_a_fit_uses() -> None:
    space = space_of({"x": {"min": 0.0, "max": 1.0}})
    history = [observe(number, {"x": number / 300}, (number / 300 - 0.4) ** 2) for number in range(1, 300)]
    assert Bayes().suggest(space, history, number=300, seed=1) is not None


def test_reading_attributes_of_methods_loads_no_search_library() -> None:
    code = (
        "import sys, lightning_sweeps.sweeps.config, lightning_sweeps.sweeps.fit;"
        "from lightning_sweeps.sweeps.methods import METHODS;"
        "[METHODS.get(name).is_fitted for name in METHODS.names()];"
        "sys.exit(bool({'torch', 'optuna', 'scipy', 'numpy', 'cmaes'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_attributes_of_the_built_in_methods() -> None:
    attributes = {
        name: (method.needs_metric, method.is_fitted, method.is_multi_objective, method.is_exhaustive)
        for name in BUILT_IN
        for method in [METHODS.get(name)]
    }
    assert attributes == {
        "grid": (False, False, True, True),
        "random": (False, False, True, False),
        "bayes": (True, True, False, False),
        "tpe": (True, True, True, False),
        "cmaes": (True, True, False, False),
        "qmc": (False, True, True, False),
        "nsga2": (True, True, True, False),
    }
