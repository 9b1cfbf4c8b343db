"""One contract for every search method, and what each does beyond it."""

from __future__ import annotations

import math
import subprocess
import sys
from random import Random as Generator
from typing import Any

import pytest

from lightning_sweeps.messages import TrialState
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.methods import METHODS, Imputation, Method, Observation
from lightning_sweeps.sweeps.methods.bayes import MAX_BEST, MAX_NEWEST, MAX_RANDOM, Bayes, capped
from lightning_sweeps.sweeps.methods.grid import Grid
from lightning_sweeps.sweeps.methods.impute import impute
from lightning_sweeps.sweeps.methods.initial_points import startup_count
from lightning_sweeps.sweeps.space import Space

FINITE: dict[str, Any] = {
    "a": {"values": [True, 1, "x"]},
    "b": {"distribution": "q_uniform", "min": 0, "max": 1.5, "q": 1.5},
    "n": {"parameters": {"c": {"min": 1, "max": 2}, "k": {"value": 7}}},
}
SIZE = 12


def space_of(parameters: dict[str, Any]) -> Space:
    return Space.of(validate({"method": "random", "parameters": parameters}).config.parameters)


def seen(number: int, params: dict[str, Any], value: float | None = 1.0, state: TrialState = "finished") -> Observation:
    return Observation(number, params, value, state, value)


def run(method: Method, space: Space, count: int, *, seed: int = 1) -> list[dict[str, Any] | None]:
    """Ask for `count` trials one after the other, each ended before the next."""
    history: list[Observation] = []
    points: list[dict[str, Any] | None] = []
    for number in range(1, count + 1):
        params = method.suggest(space, history, number=number, seed=seed)
        points.append(params)
        if params is not None:
            history.append(seen(number, params, float(number % 5)))
    return points


def joined(name: str) -> Any:
    """Return the fixture by which a method joins the contract."""

    @pytest.fixture
    def method(self: Contract) -> Method:
        return METHODS[name](Imputation())

    return method


class Contract:
    """What every method keeps; a method joins by one fixture line."""

    @pytest.fixture
    def method(self) -> Method:
        raise NotImplementedError

    def test_a_finite_space_gives_each_point_once_and_then_ends(self, method: Method) -> None:
        space = space_of(FINITE)
        points = run(method, space, SIZE + 2)
        assert {space.identity(point) for point in points[:SIZE] if point is not None} == {
            space.identity(space.at(index)) for index in range(SIZE)
        }
        assert points[SIZE:] == [None, None]

    def test_one_seed_gives_one_sequence_in_whatever_order_results_are_listed(self, method: Method) -> None:
        space = space_of(FINITE)
        points = run(method, space, 8)
        assert run(method, space, 8) == points
        history = [seen(number, point, float(number % 5)) for number, point in enumerate(points, 1) if point]
        Generator(3).shuffle(history)
        again = method.suggest(space, [tried for tried in history if tried.number < 8], number=8, seed=1)
        assert again == points[7]

    def test_agents_in_parallel_get_different_points(self, method: Method) -> None:
        space = space_of(FINITE)
        history: list[Observation] = []
        for number in range(1, SIZE + 1):
            params = method.suggest(space, history, number=number, seed=2)
            assert params is not None
            state: TrialState = "finished" if number in (3, 7, 9) else "running"
            history.append(seen(number, params, 1.0 / number if state == "finished" else None, state))
        assert len({space.identity(tried.params) for tried in history}) == SIZE
        assert method.suggest(space, history, number=SIZE + 1, seed=2) is None

    def test_a_space_of_constants_has_one_point(self, method: Method) -> None:
        space = space_of({"a": {"value": 1}, "b": {"value": [None]}})
        assert run(method, space, 2) == [{"a": 1, "b": [None]}, None]

    def test_failed_trials_and_trials_without_a_value_are_history_too(self, method: Method) -> None:
        space = space_of(FINITE)
        states: list[TrialState] = [
            "finished",
            "failed",
            "lost",
            "stopped",
            "preempted",
            "leased",
            "finished",
            "finished",
        ]
        history = [
            seen(number, space.at(number), 1.0 if number in (1, 8) else None, state)
            for number, state in enumerate(states, 1)
        ]
        params = method.suggest(space, history, number=len(history) + 1, seed=1)
        assert params is not None


