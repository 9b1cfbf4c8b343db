"""Analyses the results of a sweep."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps
from lightning_sweeps.errors import UsageError
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.importance import importance, pair_importance

_trial = schema.trial


def parameter_importance(
    connection: Connection, sweep_id: str, *, numbers: Collection[int] | None = None, metric: str | None = None
) -> m.SweepImportance:
    """Return how much each parameter decides whether a trial is among the best ones.

    Args:
        connection: a transaction.
        sweep_id: the sweep.
        numbers: numbers of the trials to take; None: all that have a value.
        metric: one of the sweep's metrics; None: the first one.

    Raises:
        NotFound: there is no such sweep.
        UsageError: the sweep has no such metric.
    """
    definition = define_sweep(sweeps.get_sweep(connection, sweep_id).config)
    primary = definition.metric.name if definition.metric else ""
    goals = {one.name: one.goal for one in definition.config.metrics or []} | {primary: definition.goal}
    wanted = primary if metric is None else metric
    if wanted not in goals:
        raise UsageError(f"the sweep has no metric `{wanted}`, allowed: {', '.join(f'`{name}`' for name in goals)}")
    sign = 1 if goals[wanted] == "minimize" else -1
    columns = (_trial.c.number, _trial.c.params, _trial.c.objective, _trial.c.judged)
    query = select(*columns).where(
        _trial.c.sweep_id == sweep_id, _trial.c.discarded.is_not(True), _trial.c.ignored.is_not(True)
    )
    results = []
    for row in connection.execute(query.order_by(_trial.c.number)):
        value = row.objective if wanted == primary else row.judged.get("values", {}).get(wanted)
        if value is not None and (numbers is None or row.number in numbers):
            results.append((row.params, sign * value))
    shares = importance(definition.space, results)
    pairs = pair_importance(definition.space, results, shares)
    return m.SweepImportance(
        len(results),
        wanted,
        [m.ParameterShare(*share) for share in shares.items()],
        [m.PairShare(*names, share) for names, share in pairs.items()],
    )
