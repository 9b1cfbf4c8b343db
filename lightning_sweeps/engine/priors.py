"""What a new sweep is told of trials that others made: their points that lie in its space, with their values.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from lightning_sweeps.errors import NotFound, ServerRefused
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps.config import SweepConfig, read_config
from lightning_sweeps.sweeps.given_point import fitting
from lightning_sweeps.sweeps.space import Space

Known = tuple[dict[str, Any], float]
"""A point in the new sweep's space, and its value of the new sweep's metric."""


def collect(
    connection: Connection, config: SweepConfig, *, sweeps: Sequence[str], runs: Sequence[str]
) -> tuple[list[Known], list[str]]:
    """Return what the trials of other sweeps and other runs tell a sweep of this configuration, and what was left out.

    Raises:
        NotFound: there is no such sweep or run.
        ServerRefused: 422: a sweep optimises another metric, or this one's method learns nothing from others' trials.
    """
    if not sweeps and not runs:
        return [], []
    if config.primary is None or config.metrics or config.method == "grid":
        raise ServerRefused(
            f"a sweep with `method: {config.method}` and {_metric(config)} cannot begin with earlier trials",
            status=422,
            hint="it takes one `metric`, and any method but grid",
        )
    space = Space.of(config.parameters, config.constraints)
    known: list[Known] = []
    left_out: list[str] = []
    sources = [(f"sweep {name}", _of_sweep(connection, name, config)) for name in dict.fromkeys(sweeps)]
    sources += [(f"run {name}", _of_run(connection, name, config)) for name in dict.fromkeys(runs)]
    for source, found in sources:
        points = [(fitting(space, params), value) for params, value in found]
        inside = [(point, value) for point, value in points if point is not None]
        known += inside
        if len(inside) < len(points) or not points:
            left_out.append(
                f"{source}: {len(inside)} of {len(points)} points lie in this sweep's space and have a value"
            )
    return known, left_out


def _of_sweep(connection: Connection, sweep_id: str, config: SweepConfig) -> Iterator[tuple[dict[str, Any], float]]:
    row = connection.execute(select(schema.sweep.c.config).where(schema.sweep.c.id == sweep_id)).one_or_none()
    if row is None:
        raise NotFound(f"no sweep `{sweep_id}`", status=404, hint="list the sweeps with `lightning-sweeps status`")
    other = read_config(row.config)
    assert config.primary is not None  # noqa: S101
    if other.primary is None or (other.primary.name, other.goal) != (config.primary.name, config.goal):
        raise ServerRefused(
            f"sweep `{sweep_id}` has {_metric(other)}, this one {_metric(config)}: its values say nothing here",
            status=422,
        )
    table = schema.trial
    is_told = table.c.state.in_(("finished", "stopped")) & table.c.objective.is_not(None) & table.c.ignored.is_not(True)
    query = select(table.c.params, table.c.objective).where(table.c.sweep_id == sweep_id, is_told)
    return iter([(row.params, row.objective) for row in connection.execute(query.order_by(table.c.number))])


def _of_run(connection: Connection, run_id: str, config: SweepConfig) -> Iterator[tuple[dict[str, Any], float]]:
    table = schema.run
    row = connection.execute(
        select(table.c.config, table.c.summary, table.c.logged).where(table.c.id == run_id)
    ).first()
    if row is None:
        raise NotFound(f"no run `{run_id}`", status=404, hint="list the runs with `lightning-sweeps runs`")
    assert config.primary is not None  # noqa: S101
    value = (row.logged | row.summary).get(config.primary.name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return iter([(row.config, float(value))] if is_number else [])


def _metric(config: SweepConfig) -> str:
    if config.metrics:
        return "several `metrics`"
    return "no `metric`" if config.primary is None else f"the metric `{config.primary.name}` to {config.goal}"
