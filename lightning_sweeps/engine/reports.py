"""Applies stored rows to the trials that logged them, and returns what follows for their runs and sweeps."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps, trial_ends, trials
from lightning_sweeps.engine.judge import ReportSource, judge_rows
from lightning_sweeps.errors import UsageError
from lightning_sweeps.store import schema
from lightning_sweeps.store.failures import cause_of, describe
from lightning_sweeps.store.ingest import StoredPart
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.report_judge import LogRow

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AppliedPart:
    """What followed from a stored part of a journal.

    Attributes:
        commands: commands for the run.
        changed_sweep: the sweep whose waiting agents should look again: a trial has ended, or the sweep has.
    """

    commands: list[m.Command] = field(default_factory=list)
    changed_sweep: str | None = None


def apply_stored_part(connection: Connection, stored: StoredPart, *, now: float) -> AppliedPart:
    """Judge the new rows of a trial's main rank, close the trial if it waited for them, and return what follows.

    Call it in the transaction that stored the part: the rows are then judged exactly once.

    Args:
        connection: the transaction.
        stored: what the store committed of the journal.
        now: the server's time, in seconds since the epoch.
    """
    if stored.run_id is None or stored.trial_id is None:
        return AppliedPart()
    sweep_table, trial_table = schema.sweep, schema.trial
    joined = select(sweep_table, trial_table.c.state.label("trial_state")).join(trial_table)
    sweep = connection.execute(joined.where(trial_table.c.id == stored.trial_id)).one_or_none()
    if sweep is None:
        return AppliedPart()
    is_ending, is_over = sweep.trial_state == "ending", False
    if is_ending:
        sweeps.lock_sweep(connection, sweep.id)  # before the trial
    if stored.rank == 0 and stored.rows:
        is_over = _judge_apart(connection, sweep, stored, stored.trial_id, now=now)
    if sweep.trial_state == "failed":  # the end of a run arrives after the end of its trial
        trial = trials.get_trial(connection, stored.trial_id)
        trial_ends.explain_runs(connection, trial.id, exit_code=trial.exit_code, reason=trial.error)
    if is_ending:
        is_over |= trial_ends.note_arrival(connection, sweep, stored.trial_id, now=now)
    return AppliedPart(_commands(connection, stored.trial_id, stored.run_id), sweep.id if is_over else None)


def _judge_apart(connection: Connection, sweep: Row[Any], stored: StoredPart, trial_id: str, *, now: float) -> bool:
    """Judge the rows so that a failure leaves them stored: the trial says why these values do not count."""
    source = ReportSource(stored.attempt, stored.resumed_step, stored.run_id or "")
    try:
        with connection.begin_nested():
            return _judge(connection, sweep, trial_id, stored.rows, source, now=now)
    except Exception as error:
        if cause_of(error) != "rows":
            raise
        _log.exception("cannot judge %d rows of trial `%s`", len(stored.rows), trial_id)
        reason = f"{len(stored.rows)} logged rows could not be judged: {describe(error)}"
        trials.change(connection, trial_id, reason=reason)
        return False


def _judge(
    connection: Connection,
    sweep: Row[Any],
    trial_id: str,
    rows: Sequence[LogRow],
    source: ReportSource,
    *,
    now: float,
) -> bool:
    """Store the metric's values, stop the trial, and finish the sweep at its target. Return whether it is finished."""
    try:
        definition = define_sweep(sweep.config)
    except UsageError as error:  # the rows are stored nevertheless
        _log.error("cannot judge trial `%s`: %s", trial_id, error)
        return False
    if definition.metric is None:
        return False
    if definition.metric.target is not None:
        sweep = sweeps.lock_sweep(connection, sweep.id)
    trial = trials.lock(connection, trial_id)
    target_reason = judge_rows(connection, trial, definition, rows, source)
    return sweeps.finish_at_target(connection, sweep, target_reason, now=now)


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
