"""What a sweep has used and reached: the facts that the decisions in `sweeps/limits.py` need.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select

from lightning_sweeps import messages as m
from lightning_sweeps.core.durations import HOUR_S
from lightning_sweeps.engine import points, trials
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.limits import (
    Result,
    Usage,
    budget_reason,
    busy_s,
    expected_improvement_reason,
    no_improvement_reason,
)
from lightning_sweeps.sweeps.settings import NO_BUDGET, SweepSettings

_trial, _attempt = schema.trial, schema.trial_attempt


def limit_reached(connection: Connection, sweep: Row[Any], *, trials_counted: int, now: float) -> str:
    """Return which limit of a sweep is reached besides `run_cap` and an exhausted space; empty if none is."""
    settings = SweepSettings.of(sweep.config)
    if settings.budget != NO_BUDGET:
        used = usage_of(connection, sweep.id, trials_counted=trials_counted, now=now)
        if reason := budget_reason(settings.budget, used):
            return reason
    return _search_limit(connection, sweep, settings)


def _search_limit(connection: Connection, sweep: Row[Any], settings: SweepSettings) -> str:
    unit: Literal["trial", "point"] = "point" if settings.repeats.is_used else "trial"
    if settings.target is not None and (best := _best(connection, sweep.id, settings)) is not None:
        reason = controller.target_reason(
            f"{unit} {best.number}",
            best.value,
            metric=settings.metric or "",
            target=settings.target,
            goal=settings.goal,
        )
        if reason:
            return reason
    if settings.stop_when.no_improvement is not None:
        results, since = _results(connection, sweep.id, settings), sweep.continued_at or 0
        limit = settings.stop_when.no_improvement
        if reason := no_improvement_reason(limit, results, goal=settings.goal, since=since, unit=unit):
            return reason
    return sweep.search_end or ""


def too_little_to_gain(connection: Connection, sweep: Row[Any], expected: float | None) -> str:
    """Return why the search ends, given by how much the model expects to improve; empty if it goes on.

    Args:
        connection: the caller's transaction.
        sweep: the sweep, locked.
        expected: expected improvement, in units of the metric; None: not known.
    """
    settings = SweepSettings.of(sweep.config)
    threshold = settings.stop_when.expected_improvement
    best = _best(connection, sweep.id, settings)
    if threshold is None or expected is None or best is None:
        return ""
    count = len(_results(connection, sweep.id, settings))
    return expected_improvement_reason(threshold, expected, best=best.value, results=count)


def usage_of(connection: Connection, sweep_id: str, *, trials_counted: int, now: float) -> Usage:
    """Return what a sweep has used, running trials included."""
    agent, own = schema.agent, _trial.c.sweep_id == sweep_id
    gpu_s = connection.scalar(select(func.coalesce(func.sum(_trial.c.gpu_s), 0.0)).where(own)) or 0.0
    is_running = own & _trial.c.state.in_(trials.HELD_STATES) & _trial.c.started.is_not(None)
    at_work = select(agent.c.gpus, _trial.c.started).join(_trial, _trial.c.id == agent.c.trial_id).where(is_running)
    gpu_s += sum(len(gpus) * max(0.0, now - started) for gpus, started in connection.execute(at_work))
    times = select(_trial.c.started, func.coalesce(_trial.c.ended, now)).where(own, _trial.c.started.is_not(None))
    earlier = select(_attempt.c.started, _attempt.c.ended).join(_trial, _trial.c.id == _attempt.c.trial_id)
    earlier = earlier.where(own, _attempt.c.started.is_not(None))
    ran = [*connection.execute(times), *connection.execute(earlier)]
    return Usage(trials_counted, gpu_s / HOUR_S, busy_s((row[0], row[1]) for row in ran) / HOUR_S)


def best_trial(connection: Connection, sweep_id: str, goal: m.Goal) -> Row[Any] | None:
    """Return the trial with the best value, without failed, ignored and discarded ones."""
    order = _trial.c.objective.asc() if goal == "minimize" else _trial.c.objective.desc()
    query = (
        select(_trial)
        .where(_trial.c.sweep_id == sweep_id, _trial.c.objective.is_not(None))
        .where(_trial.c.state.not_in(m.FAILED_TRIAL_STATES), *_counts())
    )
    return connection.execute(query.order_by(order, _trial.c.number).limit(1)).one_or_none()


def _best(connection: Connection, sweep_id: str, settings: SweepSettings) -> Result | None:
    """Return the best trial; with repeats, the best point whose trials have ended."""
    if settings.repeats.is_used:
        ended = _results(connection, sweep_id, settings)
        sign = 1 if settings.goal == "minimize" else -1
        return min(ended, key=lambda result: (sign * result.value, result.number), default=None)
    row = best_trial(connection, sweep_id, settings.goal)
    return None if row is None else Result(row.end_number or 0, row.number, row.objective)


def _results(connection: Connection, sweep_id: str, settings: SweepSettings) -> list[Result]:
    """Return the ended trials with a value, in the order of their ends; with repeats, the points."""
    if settings.repeats.is_used:
        ended = points.ended_points(connection, sweep_id, settings)
        return [Result(point.end_number or 0, point.number, point.value) for point in ended if point.value is not None]
    query = (
        select(_trial.c.end_number, _trial.c.number, _trial.c.objective)
        .where(_trial.c.sweep_id == sweep_id, _trial.c.state.in_(("finished", "stopped")))
        .where(_trial.c.objective.is_not(None), _trial.c.end_number.is_not(None), *_counts())
    )
    return [Result(*row) for row in connection.execute(query.order_by(_trial.c.end_number))]


def _counts() -> tuple[Any, Any]:
    return _trial.c.ignored.is_not(True), _trial.c.discarded.is_not(True)
