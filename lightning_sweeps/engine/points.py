"""The points of a sweep whose key `repeats` gives them several trials. `sweeps/sweep_points.py` decides.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from lightning_sweeps import messages as m
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps import sweep_points
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.settings import SweepSettings
from lightning_sweeps.sweeps.user_point import keep_point

_trial = schema.trial

POINT = func.coalesce(_trial.c.point_number, _trial.c.number)
"""The number of a trial's point."""


@dataclass(frozen=True, slots=True)
class PlannedRepeat:
    """Another trial of a point: the number of the point, which repeat it is, and the parameter set."""

    point: int
    repeat: int
    params: dict[str, Any]


def last_point(connection: Connection, sweep_id: str) -> int:
    """Return the largest number of a point of the sweep; 0 if it has no trials."""
    return connection.scalar(select(func.coalesce(func.max(POINT), 0)).where(_trial.c.sweep_id == sweep_id)) or 0


def list_points(connection: Connection, sweep_id: str, settings: SweepSettings) -> list[m.SweepPoint]:
    """Return the sweep's points by number."""
    return sweep_points.points_of(_repeats(connection, sweep_id), settings.repeats, goal=settings.goal)


def changed_points(
    connection: Connection, sweep_id: str, settings: SweepSettings, changed: Sequence[m.Trial]
) -> list[m.SweepPoint]:
    """Return the points of trials that changed; none in a sweep without repeats."""
    if not settings.repeats.is_used or not changed:
        return []
    numbers = {trial.point for trial in changed}
    return [point for point in list_points(connection, sweep_id, settings) if point.number in numbers]


def best_point(connection: Connection, sweep_id: str, settings: SweepSettings) -> m.SweepPoint | None:
    """Return the point with the best value. One whose trials have not all ended is best only without another one."""
    found = sweep_points.ranked(list_points(connection, sweep_id, settings), goal=settings.goal)
    return found[0] if found else None


def ended_points(connection: Connection, sweep_id: str, settings: SweepSettings) -> list[m.SweepPoint]:
    """Return the points with a value whose trials have ended, in the order of their ends."""
    found = [
        point
        for point in list_points(connection, sweep_id, settings)
        if point.value is not None and point.state not in m.OPEN_TRIAL_STATES
    ]
    return sorted(found, key=lambda point: point.end_number or 0)


def next_repeat(connection: Connection, sweep: Row[Any]) -> PlannedRepeat | None:
    """Return the trial that runs a point of a sweep again; None if the method chooses the next point."""
    settings = SweepSettings.of(sweep.config)
    if not settings.repeats.is_used:
        return None
    found = _in_space(sweep, _repeats(connection, sweep.id))
    number = sweep_points.point_to_repeat(found, settings.repeats, goal=settings.goal)
    if number is None:
        return None
    own = [trial for trial in found if trial.point == number]
    taken = {trial.repeat for trial in own}
    free = next(repeat for repeat in range(1, len(own) + 2) if repeat not in taken)
    return PlannedRepeat(number, free, own[0].params)


def _in_space(sweep: Row[Any], repeats: list[_Repeat]) -> list[_Repeat]:
    """Return the trials whose points are in the space of the sweep as it is now."""
    if not sweep.search_changes:
        return repeats
    space = define_sweep(sweep.config).space
    return [trial for trial in repeats if keep_point(space, trial.params) is not None]


def is_repeat_to_come(connection: Connection, sweep: Row[Any]) -> bool:
    """Return whether a point gets another trial as soon as an agent has leased its pending one."""
    settings = SweepSettings.of(sweep.config)
    return settings.repeats.is_used and sweep_points.awaits_lease(_repeats(connection, sweep.id), settings.repeats)


@dataclass(frozen=True, slots=True)
class _Repeat:
    number: int
    point: int
    repeat: int
    params: dict[str, Any]
    state: m.TrialState
    objective: float | None
    end_number: int | None
    ignored: bool
    discarded: bool


def _repeats(connection: Connection, sweep_id: str) -> list[_Repeat]:
    """Return the trials of a sweep that are not discarded, by number."""
    names = ("number", "repeat", "params", "state", "objective", "end_number", "ignored", "ending")
    columns = [_trial.c[name] for name in names]
    query = select(*columns, POINT.label("point")).where(_trial.c.sweep_id == sweep_id)
    query = query.where(_trial.c.discarded.is_not(True)).order_by(_trial.c.number)
    return [
        _Repeat(
            row.number,
            row.point,
            row.repeat or 1,
            row.params,
            _decided_state(row),
            row.objective,
            row.end_number,
            bool(row.ignored),
            discarded=False,
        )
        for row in connection.execute(query)
    ]


def _decided_state(row: Any) -> m.TrialState:
    """Return the state of a trial. One that waits for its last values may already be known to fail or to be stopped.

    So whether its point runs again does not depend on when these values arrive.
    """
    if row.state != "ending" or row.ending is None:
        state: m.TrialState = row.state
        return state
    if row.ending["end"]["state"] == "failed":
        return "failed"
    return "stopping" if row.ending["is_stopped"] else "ending"
