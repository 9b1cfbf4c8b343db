"""Applies stored rows to the trials that logged them, and returns the commands for their runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import Connection, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps, trials
from lightning_sweeps.engine.judge import ReportSource, judge_rows
from lightning_sweeps.errors import UsageError
from lightning_sweeps.store import schema
from lightning_sweeps.store.failures import cause_of, describe
from lightning_sweeps.store.ingest import StoredPart
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.report_judge import LogRow

_log = logging.getLogger(__name__)


def apply_stored_part(connection: Connection, stored: StoredPart, *, now: float) -> list[m.Command]:
    """Judge the new rows of a trial's main rank, and return the commands that its run must follow.

    Call it in the transaction that stored the part: the rows are then judged exactly once.

    Args:
        connection: the transaction.
        stored: what the store committed of the journal.
        now: the server's time, in seconds since the epoch.
    """
    if stored.run_id is None or stored.trial_id is None:
        return []
    if stored.rank == 0 and stored.rows:
        _judge_apart(connection, stored, stored.trial_id, now=now)
    return _commands(connection, stored.trial_id, stored.run_id)


def _judge_apart(connection: Connection, stored: StoredPart, trial_id: str, *, now: float) -> None:
    """Judge the rows so that a failure leaves them stored: the trial says why these values do not count."""
    source = ReportSource(stored.attempt, stored.resumed_step)
    try:
        with connection.begin_nested():
            _judge(connection, trial_id, stored.rows, source, now=now)
    except Exception as error:
        if cause_of(error) != "rows":
            raise
        _log.exception("cannot judge %d rows of trial `%s`", len(stored.rows), trial_id)
        reason = f"{len(stored.rows)} logged rows could not be judged: {describe(error)}"
        trials.change(connection, trial_id, reason=reason)


def _judge(connection: Connection, trial_id: str, rows: Sequence[LogRow], source: ReportSource, *, now: float) -> None:
    """Store the metric's values, stop the trial, and finish the sweep at its target."""
    sweep_table = schema.sweep
    found = connection.execute(
        select(sweep_table)
        .join(schema.trial, schema.trial.c.sweep_id == sweep_table.c.id)
        .where(schema.trial.c.id == trial_id)
    ).one_or_none()
    if found is None:
        return
    try:
        definition = define_sweep(found.config)
    except UsageError as error:  # the rows are stored nevertheless
        _log.error("cannot judge trial `%s`: %s", trial_id, error)
        return
    if definition.metric is None:
        return
    sweep = sweeps.lock_sweep(connection, found.id) if definition.metric.target is not None else found
    trial = trials.lock(connection, trial_id)
    target_reason = judge_rows(connection, trial, definition, rows, source)
    if target_reason and sweep.state in ("running", "paused"):
        sweeps.end_sweep(connection, sweep.id, "finished", reason=target_reason, now=now)


def _commands(connection: Connection, trial_id: str, run_id: str) -> list[m.Command]:
    """Return the stop command for a run if its trial was ordered to stop or its sweep was cancelled."""
    trial, sweep = schema.trial, schema.sweep
    row = connection.execute(
        select(trial.c.state, trial.c.reason, sweep.c.state.label("sweep_state"))
        .join(sweep, sweep.c.id == trial.c.sweep_id)
        .where(trial.c.id == trial_id)
    ).one_or_none()
    if row is None or row.state not in trials.HELD_STATES:
        return []
    if row.state == "stopping" or row.sweep_state == "cancelled":
        return [m.Command("stop", run_id, row.reason or "the sweep was cancelled")]
    return []
