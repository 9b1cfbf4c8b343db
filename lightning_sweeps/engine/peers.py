"""Ranks the values of a sweep's trials in the database, for its stopping rule.

Ignored and discarded trials are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, overload

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select

from lightning_sweeps.store import schema
from lightning_sweeps.sweeps.stopping_rules import PeerValues

_trial, _report, _band = schema.trial, schema.report, schema.band_value


class StoredPeers:
    """The values of the sweep's other trials.

    Args:
        connection: the caller's transaction.
        trial: the trial that is judged.
        sign: 1 if lower is better, otherwise -1.
        is_by_report: whether bands are numbers of reports.
    """

    def __init__(self, connection: Connection, trial: Row[Any], *, sign: int, is_by_report: bool) -> None:
        self._connection = connection
        self._trial = trial
        self._sign = sign
        self._is_by_report = is_by_report

    def at_report(self, number: int) -> PeerValues:
        return self._values(_report.c, _report.c.number == number)

    def at_band(self, band: int) -> PeerValues:
        return self.at_report(band) if self._is_by_report else self._values(_band.c, _band.c.band == band)

    def _values(self, columns: Any, is_chosen: ColumnElement[bool]) -> PeerValues:
        sweep_id = self._trial.sweep_id
        is_left_out = _trial.c.ignored.is_(True) | _trial.c.discarded.is_(True)
        left_out = select(_trial.c.id).where(_trial.c.sweep_id == sweep_id, is_left_out)
        counts = (columns.trial_id != self._trial.id) & columns.trial_id.not_in(left_out)
        where = (columns.sweep_id == sweep_id) & is_chosen & counts
        return StoredValues(self._connection, columns.value, where, sign=self._sign)


class StoredValues(PeerValues):
    """Values in one column of the rows that meet a condition.

    Args:
        connection: the caller's transaction.
        column: the column.
        where: the condition.
        sign: 1 if lower is better, otherwise -1.
    """

    def __init__(
        self, connection: Connection, column: ColumnElement[float], where: ColumnElement[bool], *, sign: int
    ) -> None:
        self._connection = connection
        self._column = column
        self._where = where
        self._sign = sign
        self._loaded: list[float] | None = None
        self._count: int | None = None

    def __len__(self) -> int:
        if self._count is None:
            self._count = self._count_where(self._where)
        return self._count

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        if self._loaded is None:
            found = self._connection.scalars(select(self._column).where(self._where))
            self._loaded = [self._sign * value for value in found]
        return self._loaded[index]

    def count_better(self, value: float) -> int:
        limit = self._sign * value
        return self._count_where(self._where, self._column < limit if self._sign > 0 else self._column > limit)

    def ranked(self, position: int) -> float:
        order = self._column.asc() if self._sign > 0 else self._column.desc()
        asked = select(self._column).where(self._where).order_by(order).offset(position).limit(1)
        return self._sign * cast(float, self._connection.scalar(asked))

    def _count_where(self, *where: ColumnElement[bool]) -> int:
        return self._connection.scalar(select(func.count(self._column)).where(*where)) or 0


def write_bands(connection: Connection, trial: Row[Any], values: Mapping[int, float]) -> None:
    """Store a trial's values at the bands that it has reached, in place of those that are stored."""
    known = {int(band): value for band, value in trial.judged.get("rungs", {}).items()}
    if any(values.get(band) != value for band, value in known.items()):
        connection.execute(delete(_band).where(_band.c.trial_id == trial.id))
        known = {}
    same = {"trial_id": trial.id, "sweep_id": trial.sweep_id}
    rows = [same | {"band": band, "value": value} for band, value in values.items() if band not in known]
    if rows:
        connection.execute(insert(_band), rows)
