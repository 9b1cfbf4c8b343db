"""Reads statistics of metrics as columns of the runs table: `min.<key>`, `max.<key>` and `mean.<key>`.

They are over all finite values of a series. Buffered rows are not in their series yet, so who reads such a column
flushes the buffers of `waiting_runs` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from lightning_sweeps.store import schema

_run = schema.run
_series = schema.series
_usable = _series.c.count - _series.c.nonfinite
STATISTICS: dict[str, ColumnElement[Any]] = {
    "min": _series.c.minimum,
    "max": _series.c.maximum,
    "mean": _series.c.total / func.nullif(_usable, 0),
}
"""The columns before the first dot of their names."""


def is_metric_column(name: str) -> bool:
    """Return True if a column is a statistic of a metric."""
    statistic, _, key = name.partition(".")
    return statistic in STATISTICS and bool(key)


def values_of(name: str, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the statement that reads a statistic: ids of runs, and their values. Runs without the metric are left out.

    Args:
        name: the column.
        conditions: which runs.
    """
    statistic, _, key = name.partition(".")
    is_own = (_series.c.owner_kind == "run") & (_series.c.owner_id == _run.c.id) & (_series.c.key == key)
    return select(_run.c.id, STATISTICS[statistic]).join(_series, is_own).where(*conditions)


def waiting_runs(connection: Connection, project: str | None = None) -> list[str]:
    """Return the runs whose newest rows are still buffered.

    Args:
        connection: a transaction.
        project: only runs of this project; None: of all.
    """
    asked = select(schema.journal.c.run_id).join(schema.write_buffer).where(schema.journal.c.run_id.is_not(None))
    if project is not None:
        of_run = _run.c.id == schema.journal.c.run_id
        asked = asked.join(_run, of_run).join(schema.project).where(schema.project.c.name == project)
    return list(connection.scalars(asked.distinct()))
