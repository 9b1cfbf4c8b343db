"""Returns the last value of each metric of runs, as clients read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import select

from lightning_sweeps.messages import RunDetails
from lightning_sweeps.store import schema
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import write_buffer

LastMetrics: TypeAlias = list[dict[str, Any]]
AT_ONCE = 400

_series = schema.series
_COLUMNS = tuple(_series.c[name] for name in ("owner_id", "key", "last", "last_nonfinite", "last_step", "last_time"))
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def of_runs(store: Store, runs: Sequence[RunDetails]) -> dict[str, LastMetrics]:
    """Return the last values of the metrics of runs, by run, and numbers that the summary has besides."""
    found: dict[str, dict[str, dict[str, Any]]] = {run.id: {} for run in runs}
    ids = list(found)
    with write_buffer.open_reader(store, ids)() as connection:
        for start in range(0, len(ids), AT_ONCE):
            is_one = (_series.c.owner_kind == "run") & _series.c.owner_id.in_(ids[start : start + AT_ONCE])
            for row in connection.execute(select(*_COLUMNS).where(is_one).order_by(_series.c.id)):
                value = row.last if row.last_nonfinite is None else row.last_nonfinite
                found[row.owner_id][row.key] = describe(row.key, value, row.last_time, row.last_step)
    for run in runs:
        for key, value in run.summary.items():
            if key not in found[run.id] and isinstance(value, int | float) and not isinstance(value, bool):
                found[run.id][key] = describe(key, value, run.updated, 0)
    return {run_id: list(metrics.values()) for run_id, metrics in found.items()}


def describe(key: str, value: float | str | None, time: float, step: int) -> dict[str, Any]:
    """Return a value of a metric as clients read it. Pure."""
    shown = _NOT_FINITE.get(value, value) if isinstance(value, str) else value
    return {"key": key, "value": "NaN" if shown is None else shown, "timestamp": round(time * 1000), "step": step}