class TestGrid(Contract):
    method = joined("grid")

    def test_the_order_is_by_name_with_the_last_fastest(self) -> None:
        points = run(Grid(), space_of(FINITE), 5)
        assert points == [
            {"a": True, "b": 0.0, "n": {"c": 1, "k": 7}},
            {"a": True, "b": 0.0, "n": {"c": 2, "k": 7}},
            {"a": True, "b": 1.5, "n": {"c": 1, "k": 7}},
            {"a": True, "b": 1.5, "n": {"c": 2, "k": 7}},
            {"a": 1, "b": 0.0, "n": {"c": 1, "k": 7}},
        ]

    def test_a_huge_grid_costs_nothing(self) -> None:
        space = space_of({f"p{index}": {"min": 1, "max": 10**6} for index in range(4)})
        last = Grid().suggest(space, (), number=10**24, seed=0)
        assert last == {f"p{index}": 10**6 for index in range(4)}
        assert Grid().suggest(space, (), number=10**24 + 1, seed=0) is None

    def test_a_continuous_parameter_is_refused(self) -> None:
        with pytest.raises(ValueError, match="continuous"):
            Grid().suggest(space_of({"x": {"min": 0.0, "max": 1.0}}), (), number=1, seed=0)


class TestRandom(Contract):
    method = joined("random")

    def test_seeds_and_numbers_give_different_points(self, method: Method) -> None:
        space = space_of({"x": {"min": 0.0, "max": 1.0}})
        points = {method.suggest(space, (), number=n, seed=s)["x"] for n in (1, 2) for s in (1, 2)}  # type: ignore[index]
        assert len(points) == 4

    def test_unlikely_values_come_too_before_the_space_ends(self, method: Method) -> None:
        space = space_of({"x": {"values": [1, 2], "probabilities": [1, 0]}})
        assert run(method, space, 3) == [{"x": 1}, {"x": 2}, None]


class TestTpe(Contract):
    method = joined("tpe")


class TestNsga2(Contract):
    method = joined("nsga2")

    def test_several_metrics_find_both_ends_of_the_front(self, method: Method) -> None:
        space = space_of({"x": {"min": -4.0, "max": 4.0}, "y": {"min": -4.0, "max": 4.0}})
        history: list[Observation] = []
        for number in range(1, 81):
            params = method.suggest(space, history, number=number, seed=3)
            assert params is not None
            values = ((params["x"] - 1) ** 2 + params["y"] ** 2, (params["x"] + 1) ** 2 + params["y"] ** 2)
            history.append(Observation(number, params, values[0], "finished", values[0], values))
        late = history[40:]
        assert sum(abs(tried.params["y"]) for tried in late) < sum(abs(tried.params["y"]) for tried in history[:40])


class TestQmc(Contract):
    method = joined("qmc")

    def test_sixteen_points_fall_into_sixteen_strata(self, method: Method) -> None:
        points = run(method, space_of({"x": {"min": 0.0, "max": 1.0}, "y": {"min": 0.0, "max": 1.0}}), 16)
        for name in ("x", "y"):
            assert sorted(int(point[name] * 16) for point in points if point) == list(range(16))


class TestCmaEs(Contract):
    method = joined("cmaes")

    def test_it_walks_downhill(self, method: Method) -> None:
        space = space_of({f"x{index}": {"min": -5.0, "max": 5.0} for index in range(3)})
        history: list[Observation] = []
        for number in range(1, 101):
            params = method.suggest(space, history, number=number, seed=4)
            assert params is not None
            history.append(seen(number, params, sum((value - 2) ** 2 for value in params.values())))
        values = [tried.objective for tried in history if tried.objective is not None]
        assert min(values[50:]) < min(values[:20]) / 4


