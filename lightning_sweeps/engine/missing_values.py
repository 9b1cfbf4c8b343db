"""What becomes of a trial that finished without a value of the sweep's metric.

A number in the summary of its run is the value. Otherwise the trial says what was logged instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from lightning_sweeps.engine import sweeps, trials
from lightning_sweeps.engine.judge import ReportSource, judge_rows
from lightning_sweeps.store import last_values, schema
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.missing_metric import explain_missing, summary_value


@dataclass(frozen=True, slots=True)
class MissingValue:
    """Why a trial has no value.

    Attributes:
        reason: for people.
        is_failure: whether the trial counts as failed. Without rows on the server, they may still be on their machine.
    """

    reason: str
    is_failure: bool


def find_value(
    connection: Connection, sweep: Row[Any], row: trials.TrialRow, metric: str, *, now: float
) -> MissingValue | None:
    """Take the metric's value from the summary, as if it had been logged last. Return why there is none, or None.

    Args:
        connection: the caller's transaction.
        sweep: the trial's sweep, locked.
        row: the trial, locked; none of its rows has a finite value.
        metric: the name of the metric.
        now: current time in seconds since the epoch.
    """
    run = schema.run
    main_rank = select(run.c.id, run.c.logged, run.c.summary).where(run.c.trial_id == row.id, run.c.rank == 0)
    found = connection.execute(main_rank.order_by(run.c.created.desc()).limit(1)).one_or_none()
    value = None if found is None else summary_value(found.summary, metric)
    if value is None:
        logged = {} if found is None else found.logged | last_values.of_runs(connection, [found.id]).get(found.id, {})
        reason = explain_missing(metric, logged=logged, nonfinite=row.judged.get("nonfinite", 0))
        return MissingValue(reason, is_failure=found is not None)
    target_reason = judge_rows(connection, row, define_sweep(sweep.config), [(0, now, {metric: value})], ReportSource())
    sweeps.finish_at_target(connection, sweep, target_reason, now=now)
    return None
