"""A sweep's trials as search methods see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, overload

from sqlalchemy import Connection, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine.points import POINT
from lightning_sweeps.engine.tried_points import StoredPoints, has_indexes
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.methods import Observation
from lightning_sweeps.sweeps.methods.tried_points import History, TriedPoints, TriedSet
from lightning_sweeps.sweeps.repeats import fold_all
from lightning_sweeps.sweeps.space import Space
from lightning_sweeps.sweeps.user_point import keep_point

_COLUMNS = ("params", "objective", "state", "last_objective", "ignored")


class TrialHistory(History):
    """All trials of a sweep, read from the database when a method first uses them.

    In a sweep with repeats, all points: the trials of a point are one observation. After a change of the search, only
    the trials whose points are in the new space.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        definition: the sweep's definition.
        without: id of a trial to leave out, because its point is chosen again.
    """

    def __init__(
        self, connection: Connection, sweep_id: str, definition: SweepDefinition, *, without: str | None = None
    ) -> None:
        self._connection = connection
        self._without = without
        self._sweep_id = sweep_id
        self._sign, self._space = definition.sign, definition.space
        self._repeats = definition.config.repeats
        metrics = definition.config.metrics or []
        self._several = [(metric.name, 1 if metric.goal == "minimize" else -1) for metric in metrics]
        self._loaded: list[Observation] | None = None

    def __len__(self) -> int:
        return len(self._load())

    @overload
    def __getitem__(self, index: int) -> Observation: ...
    @overload
    def __getitem__(self, index: slice) -> list[Observation]: ...
    def __getitem__(self, index: int | slice) -> Observation | list[Observation]:
        return self._load()[index]

    def tried(self, space: Space) -> TriedPoints:
        if not has_indexes(space):
            return TriedSet(space, {space.identity(trial.params) for trial in self})
        sweep = self._connection.execute(select(schema.sweep).where(schema.sweep.c.id == self._sweep_id)).one()
        return StoredPoints(self._connection, sweep, space, without=self._without)

    def _load(self) -> list[Observation]:
        if self._loaded is None:
            table = schema.trial
            columns = [table.c[name] for name in _COLUMNS]
            columns += [table.c.judged] if self._several else []
            query = (
                select(*columns, POINT.label("point"))
                .where(table.c.sweep_id == self._sweep_id)
                .order_by(POINT, table.c.number)
            )
            query = query.where(table.c.discarded.is_not(True))
            if self._without is not None:
                query = query.where(table.c.id != self._without)
            rows = self._connection.execute(query).all()
            points = fold_all(((row.point, self._observation(row)) for row in rows), self._repeats)
            loaded = [*self._prior(), *points]
            self._loaded = list(self._in_space(loaded)) if self._is_changed() else loaded
        return self._loaded

    def _is_changed(self) -> bool:
        query = select(schema.sweep.c.search_changes).where(schema.sweep.c.id == self._sweep_id)
        return bool(self._connection.scalar(query))

    def _in_space(self, trials: list[Observation]) -> Iterator[Observation]:
        """Yield the trials whose points are in the space of the sweep as it is now."""
        for trial in trials:
            point = keep_point(self._space, trial.params)
            if point is not None:
                yield replace(trial, params=point)

    def _observation(self, row: Any) -> Observation:
        if row.ignored and row.state not in m.OPEN_TRIAL_STATES:
            return Observation(row.point, row.params, None, "lost")  # the point counts as tried, without a result
        return Observation(
            row.point,
            row.params,
            self._oriented(row.objective),
            row.state,
            self._oriented(row.last_objective),
            self._objectives(row.judged) if self._several else (),
        )

    def _prior(self) -> list[Observation]:
        """Return the results that the sweep started with, as finished trials numbered up to 0."""
        query = select(schema.sweep.c.prior).where(schema.sweep.c.id == self._sweep_id)
        results = self._connection.scalar(query) or []
        return [
            Observation(number, params, self._oriented(value), "finished", self._oriented(value))
            for number, (params, value) in enumerate(results, 1 - len(results))
        ]

    def _objectives(self, judged: dict[str, Any]) -> tuple[float, ...]:
        values = judged.get("values", {})
        has_all = all(name in values for name, _ in self._several)
        return tuple(sign * values[name] for name, sign in self._several) if has_all else ()

    def _oriented(self, value: float | None) -> float | None:
        return None if value is None else self._sign * value
