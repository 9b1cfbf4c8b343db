"""Suggests the next trial of a sweep.

A suggestion knows every result that was there when the agent asked. While values of an ended trial are on their way,
the agent waits for them, at most `VALUES_WAIT_S`. A pending trial whose suggestion knows less is suggested again.

A method that answers at once is called inside the transaction of the agent's request (`suggest_at_once`). A fitted
method runs in a worker process between `prepare_next` and `add_suggested`, each in its own transaction. Its suggestion
is dropped if another server process added the trial first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Row, delete, exists, func, select
from sqlalchemy.exc import SQLAlchemyError

from lightning_sweeps.engine import limits, points, sweeps, trials
from lightning_sweeps.engine.history import TrialHistory
from lightning_sweeps.engine.tried_points import forget_order, index_of
from lightning_sweeps.errors import SuggestionFailed
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.definition import SweepDefinition, define_sweep
from lightning_sweeps.sweeps.demand import prepares_ahead, unserved
from lightning_sweeps.sweeps.fit import FitAnswer, FitRequest
from lightning_sweeps.sweeps.suggestion import check_suggestion

VALUES_WAIT_S = 30.0
"""How long after the end of a trial's processes a suggestion waits for its values."""

RECENT_TRIALS = 50
"""Number of ended trials whose duration is compared with that of a fit."""

_trial = schema.trial

NextStep: TypeAlias = Literal["lease", "prepare", "wait"]
"""What a waiting agent's request does next.

lease: try to lease; a trial is pending, or the sweep is over. prepare: ask the worker for a trial. wait: nothing.
"""


@dataclass(frozen=True, slots=True)
class Request:
    """An agent's request for a trial.

    Attributes:
        asked: when the server got it, in seconds since the epoch.
        fit_s: how long the sweep's last fit took, in seconds; 0 if there was none.
    """

    asked: float
    fit_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """The trial that a suggestion is for.

    Attributes:
        number: the trial's number.
        point: number of its point, which is the method's number of the trial.
        trial_id: the pending trial whose point is replaced; None for a new trial.
        known_ends: number of results that the suggestion knows; None if the method does not use results.
        search_changes: how often users had changed the search.
    """

    number: int
    point: int
    trial_id: str | None
    known_ends: int | None
    search_changes: int = 0


@dataclass(frozen=True, slots=True)
class PlannedFit:
    """A request to the worker, and the trial that its answer is for."""

    request: FitRequest
    place: Place


def results_needed(
    connection: Connection, sweep_id: str, definition: SweepDefinition, request: Request, *, now: float
) -> int | None:
    """Return how many results the suggestion for an agent must know.

    Returns:
        The number of results; None if the agent must wait, because values are on their way.
    """
    if not definition.method.needs_metric or is_prepared_ahead(connection, sweep_id, fit_s=request.fit_s):
        return 0
    if _awaits_values(connection, sweep_id, asked=request.asked, now=now):
        return None
    return trials.last_end(connection, sweep_id, until=request.asked)


def is_usable(needed: int | None) -> Any:
    """Return the condition that a pending trial may be leased. Points of users and retries need no results."""
    is_independent = _trial.c.known_ends.is_(None) | (_trial.c.attempt > 1)
    return is_independent if needed is None else is_independent | (_trial.c.known_ends >= needed)


def suggest_at_once(connection: Connection, sweep_id: str, *, needed: int | None, now: float) -> bool:
    """Add the next trial, if one is wanted and it needs no worker. Return whether a trial was added.

    It is another trial of a point, if one is due, or a new point.

    Args:
        connection: the caller's transaction, in which no usable trial is pending.
        sweep_id: the sweep.
        needed: number of results that the suggestion must know; None: values are on their way, so no new point.
        now: current time in seconds since the epoch.

    Raises:
        SuggestionFailed: the method raised, or suggested something that is not in the space. Nothing is changed.
    """
    row = sweeps.lock_sweep(connection, sweep_id)
    if _add_repeat(connection, row, now=now):
        return True
    definition = define_sweep(row.config)
    method, space = definition.method, definition.space
    place = None if needed is None else _find_place(connection, row, definition, needed=needed, now=now)
    if place is None:
        return False
    history = TrialHistory(connection, sweep_id, definition, without=place.trial_id)
    with _failures_of_the_method():
        if not method.is_fitted:
            suggestion = method.suggest(space, history, number=place.point, seed=row.seed)
        elif place.point <= method.initial_count(space) and not method.needs_model(space, history, number=place.point):
            suggestion = method.initial_point(space, history, number=place.point, seed=row.seed)
        else:
            return False  # the worker chooses it; reading the whole history here would gain nothing
        params = check_suggestion(space, suggestion)
    return _put(connection, row, definition, place, params, chosen_by="method", now=now)


