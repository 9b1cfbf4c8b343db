"""Suggests the next trial of a sweep.

A method that answers at once is called inside the transaction. A fitted method runs in a worker process between
`suggest_next` and `add_suggested`, each in its own transaction. Its suggestion is dropped if another server process
added the trial first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import SQLAlchemyError

from lightning_sweeps.engine import sweeps, trials
from lightning_sweeps.engine.history import TrialHistory
from lightning_sweeps.errors import SuggestionFailed
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.definition import SweepDefinition, define_sweep
from lightning_sweeps.sweeps.fit import FitRequest
from lightning_sweeps.sweeps.suggestion import check_suggestion

NextStep: TypeAlias = Literal["lease", "prepare", "wait"]
"""What a waiting agent's request does next.

lease: try to lease; a trial is pending, or the sweep is over. prepare: ask the worker for a trial. wait: nothing.
"""


def suggest_next(connection: Connection, sweep_id: str, *, ahead: int | None, now: float) -> FitRequest | bool:
    """Add the next trial if one is wanted and no model is needed.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        ahead: how many trials should be pending. None: an agent asks for one now.
        now: current time in seconds since the epoch.

    Returns:
        True: a trial was added. False: no trial is wanted, or the space is exhausted. A request: the worker must choose
        the trial.

    Raises:
        SuggestionFailed: the method raised, or suggested something that is not in the space. Nothing is changed.
    """
    row = sweeps.lock_sweep(connection, sweep_id)
    progress = sweeps.progress_of(connection, row)
    pending = progress.counts.get("pending", 0)
    if not controller.may_suggest(progress) or (ahead is not None and pending >= max(ahead, 1)):
        return False
    definition = define_sweep(row.config)
    method, space = definition.method, definition.space
    number = trials.last_number(connection, sweep_id) + 1
    history = TrialHistory(connection, sweep_id, definition)
    if not method.is_fitted:
        with _failures_of_the_method():
            params = check_suggestion(space, method.suggest(space, history, number=number, seed=row.seed))
        return _add(connection, sweep_id, number, params, now=now)
    with _failures_of_the_method():
        is_initial = number <= method.initial_count(space)
        if ahead is None and not is_initial:
            return False  # the worker prepares these trials; reading the whole history here would gain nothing
        if method.needs_model(space, history, number=number):
            return _request(row, definition, number, history)
        if not is_initial and ahead is not None and pending >= ahead:
            return False  # no agent waits, and a model will have more results when the running trials have ended
        params = check_suggestion(space, method.initial_point(space, history, number=number, seed=row.seed))
    return _add(connection, sweep_id, number, params, now=now)


def next_step(connection: Connection, sweep_id: str) -> NextStep:
    """Return what a waiting agent's request does next. This writes nothing and takes no lock."""
    table = schema.sweep
    row = connection.execute(select(table).where(table.c.id == sweep_id)).one_or_none()
    if row is None or row.state in controller.END_STATES:
        return "lease"
    progress = sweeps.progress_of(connection, row)
    if progress.state == "running" and progress.counts.get("pending"):
        return "lease"
    definition = define_sweep(row.config)
    if progress.state == "running" and definition.config.resources.nodes > 1:
        return "lease"  # agents on other machines may wait for this one
    if not controller.may_suggest(progress):
        return "wait"
    return "prepare" if definition.method.is_fitted else "lease"


def add_suggested(
    connection: Connection, sweep_id: str, *, number: int, params: dict[str, Any] | None, now: float
) -> bool:
    """Add the trial that a model chose, and return whether it was added."""
    row = sweeps.lock_sweep(connection, sweep_id)
    is_current = trials.last_number(connection, sweep_id) + 1 == number
    if not is_current or not controller.may_suggest(sweeps.progress_of(connection, row)):
        return False
    return _add(connection, sweep_id, number, params, now=now)


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
        config.method, parameters, definition.imputation, list(history), number, row.seed, config.constraints
    )


def _add(connection: Connection, sweep_id: str, number: int, params: dict[str, Any] | None, *, now: float) -> bool:
    if params is None:
        sweeps.mark_exhausted(connection, sweep_id)
        sweeps.finish_if_done(connection, sweep_id, now=now)
        return False
    trials.add_trial(connection, sweep_id, number=number, params=params, now=now)
    return True
