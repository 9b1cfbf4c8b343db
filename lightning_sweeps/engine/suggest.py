"""The next trial of a sweep: what a method is asked, and what it answers, each in a transaction of its own.

Methods that answer at once are asked inside the transaction; a model is fitted outside, between `suggest_next` and
`add_suggested`, and its answer is dropped if another server process was faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, overload

from sqlalchemy import Connection, Row, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps, trials
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps import controller
from lightning_sweeps.sweeps.config import SweepConfig, read_config
from lightning_sweeps.sweeps.fit import FitRequest
from lightning_sweeps.sweeps.methods import INLINE_METHODS, METHODS, Imputation, Observation
from lightning_sweeps.sweeps.methods.initial_points import first_point, needs_model, startup_count
from lightning_sweeps.sweeps.space import Space

Outlook: TypeAlias = Literal["ask", "prepare", "wait"]
"""ask: there is a trial to be had, or an end to be told; prepare: a model must be fitted; wait: neither."""


def suggest_next(connection: Connection, sweep_id: str, *, ahead: int | None, now: float) -> FitRequest | bool:
    """Add the next trial if one is wanted and its method answers at once.

    Args:
        ahead: how many trials should wait for an agent; None: one more, whatever waits, unless it takes a model.

    Returns:
        True: a trial was added. False: none is wanted, or there are no more. A request: a model must be asked.
    """
    row = sweeps.lock_sweep(connection, sweep_id)
    progress = sweeps.progress_of(connection, row)
    waiting = progress.counts.get("pending", 0)
    if not controller.may_suggest(progress) or (ahead is not None and waiting >= max(ahead, 1)):
        return False
    config = read_config(row.config)
    space = Space.of(config.parameters, config.constraints)
    number = trials.last_number(connection, sweep_id) + 1
    is_fitted = config.method not in INLINE_METHODS
    if ahead is None and is_fitted and (config.method != "bayes" or number > startup_count(space)):
        return False  # asked ahead of time: an agent that waits would only read the whole history for nothing
    history = LazyHistory(connection, sweep_id, config)
    if config.method in INLINE_METHODS:
        method = METHODS[config.method](Imputation())
        params = method.suggest(space, history, number=number, seed=row.seed)
    elif config.method != "bayes" or needs_model(space, history, number=number):
        return _request(row, config, number, list(history))
    elif number > startup_count(space) and ahead is not None and waiting >= ahead:
        return False  # nobody waits, and what runs now will tell a model where to go
    else:
        params = first_point(space, history, number=number, seed=row.seed)
    return _add(connection, sweep_id, number, params, now=now)


def outlook(connection: Connection, sweep_id: str) -> Outlook:
    """Return what an agent that waits should do: a look that writes nothing and locks nothing."""
    table = schema.sweep
    row = connection.execute(select(table).where(table.c.id == sweep_id)).one_or_none()
    if row is None or row.state in controller.END_STATES:
        return "ask"
    progress = sweeps.progress_of(connection, row)
    if progress.state == "running" and progress.counts.get("pending"):
        return "ask"
    config = read_config(row.config)
    if progress.state == "running" and config.resources.nodes > 1:
        return "ask"  # a trial that other nodes hold may lack this one
    if not controller.may_suggest(progress):
        return "wait"
    return "ask" if config.method in INLINE_METHODS else "prepare"


def add_suggested(
    connection: Connection, sweep_id: str, *, number: int, params: dict[str, Any] | None, now: float
) -> bool:
    """Add the trial that a model chose; tell whether it was added."""
    row = sweeps.lock_sweep(connection, sweep_id)
    is_current = trials.last_number(connection, sweep_id) + 1 == number
    if not is_current or not controller.may_suggest(sweeps.progress_of(connection, row)):
        return False
    return _add(connection, sweep_id, number, params, now=now)


class LazyHistory(Sequence[Observation]):
    """A sweep's trials as methods see them, read when a method first looks: a grid never does."""

    def __init__(self, connection: Connection, sweep_id: str, config: SweepConfig) -> None:
        self._connection = connection
        self._sweep_id = sweep_id
        self._sign = 1 if config.goal == "minimize" else -1
        self._several = [(metric.name, 1 if metric.goal == "minimize" else -1) for metric in config.metrics or []]
        self._loaded: list[Observation] | None = None

    def __len__(self) -> int:
        return len(self._load())

    @overload
    def __getitem__(self, index: int) -> Observation: ...
    @overload
    def __getitem__(self, index: slice) -> list[Observation]: ...
    def __getitem__(self, index: int | slice) -> Observation | list[Observation]:
        return self._load()[index]

    def _load(self) -> list[Observation]:
        if self._loaded is None:
            table = schema.trial
            names = ("number", "params", "objective", "state", "last_objective", "ignored")
            columns = [table.c[name] for name in names]
            columns += [table.c.judged] if self._several else []
            query = select(*columns).where(table.c.sweep_id == self._sweep_id).order_by(table.c.number)
            found = self._connection.execute(query).all()
            self._loaded = [*self._prior(), *(self._observation(row) for row in found)]
        return self._loaded

    def _observation(self, row: Row[Any]) -> Observation:
        if row.ignored and row.state not in m.OPEN_TRIAL_STATES:
            return Observation(row.number, row.params, None, "lost")  # tried, but nothing is to be learned from it
        return Observation(
            row.number,
            row.params,
            self._oriented(row.objective),
            row.state,
            self._oriented(row.last_objective),
            self._objectives(row.judged) if self._several else (),
        )

    def _prior(self) -> list[Observation]:
        """Return what the sweep began with, as trials whose numbers end at 0."""
        query = select(schema.sweep.c.prior).where(schema.sweep.c.id == self._sweep_id)
        known = self._connection.scalar(query) or []
        return [
            Observation(number, params, self._oriented(value), "finished", self._oriented(value))
            for number, (params, value) in enumerate(known, 1 - len(known))
        ]

    def _objectives(self, judged: dict[str, Any]) -> tuple[float, ...]:
        values = judged.get("values", {})
        has_all = all(name in values for name, _ in self._several)
        return tuple(sign * values[name] for name, sign in self._several) if has_all else ()

    def _oriented(self, value: float | None) -> float | None:
        return None if value is None else self._sign * value


def _request(row: Row[Any], config: SweepConfig, number: int, history: list[Observation]) -> FitRequest:
    imputation = Imputation()
    if config.primary is not None:
        imputation = Imputation(config.primary.impute, config.primary.impute_while_running)
    parameters = row.config["parameters"]
    return FitRequest(config.method, parameters, imputation, history, number, row.seed, config.constraints)


def _add(connection: Connection, sweep_id: str, number: int, params: dict[str, Any] | None, *, now: float) -> bool:
    if params is None:
        sweeps.mark_exhausted(connection, sweep_id)
        sweeps.finish_if_done(connection, sweep_id, now=now)
        return False
    trials.add_trial(connection, sweep_id, number=number, params=params, now=now)
    return True