def prepare_next(
    connection: Connection, sweep_id: str, *, asked: tuple[float, ...], fit_s: float, now: float
) -> PlannedFit | bool:
    """Add the next trial of a fitted method if a waiting agent needs one and no model is needed.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        asked: when each waiting agent asked, in seconds since the epoch.
        fit_s: how long the sweep's last fit took, in seconds; 0 if there was none.
        now: current time in seconds since the epoch.

    Returns:
        True: a trial was added. False: no trial is wanted, values are on their way, or the space is exhausted. A
        planned fit: the worker must choose the trial.

    Raises:
        SuggestionFailed: the method raised, or suggested something that is not in the space. Nothing is changed.
    """
    row = sweeps.lock_sweep(connection, sweep_id)
    definition = define_sweep(row.config)
    method, space = definition.method, definition.space
    needed = _needed_next(connection, sweep_id, definition, asked=asked, fit_s=fit_s, now=now)
    if needed is not None and _add_repeat(connection, row, now=now):
        return True
    place = None if needed is None else _find_place(connection, row, definition, needed=needed, now=now)
    if place is None:
        return False
    history = TrialHistory(connection, sweep_id, definition, without=place.trial_id)
    with _failures_of_the_method():
        if method.needs_model(space, history, number=place.point):
            return PlannedFit(_request(row, definition, place.point, history), place)
        suggestion = method.initial_point(space, history, number=place.point, seed=row.seed)
        params = check_suggestion(space, suggestion)
    return _put(connection, row, definition, place, params, chosen_by="method", now=now)


def next_step(connection: Connection, sweep_id: str, request: Request, *, now: float) -> NextStep:
    """Return what a waiting agent's request does next. This writes nothing and takes no lock."""
    table = schema.sweep
    row = connection.execute(select(table).where(table.c.id == sweep_id)).one_or_none()
    if row is None or row.state in controller.END_STATES:
        return "lease"
    if row.state != "running":
        has_just_failed = sweeps.is_paused_by_failures(row) and row.changed > request.asked
        return "lease" if has_just_failed else "wait"
    definition = define_sweep(row.config)
    if definition.config.resources.nodes > 1:
        return "lease"  # agents on other machines may wait for this one
    needed = results_needed(connection, sweep_id, definition, request, now=now)
    is_pending = (_trial.c.sweep_id == sweep_id) & (_trial.c.state == "pending")
    if connection.scalar(select(exists().where(is_pending, is_usable(needed)))):
        return "lease"
    progress = sweeps.progress_of(connection, row, now=now)
    if controller.may_suggest(progress) and points.next_repeat(connection, row) is not None:
        return "lease"
    if needed is None or not (controller.may_suggest(progress) or progress.counts.get("pending")):
        return "wait"
    return "prepare" if definition.method.is_fitted else "lease"


def add_suggested(connection: Connection, sweep_id: str, place: Place, fitted: FitAnswer, *, now: float) -> bool:
    """Add the trial that a model chose, and return whether it was added.

    It is not if another server process added one first, or if a user changed the search meanwhile.
    """
    row = sweeps.lock_sweep(connection, sweep_id)
    if place.trial_id is not None:
        is_there = (_trial.c.id == place.trial_id) & (_trial.c.state == "pending") & (_trial.c.attempt == 1)
        is_current = row.state == "running" and connection.scalar(select(exists().where(is_there)))
    else:
        is_current = trials.last_number(connection, sweep_id) + 1 == place.number
        is_current = is_current and controller.may_suggest(sweeps.progress_of(connection, row, now=now))
    if is_current and (reason := limits.too_little_to_gain(connection, row, fitted.expected_improvement)):
        if place.trial_id is not None:
            connection.execute(delete(_trial).where(_trial.c.id == place.trial_id))
        sweeps.end_search(connection, sweep_id, reason, now=now)
        return False
    if not is_current or place.search_changes != (row.search_changes or 0):
        return False
    chosen_by: Literal["model", "random"] = "random" if fitted.is_random else "model"
    return _put(connection, row, define_sweep(row.config), place, fitted.params, chosen_by=chosen_by, now=now)


def is_prepared_ahead(connection: Connection, sweep_id: str, *, fit_s: float) -> bool:
    """Return whether the sweep's trials are prepared before an agent asks for one.

    The agents of one process count as one: a study (`ask_tell/`) tells a result before it asks for the next trial.
    """
    if not fit_s:
        return False
    agent = schema.agent
    is_at_work = (agent.c.sweep_id == sweep_id) & agent.c.state.in_(("idle", "working"))
    processes = select(agent.c.node, agent.c.pid).where(is_at_work).distinct().subquery()
    agents = connection.scalar(select(func.count()).select_from(processes)) or 0
    ended = select(_trial.c.ended - _trial.c.started).where(
        _trial.c.sweep_id == sweep_id, _trial.c.end_number.is_not(None), _trial.c.started.is_not(None)
    )
    recent = connection.scalars(ended.order_by(_trial.c.end_number.desc()).limit(RECENT_TRIALS)) if agents > 1 else ()
    return prepares_ahead(fit_s=fit_s, durations_s=list(recent), agents=agents)


def _awaits_values(connection: Connection, sweep_id: str, *, asked: float, now: float) -> bool:
    """Return whether values of a trial that had ended when the agent asked are on their way."""
    is_ending = (_trial.c.sweep_id == sweep_id) & (_trial.c.state == "ending")
    is_due = (_trial.c.ended <= asked) & (_trial.c.ended > now - VALUES_WAIT_S)
    return bool(connection.scalar(select(exists().where(is_ending, is_due))))


