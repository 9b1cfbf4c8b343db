"""The points of a sweep with repeats: their values, the best one, and the point that runs again next. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from lightning_sweeps.messages import OPEN_TRIAL_STATES, Goal, SweepPoint, TrialState
from lightning_sweeps.sweeps.repeats import VALUED_STATES, Repeats, combine, lacks_repeats, state_of


class Repeat(Protocol):
    """A trial of a point: a message or a row of the trial table."""

    @property
    def number(self) -> int: ...
    @property
    def point(self) -> int: ...
    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def state(self) -> TrialState: ...
    @property
    def objective(self) -> float | None: ...
    @property
    def end_number(self) -> int | None: ...
    @property
    def ignored(self) -> bool | None: ...
    @property
    def discarded(self) -> bool | None: ...


def points_of(trials: Iterable[Repeat], repeats: Repeats, *, goal: Goal) -> list[SweepPoint]:
    """Return the points of a sweep by number. Discarded trials are left out."""
    by_point: dict[int, list[Repeat]] = {}
    for trial in trials:
        if not trial.discarded:
            by_point.setdefault(trial.point, []).append(trial)
    return [_point(number, by_point[number], repeats, goal) for number in sorted(by_point)]


def _point(number: int, trials: Sequence[Repeat], repeats: Repeats, goal: Goal) -> SweepPoint:
    sign, states = _sign(goal), [trial.state for trial in trials]
    valued = [
        (sign * trial.objective, trial)
        for trial in trials
        if trial.state in VALUED_STATES and not trial.ignored and trial.objective is not None
    ]
    values = [value for value, _ in valued]
    value = combine(values, repeats.judge)
    spread = statistics.stdev(values) if len(values) > 1 else None
    ends = [trial.end_number for trial in trials if trial.state not in OPEN_TRIAL_STATES and trial.end_number]
    return SweepPoint(
        number=number,
        params=trials[0].params,
        state=state_of(states, repeats.count),
        value=None if value is None else sign * value,
        spread=spread,
        error=None if spread is None else spread / math.sqrt(len(values)),
        values=len(values),
        wanted=max(repeats.count, len(trials)),
        failed=sum(state in ("failed", "lost", "preempted") for state in states),
        stopped=states.count("stopped"),
        trials=[trial.number for trial in trials],
        best_trial=min(valued, key=lambda pair: (pair[0], pair[1].number))[1].number if valued else None,
        end_number=max(ends, default=None),
    )


def ranked(points: Iterable[SweepPoint], *, goal: Goal) -> list[SweepPoint]:
    """Return the points with a value, best first. Points whose repeats have not all ended come last."""
    sign = _sign(goal)
    valued = [
        (point.state in OPEN_TRIAL_STATES, sign * point.value, point) for point in points if point.value is not None
    ]
    return [point for *_, point in sorted(valued, key=lambda entry: (entry[0], entry[1], entry[2].number))]


def point_to_repeat(trials: Sequence[Repeat], repeats: Repeats, *, goal: Goal) -> int | None:
    """Return the number of the point that runs again next; None if the method chooses the next point.

    A point first gets its `count` trials, the oldest point first. Then a point that may be the best one gets more,
    up to `max`.
    """
    states = _states(trials)
    lacking = [number for number, found in states.items() if lacks_repeats(found, repeats.count)]
    if lacking or repeats.max is None:
        return min(lacking, default=None)
    busy = {number for number, found in states.items() if not OPEN_TRIAL_STATES.isdisjoint(found)}
    return _unclear_point(points_of(trials, repeats, goal=goal), busy, limit=repeats.max, goal=goal)


def awaits_lease(trials: Sequence[Repeat], repeats: Repeats) -> bool:
    """Return whether a point with a pending trial gets another one of its first `count` trials once that is leased."""
    leased: dict[TrialState, TrialState] = {"pending": "leased"}
    return any(
        "pending" in found and lacks_repeats([leased.get(state, state) for state in found], repeats.count)
        for found in _states(trials).values()
    )


def _states(trials: Iterable[Repeat]) -> dict[int, list[TrialState]]:
    """Return the states of the trials of each point, without discarded trials."""
    states: dict[int, list[TrialState]] = {}
    for trial in trials:
        if not trial.discarded:
            states.setdefault(trial.point, []).append(trial.state)
    return states


def _unclear_point(points: Sequence[SweepPoint], busy: set[int], *, limit: int, goal: Goal) -> int | None:
    """Return the point whose next repeat tells most about which point is the best; None if that is clear.

    The best point and each point whose interval of value plus or minus standard error overlaps with that of the best
    one may be the best. The one with the fewest trials runs again. This is the idea of LUCB: Kalyanakrishnan, Tewari,
    Auer and Stone, "PAC Subset Selection in Stochastic Multi-armed Bandits" (2012).
    """
    sign = _sign(goal)
    known = [
        (sign * point.value, point.error, point)
        for point in points
        if point.state == "finished" and point.value is not None and point.error is not None
    ]
    if not known:
        return None
    best_value, best_error, best = min(known, key=lambda entry: (entry[0], entry[2].number))
    rivals = [entry for entry in known if entry[2] is not best and entry[0] - entry[1] < best_value + best_error]
    if not rivals:
        return None
    unclear = [
        (len(point.trials), value, point.number)
        for value, _, point in [(best_value, best_error, best), *rivals]
        if len(point.trials) < limit and point.number not in busy
    ]
    return min(unclear)[2] if unclear else None


def _sign(goal: Goal) -> int:
    return 1 if goal == "minimize" else -1
