"""Collects the results of earlier trials that a new sweep starts with.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from lightning_sweeps.engine import points
from lightning_sweeps.errors import NotFound, ServerRefused
from lightning_sweeps.store import last_values, schema
from lightning_sweeps.sweeps.definition import SweepDefinition, define_sweep
from lightning_sweeps.sweeps.settings import SweepSettings
from lightning_sweeps.sweeps.user_point import find_in_space

EarlierResult = tuple[dict[str, Any], float | None]
"""A parameter set and its value of the metric; None if the new sweep has no metric: its point counts as tried."""


def collect_results(
    connection: Connection, definition: SweepDefinition, *, sweeps: Sequence[str], runs: Sequence[str]
) -> tuple[list[EarlierResult], list[str]]:
    """Return the results of other sweeps and runs that lie in the space of a new sweep.

    Args:
        connection: the caller's transaction.
        definition: the new sweep.
        sweeps: ids of sweeps.
        runs: ids of runs.

    Returns:
        The results, and a warning for each source with results that were left out.

    Raises:
        NotFound: a sweep or run does not exist.
        ServerRefused: status 422; a sweep optimizes another metric, or the new sweep cannot start with results.
    """
    if not sweeps and not runs:
        return [], []
    if definition.config.metrics or (definition.metric is None and runs):
        source = "runs" if runs else "sweeps"
        raise ServerRefused(
            f"a sweep with {_metric_text(definition)} cannot start with results of {source}",
            status=422,
            hint="give it one `metric`",
        )
    metric = _metric_name(definition) or ""
    sources = [(f"sweep {name}", _of_sweep(connection, name, definition)) for name in dict.fromkeys(sweeps)]
    sources += [(f"run {name}", _of_run(connection, name, metric)) for name in dict.fromkeys(runs)]
    results: list[EarlierResult] = []
    warnings: list[str] = []
    for source, found in sources:
        points = [(find_in_space(definition.space, params), value) for params, value in found]
        inside = [(point, value) for point, value in points if point is not None]
        results += inside
        if len(inside) < len(points) or not points:
            warnings.append(
                f"{source}: {len(inside)} of {len(points)} points lie in this sweep's space and have a value"
            )
    return results, warnings


def _of_sweep(connection: Connection, sweep_id: str, definition: SweepDefinition) -> list[EarlierResult]:
    row = connection.execute(select(schema.sweep.c.config).where(schema.sweep.c.id == sweep_id)).one_or_none()
    if row is None:
        raise NotFound(f"no sweep `{sweep_id}`", status=404, hint="list the sweeps with `lightning-sweeps status`")
    other = define_sweep(row.config)
    table = schema.trial
    of_sweep = select(table.c.params, table.c.objective).where(table.c.sweep_id == sweep_id).order_by(table.c.number)
    counts = table.c.state.in_(("finished", "stopped")) & table.c.ignored.is_not(True) & table.c.discarded.is_not(True)
    if definition.metric is None:
        return [(row.params, None) for row in connection.execute(of_sweep.where(counts))]
    if other.metric is None or (other.metric.name, other.goal) != (_metric_name(definition), definition.goal):
        raise ServerRefused(
            f"sweep `{sweep_id}` has {_metric_text(other)}, this one {_metric_text(definition)}:"
            " their values cannot be compared",
            status=422,
        )
    settings = SweepSettings.of(row.config)
    if settings.repeats.is_used:
        ended = points.ended_points(connection, sweep_id, settings)
        return [(point.params, point.value) for point in sorted(ended, key=lambda point: point.number)]
    query = of_sweep.where(counts, table.c.objective.is_not(None))
    return [(row.params, row.objective) for row in connection.execute(query)]


def _of_run(connection: Connection, run_id: str, metric: str) -> list[EarlierResult]:
    table = schema.run
    row = connection.execute(
        select(table.c.config, table.c.summary, table.c.logged).where(table.c.id == run_id)
    ).first()
    if row is None:
        raise NotFound(f"no run `{run_id}`", status=404, hint="list the runs with `lightning-sweeps runs`")
    further = last_values.of_runs(connection, [run_id], metric).get(run_id, {})
    value = (row.logged | further | row.summary).get(metric)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return [(row.config, float(value))] if is_number else []


def _metric_name(definition: SweepDefinition) -> str | None:
    return None if definition.metric is None else definition.metric.name


def _metric_text(definition: SweepDefinition) -> str:
    if definition.config.metrics:
        return "several `metrics`"
    return "no `metric`" if definition.metric is None else f"the metric `{definition.metric.name}` to {definition.goal}"