def _needed_next(
    connection: Connection,
    sweep_id: str,
    definition: SweepDefinition,
    *,
    asked: tuple[float, ...],
    fit_s: float,
    now: float,
) -> int | None:
    """Return how many results the next suggestion must know; None if none is wanted now."""
    is_pending = (_trial.c.sweep_id == sweep_id) & (_trial.c.state == "pending")
    last = trials.last_end(connection, sweep_id)
    columns = select(_trial.c.known_ends, _trial.c.attempt).where(is_pending)
    known = [last if row[0] is None or row[1] > 1 else row[0] for row in connection.execute(columns)]
    if is_prepared_ahead(connection, sweep_id, fit_s=fit_s):
        return 0 if len(known) < max(len(asked), 1) else None
    if not definition.method.needs_metric:
        return 0 if len(known) < len(asked) else None
    times = sorted(asked)
    needs = [trials.last_end(connection, sweep_id, until=at) for at in times]
    lacking = unserved(needs, known)
    if not lacking:
        return None
    oldest = times[needs.index(lacking[0])]
    return None if _awaits_values(connection, sweep_id, asked=oldest, now=now) else lacking[0]


def _find_place(
    connection: Connection, row: Row[Any], definition: SweepDefinition, *, needed: int, now: float
) -> Place | None:
    """Return the trial that the next suggestion is for; None if the sweep may not have another one."""
    known = trials.last_end(connection, row.id) if definition.method.needs_metric else None
    outdated = select(_trial.c.number, points.POINT.label("point"), _trial.c.id).where(
        _trial.c.sweep_id == row.id, _trial.c.state == "pending", ~is_usable(needed)
    )
    found = connection.execute(outdated.order_by(_trial.c.number).limit(1).with_for_update()).one_or_none()
    if found is not None and row.state == "running":
        return Place(found.number, found.point, found.id, known, row.search_changes or 0)
    if not controller.may_suggest(sweeps.progress_of(connection, row, now=now)):
        return None
    if points.is_repeat_to_come(connection, row):
        return None
    number, point = trials.last_number(connection, row.id) + 1, points.last_point(connection, row.id) + 1
    return Place(number, point, None, known, row.search_changes or 0)


def _add_repeat(connection: Connection, row: Row[Any], *, now: float) -> bool:
    """Add the trial that runs a point of a locked sweep again, if one is due. Return whether one was added."""
    planned = points.next_repeat(connection, row)
    if planned is None or not controller.may_suggest(sweeps.progress_of(connection, row, now=now)):
        return False
    number = trials.last_number(connection, row.id) + 1
    index = index_of(define_sweep(row.config).space, planned.params)
    place = {"point_number": planned.point, "repeat": planned.repeat, "point_index": index}
    origin: dict[str, object] = {"chosen_by": "repeat", **place}
    trials.add_trial(connection, row.id, number=number, params=planned.params, now=now, **origin)
    return True


@contextmanager
def _failures_of_the_method() -> Iterator[None]:
    """Turn what a search method raises into `SuggestionFailed`. The database's own errors pass: the caller retries."""
    try:
        yield
    except (SQLAlchemyError, SuggestionFailed):
        raise
    except Exception as error:  # a method of another package may raise anything
        raise SuggestionFailed(f"{type(error).__name__}: {error}") from error


def _request(row: Row[Any], definition: SweepDefinition, number: int, history: TrialHistory) -> FitRequest:
    config = definition.config
    parameters = row.config["parameters"]
    return FitRequest(
        config.method,
        parameters,
        definition.imputation,
        list(history),
        number,
        row.seed,
        config.constraints,
        needs_improvement=config.stop_when is not None and config.stop_when.expected_improvement is not None,
    )


def _put(
    connection: Connection,
    sweep: Row[Any],
    definition: SweepDefinition,
    place: Place,
    params: dict[str, Any] | None,
    *,
    chosen_by: Literal["model", "random", "method"],
    now: float,
) -> bool:
    """Add the suggested trial, or replace the point of a pending one. Return whether there is a trial."""
    if params is None:
        if place.trial_id is not None:
            connection.execute(delete(_trial).where(_trial.c.id == place.trial_id))
        sweeps.mark_exhausted(connection, sweep.id)
        sweeps.finish_if_done(connection, sweep.id, now=now)
        return False
    index = index_of(definition.space, params)
    origin: dict[str, object] = {"chosen_by": chosen_by, "known_ends": place.known_ends, "point_index": index}
    if place.trial_id is not None:
        trials.change(connection, place.trial_id, params=params, **origin)
        forget_order(connection, sweep.id)
        return True
    origin["point_number"] = place.point
    trials.add_trial(connection, sweep.id, number=place.number, params=params, now=now, **origin)
    if definition.method.is_exhaustive and index is not None:
        sweeps.change(connection, sweep.id, tried_below=index)  # the method takes the first point that is free
    return True