class TestBayes(Contract):
    method = joined("bayes")

    def test_it_finds_a_minimum(self, method: Method) -> None:
        space = space_of({"x": {"min": -5.0, "max": 5.0}, "c": {"values": ["good", "bad"]}})
        history: list[Observation] = []
        for number in range(1, 17):
            params = method.suggest(space, history, number=number, seed=4)
            assert params is not None
            history.append(seen(number, params, (params["x"] - 2) ** 2 + 9 * (params["c"] == "bad")))
        values = [tried.objective for tried in history if tried.objective is not None]
        assert min(values[startup_count(space) :]) < 0.05

    def test_values_that_no_model_can_take_are_imputed(self, method: Method) -> None:
        space = space_of({"x": {"min": 0.0, "max": 1.0}})
        values = [1.0, 2.0, float("nan"), float("inf"), 1e300, -3.0]
        history = [seen(number, {"x": number / 9}, value) for number, value in enumerate(values)]
        params = method.suggest(space, history, number=7, seed=1)
        assert params is not None
        assert 0 <= params["x"] <= 1

    def test_trials_in_flight_move_the_next_one_away(self, method: Method) -> None:
        space = space_of({"x": {"min": 0.0, "max": 1.0}})
        at = [number / 6 for number in range(7)]
        history = [seen(number, {"x": x}, math.sin(13 * x) * math.sin(27 * x)) for number, x in enumerate(at)]
        first = method.suggest(space, history, number=8, seed=1)
        alone = method.suggest(space, history, number=9, seed=1)
        assert first is not None
        assert alone is not None
        beside = method.suggest(space, [*history, seen(8, first, None, "running")], number=9, seed=1)
        assert beside is not None
        assert abs(first["x"] - alone["x"]) < 1e-4
        assert abs(first["x"] - beside["x"]) > 1e-2

    def test_the_start_is_the_middle_and_then_spread_over_every_dimension(self, method: Method) -> None:
        space = space_of({"x": {"min": 0.0, "max": 1.0}, "y": {"min": 0.0, "max": 1.0}})
        middle, *points = run(method, space, startup_count(space))
        assert middle == {"x": 0.5, "y": 0.5}
        for name in ("x", "y"):
            assert sorted(int(point[name] * len(points)) for point in points if point) == [0, 1, 2]
        assert all(abs(point["x"] - point["y"]) > 1e-9 for point in points if point)

    def test_the_middle_of_what_has_no_numbers_is_named_first(self, method: Method) -> None:
        space = space_of(
            {"kind": {"values": ["c", "a", "b"]}, "n": {"min": 1, "max": 4}, "x": {"min": 1e-4, "max": 1.0}}
        )
        assert method.suggest(space, [], number=1, seed=7) == {"kind": "c", "n": 2, "x": pytest.approx(0.50005)}


def test_what_is_told_for_each_state() -> None:
    history = [
        seen(1, {}, 1.0),
        seen(2, {}, 3.0),
        seen(3, {}, 0.5, "stopped"),
        seen(4, {}, 9.0, "stopped"),
        seen(5, {}, 0.1, "failed"),
        seen(6, {}, None, "finished"),
        seen(7, {}, None, "running"),
        seen(8, {}, 0.3, "lost"),
        seen(9, {}, float("inf")),
    ]
    told = {tried.number: value for tried, value in impute(history, Imputation())}
    assert told == {1: 1.0, 2: 3.0, 3: 2.0, 4: 9.0, 5: 9.0, 6: 9.0, 7: None, 9: 9.0}
    best = {tried.number: value for tried, value in impute(history, Imputation("best", "worst"))}
    assert (best[6], best[7]) == (0.1, 9.0)
    latest = {tried.number: value for tried, value in impute(history, Imputation("latest", "latest"))}
    assert (latest[5], latest[6], latest[7]) == (0.1, 9.0, 9.0)


def test_a_fit_sees_a_bounded_number_of_trials() -> None:
    kept = [row for row, _ in capped([(n, float(n % 97)) for n in range(1000)], Generator(1))]
    assert len(kept) == MAX_BEST + MAX_NEWEST + MAX_RANDOM
    assert {0, 97, 999} <= set(kept)
    assert kept == sorted(kept)


def test_bayes_takes_more_points_than_a_fit_sees() -> None:
    space = space_of({"x": {"min": 0.0, "max": 1.0}})
    history = [seen(number, {"x": number / 300}, (number / 300 - 0.4) ** 2) for number in range(1, 300)]
    assert Bayes().suggest(space, history, number=300, seed=1) is not None


def test_naming_the_methods_loads_no_search_engine() -> None:
    code = (
        "import sys, lightning_sweeps.sweeps.config, lightning_sweeps.sweeps.fit;"
        "sys.exit(bool({'torch', 'optuna', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
