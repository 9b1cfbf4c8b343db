"""Repeats: the key, the value of a point, and which point runs again next."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.errors import SweepFileError
from lightning_sweeps.messages import OPEN_TRIAL_STATES, TrialState
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.methods import Observation
from lightning_sweeps.sweeps.repeats import Repeats, fold, lacks_repeats, repeats_of, state_of
from lightning_sweeps.sweeps.sweep_points import awaits_lease, point_to_repeat, points_of, ranked

FILE: dict[str, Any] = {
    "program": "train.py",
    "method": "random",
    "metric": {"name": "loss"},
    "parameters": {"lr": {"min": 0.0, "max": 1.0}},
}
STATES: tuple[TrialState, ...] = get_args(TrialState)


@dataclass(frozen=True, slots=True)
class Ran:
    """A trial of a point."""

    number: int
    point: int
    objective: float | None = None
    state: TrialState = "finished"
    params: dict[str, Any] = field(default_factory=dict)
    end_number: int | None = None
    ignored: bool = False
    discarded: bool = False


def ran(point: int, *values: float) -> list[Ran]:
    return [Ran(10 * point + at, point, value) for at, value in enumerate(values)]


def test_a_number_is_the_count() -> None:
    assert validate(FILE | {"repeats": 3}).config.repeats == Repeats(count=3)
    assert validate(FILE | {"repeats": {"count": 3, "seed": "seed", "max": 5}}).config.repeats.max == 5
    assert not repeats_of(FILE).is_used
    assert not repeats_of(FILE | {"repeats": 1}).is_used


@pytest.mark.parametrize(
    ("repeats", "fault"),
    [
        (0, "`repeats`: is `0`, allowed: a whole number >= 1, or a map"),
        (True, "allowed: a whole number >= 1"),
        ("3", "is `3`, a string"),
        ({"count": 0}, "`repeats.count`: is `0`"),
        ({"count": 3, "judge": "average"}, "`repeats.judge`: is `average`, allowed: mean, median, worst, best"),
        ({"count": 3, "times": 2}, "`repeats.times`: is not a key of `repeats`, allowed: count, seed, judge, max"),
        ({"count": 3, "max": 2}, "`repeats.max`: is 2 with `count` 3"),
        ({"max": 2}, "`repeats.max`: is 2 with `count` 1"),
        ({"count": 3, "max": 5, "judge": "worst"}, "`repeats.max`: needs `judge: mean`, not `worst`"),
        ({"count": 3, "seed": "lr"}, "`repeats.seed`: is `lr`, which is a parameter"),
        ({"count": 3, "seed": "a b"}, "`repeats.seed`: is `a b`, allowed: any characters except blanks"),
    ],
)
def test_a_wrong_key_says_what_is_allowed(repeats: object, fault: str) -> None:
    with pytest.raises(SweepFileError) as raised:
        validate(FILE | {"repeats": repeats})
    assert fault in str(raised.value)


def test_more_repeats_need_a_metric() -> None:
    with pytest.raises(SweepFileError, match="needs `metric`"):
        validate({key: value for key, value in FILE.items() if key != "metric"} | {"repeats": {"count": 2, "max": 3}})


def test_a_command_may_name_the_seed() -> None:
    command = ["python", "train.py", "--seed=${seed}", "${args}"]
    assert validate(FILE | {"command": command, "repeats": {"count": 2, "seed": "seed"}}).warnings == []


@pytest.mark.parametrize(
    ("states", "lacks", "state"),
    [
        (["running"], True, "running"),
        (["ending"], True, "running"),
        (["finished"], True, "running"),
        (["pending"], False, "pending"),
        (["finished", "pending"], False, "running"),
        (["finished", "finished", "running"], False, "running"),
        (["finished", "finished", "finished"], False, "finished"),
        (["finished", "failed", "finished"], False, "finished"),
        (["finished", "finished", "finished", "running"], False, "finished"),
        (["failed"], False, "failed"),
        (["failed", "running"], False, "running"),
        (["failed", "finished"], True, "running"),
        (["stopping"], False, "running"),
        (["stopped"], False, "stopped"),
        (["finished", "stopped"], False, "stopped"),
        (["lost"], False, "lost"),
    ],
)
def test_a_point_lacks_repeats_until_its_trials_say_enough(
    states: list[TrialState], lacks: bool, state: TrialState
) -> None:
    assert lacks_repeats(states, 3) is lacks
    assert state_of(states, 3) == state


@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=6), st.integers(1, 4))
def test_every_point_has_a_state_that_is_open_as_long_as_it_waits(states: list[TrialState], count: int) -> None:
    state = state_of(states, count)
    if lacks_repeats(states, count) or all(one in OPEN_TRIAL_STATES for one in states):
        assert state in OPEN_TRIAL_STATES
    if OPEN_TRIAL_STATES.isdisjoint(states) and not lacks_repeats(states, count):
        assert state in states


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6), st.sampled_from(["minimize", "maximize"]))
def test_a_point_has_the_statistics_of_its_values(values: list[float], goal: Any) -> None:
    judged = {
        "mean": statistics.fmean(values),
        "median": statistics.median(values),
        "worst": max(values) if goal == "minimize" else min(values),
        "best": min(values) if goal == "minimize" else max(values),
    }
    for judge, value in judged.items():
        repeats = Repeats(count=len(values), judge=judge)  # type: ignore[arg-type]
        (point,) = points_of(ran(1, *values), repeats, goal=goal)
        assert point.value == pytest.approx(value, rel=1e-9, abs=1e-6)
        assert point.spread == pytest.approx(statistics.stdev(values))
        assert point.error == pytest.approx(statistics.stdev(values) / math.sqrt(len(values)))
        assert (point.values, point.wanted, point.state) == (len(values), len(values), "finished")


def test_the_value_is_from_the_trials_that_have_one() -> None:
    trials = [
        Ran(1, 1, 1.0),
        Ran(2, 1, 9.0, "failed"),
        Ran(3, 1, 3.0),
        Ran(4, 1, 5.0, "running"),
        Ran(5, 1, 100.0, ignored=True),
        Ran(6, 1, 100.0, discarded=True),
    ]
    (point,) = points_of(trials, Repeats(count=5), goal="minimize")
    assert (point.value, point.values, point.wanted, point.failed) == (2.0, 2, 5, 1)
    assert (point.state, point.trials, point.best_trial) == ("running", [1, 2, 3, 4, 5], 1)


def test_a_method_sees_one_observation_of_a_point() -> None:
    seen = [
        Observation(1, {"lr": 0.1}, 1.0, "finished", 2.0, (1.0, 5.0)),
        Observation(1, {"lr": 0.1}, 3.0, "finished", 4.0, (3.0, 7.0)),
        Observation(1, {"lr": 0.1}, None, "failed", None),
    ]
    assert fold(7, seen, Repeats(count=3)) == Observation(
        7, {"lr": 0.1}, 2.0, "finished", 3.0, (2.0, 6.0), spread=statistics.stdev([1.0, 3.0]), repeats=2
    )
    assert fold(7, seen[:2], Repeats(count=3)).state == "running"
    assert fold(1, seen[:1], Repeats()) is seen[0]


def test_points_run_one_after_the_other_until_each_has_its_trials() -> None:
    repeats = Repeats(count=2)
    assert point_to_repeat([], repeats, goal="minimize") is None
    assert point_to_repeat([*ran(1, 1.0), Ran(20, 2, state="running")], repeats, goal="minimize") == 1
    assert point_to_repeat([*ran(1, 1.0, 2.0), *ran(2, 3.0)], repeats, goal="minimize") == 2
    assert point_to_repeat([*ran(1, 1.0, 2.0), *ran(2, 3.0, 4.0)], repeats, goal="minimize") is None


def test_the_next_point_waits_for_the_trials_of_a_pending_one() -> None:
    repeats = Repeats(count=2)
    assert awaits_lease([Ran(1, 1, state="pending")], repeats)
    assert not awaits_lease([Ran(1, 1, state="running")], repeats)
    assert not awaits_lease([Ran(1, 1), Ran(2, 1, state="pending")], repeats)


@pytest.mark.parametrize(("goal", "sign"), [("minimize", 1), ("maximize", -1)])
def test_points_that_may_be_the_best_run_again(goal: Any, sign: int) -> None:
    def after(*values: tuple[float, ...]) -> int | None:
        found = [ran(point, *(sign * value for value in one)) for point, one in enumerate(values, 1)]
        return point_to_repeat([trial for trials in found for trial in trials], Repeats(count=2, max=4), goal=goal)

    assert after((1.0, 3.0)) is None, "there is nothing to compare it with"
    assert after((1.0, 1.2), (5.0, 5.2)) is None, "the intervals are apart"
    assert after((1.0, 3.0), (1.5, 3.5), (9.0, 9.1)) == 1, "the better of two that have two trials each"
    assert after((1.0, 3.0, 2.0), (1.5, 3.5), (9.0, 9.1)) == 2, "the one with fewer trials"
    assert after((1.0, 3.0, 2.0, 2.0), (1.5, 3.5, 2.5, 2.5)) is None, "both have `max` trials"
    assert after((1.0, 3.0, 2.0, 2.0), (1.5, 3.5)) == 2, "the best one has `max` trials"


def test_a_point_that_runs_again_is_left_alone_until_its_trial_has_ended() -> None:
    trials = [*ran(1, 1.0, 3.0), Ran(15, 1, state="running"), *ran(2, 1.5, 3.5)]
    assert point_to_repeat(trials, Repeats(count=2, max=4), goal="minimize") == 2
    trials = [*trials, Ran(25, 2, state="running")]
    assert point_to_repeat(trials, Repeats(count=2, max=4), goal="minimize") is None


def test_a_point_that_has_not_all_its_trials_ranks_last() -> None:
    points = points_of([*ran(1, 0.1), *ran(2, 2.0, 2.0), *ran(3, 1.0, 1.0)], Repeats(count=2), goal="minimize")
    assert [point.number for point in ranked(points, goal="minimize")] == [3, 2, 1]
