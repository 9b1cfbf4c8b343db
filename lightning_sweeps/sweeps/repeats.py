"""Repeats: several trials of one point, each with its own seed. The key `repeats` of a sweep file. Pure.

A point has a value once its repeats have ended. docs/sweep-file.md explains the rules.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from lightning_sweeps.messages import OPEN_TRIAL_STATES, TrialState
from lightning_sweeps.sweeps.fields import Count, Section, Text, one_of, published, refuse, shown
from lightning_sweeps.sweeps.methods.method import Observation

Judge = Literal["mean", "median", "worst", "best"]
JUDGES: tuple[Judge, ...] = ("mean", "median", "worst", "best")

_COMBINE: dict[Judge, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "worst": max,
    "best": min,
}
"""How the values of a point become one. Lower values are better."""

_END_STATES: tuple[TrialState, ...] = ("stopped", "finished", "failed", "preempted", "lost")
"""A point whose repeats have ended is in the first of these states that one of them is in."""

VALUED_STATES: frozenset[str] = frozenset({"finished", "stopped"})
"""States of repeats whose values count."""


class Repeats(Section):
    """How many trials each point has, and what its value is."""

    count: Count = 1
    seed: Text | None = None  # the parameter that gives the program its seed
    judge: Annotated[Judge, BeforeValidator(one_of(*JUDGES)), published(enum=list(JUDGES))] = "mean"
    max: Count | None = None  # number of trials of a point that may be the best one; None: `count`

    @property
    def is_used(self) -> bool:
        """Whether points run more than once."""
        return self.count > 1


def as_map(value: object) -> object:
    """Return the map that the key `repeats` stands for: a number is the `count`."""
    if isinstance(value, Mapping | Repeats):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return {"count": value}
    raise refuse(f"is {shown(value)}, allowed: a whole number >= 1, or a map such as `{{count: 3, seed: seed}}`")


RepeatsKey = Annotated[
    Repeats,
    BeforeValidator(as_map),
    published(anyOf=[{"type": "integer", "minimum": 1}, Repeats.model_json_schema()]),
]


def repeats_of(raw: Mapping[str, Any]) -> Repeats:
    """Return the repeats of a stored sweep file, which was checked when the sweep was created."""
    return Repeats.model_validate(as_map(raw.get("repeats") or 1))


def combine(values: Sequence[float], judge: Judge) -> float | None:
    """Return the value of a point. Lower values are better. None: no repeat has a value."""
    return _COMBINE[judge](values) if values else None


def lacks_repeats(states: Sequence[TrialState], count: int) -> bool:
    """Return whether a point gets another of its first `count` trials now.

    It does not after one of them was stopped early, or if all that have ended failed: another one would rarely help.

    Args:
        states: states of the trials of the point.
        count: number of trials that a point has.
    """
    ended = [state for state in states if state not in OPEN_TRIAL_STATES]
    if len(states) >= count or not {"pending", "stopping", "stopped"}.isdisjoint(states):
        return False
    return not ended or "finished" in ended


def state_of(states: Sequence[TrialState], count: int) -> TrialState:
    """Return the state of a point. It is open until its first `count` trials have ended.

    Args:
        states: states of the trials of the point.
        count: number of trials that a point has.
    """
    ended = [state for state in states if state not in OPEN_TRIAL_STATES]
    is_waiting = len(ended) < len(states) and len(ended) < count
    if is_waiting or lacks_repeats(states, count):
        return "pending" if all(state == "pending" for state in states) else "running"
    return next(state for state in _END_STATES if state in ended)


def fold(number: int, trials: Sequence[Observation], repeats: Repeats) -> Observation:
    """Return the repeats of a point as one observation.

    Args:
        number: number of the point.
        trials: its repeats.
        repeats: the sweep's repeats.
    """
    if len(trials) == 1 and not repeats.is_used:
        return trials[0]
    counted = [trial for trial in trials if trial.state in VALUED_STATES]
    values = [trial.objective for trial in counted if trial.objective is not None]
    several = [trial.objectives for trial in counted if trial.objectives]
    return Observation(
        number,
        trials[0].params,
        combine(values, repeats.judge),
        state_of([trial.state for trial in trials], repeats.count),
        combine([trial.last for trial in counted if trial.last is not None], repeats.judge),
        tuple(_COMBINE[repeats.judge](column) for column in zip(*several, strict=True)),
        spread=statistics.stdev(values) if len(values) > 1 else None,
        repeats=len(values),
    )


def fold_all(trials: Iterable[tuple[int, Observation]], repeats: Repeats) -> list[Observation]:
    """Return one observation for each point, in the order of the points' first trials.

    Args:
        trials: the number of its point, and each trial.
        repeats: the sweep's repeats.
    """
    by_point: dict[int, list[Observation]] = {}
    for number, trial in trials:
        by_point.setdefault(number, []).append(trial)
    return [fold(number, found, repeats) for number, found in by_point.items()]
