"""Translates the metrics of a request to rows. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from lightning_sweeps.journal import records
from lightning_sweeps.server.protocols.mlflow.config_keys import checked_key
from lightning_sweeps.server.protocols.mlflow.request import Given


@dataclass(frozen=True, slots=True)
class LoggedMetric:
    """One value of a metric. The time is in milliseconds since the epoch."""

    key: str
    value: float
    timestamp: int
    step: int


@dataclass(slots=True)
class _Row:
    step: int
    timestamp: int
    values: dict[str, float] = field(default_factory=dict)


def metric_of(given: Given, *, now: float) -> LoggedMetric:
    """Return the metric in a request.

    Raises:
        UsageError: a field is not allowed.
    """
    key = checked_key(given.text("key"), what="metric")
    return LoggedMetric(
        key, given.number("value"), given.integer("timestamp", int(now * 1000)), given.integer("step", 0)
    )


def rows_of(metrics: Iterable[LoggedMetric]) -> list[records.Metrics]:
    """Return metrics as rows: neighbors of the same step and time are one row, with each key once."""
    rows: list[_Row] = []
    for one in metrics:
        last = rows[-1] if rows else None
        if last is None or (last.step, last.timestamp) != (one.step, one.timestamp) or one.key in last.values:
            last = _Row(one.step, one.timestamp)
            rows.append(last)
        last.values[one.key] = one.value
    return [records.Metrics(0, row.step, row.timestamp / 1000, dict(row.values)) for row in rows]


def content_of(metrics: Sequence[LoggedMetric]) -> bytes:
    """Return what is the same if and only if a request with metrics is repeated."""
    return msgspec.msgpack.encode([(one.key, one.value, one.timestamp, one.step) for one in metrics])
