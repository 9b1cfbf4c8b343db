"""Runs trials again that have ended. The attempt before stays in the record.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps, trials
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps import controller, failure
from lightning_sweeps.sweeps.settings import SweepSettings


def retry_trial(connection: Connection, trial_id: str, *, by: str, now: float) -> m.Trial:
    """Run a trial that has ended again, with the same parameters. A finished sweep runs again.

    Args:
        connection: the caller's transaction.
        trial_id: the trial.
        by: name of the user's API key.
        now: current time in seconds since the epoch.

    Raises:
        NotFound: the trial does not exist.
        ServerRefused: status 409; the trial has not ended, or a user ended the sweep.
    """
    sweep = sweeps.lock_sweep(connection, trials.get_trial(connection, trial_id).sweep)
    controller.check_reopenable(sweep.state, sweep_id=sweep.id)
    again = trials.retry(connection, trials.lock(connection, trial_id), by=by, now=now)
    sweeps.reopen(connection, sweep)
    return trials.to_message(again)


def retry_failed(connection: Connection, sweep_id: str, *, error: str = "", by: str, now: float) -> list[m.Trial]:
    """Run the trials again that failed, were lost or preempted, or finished without a value of the metric.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        error: only trials whose error contains this text; empty: all.
        by: name of the user's API key.
        now: current time in seconds since the epoch.

    Returns:
        The trials, which are pending now. If there is none, nothing has changed.

    Raises:
        NotFound: the sweep does not exist.
        ServerRefused: status 409; a user ended the sweep.
    """
    sweep = sweeps.lock_sweep(connection, sweep_id)
    controller.check_reopenable(sweep.state, sweep_id=sweep_id)
    table, needs_value = schema.trial, SweepSettings.of(sweep.config).metric is not None
    query = select(table).where(table.c.sweep_id == sweep_id, table.c.discarded.is_not(True)).order_by(table.c.number)
    chosen = []
    for row in connection.execute(query.with_for_update()).all():
        trial = trials.to_message(row)
        has_value = trial.objective is not None
        is_meant = failure.is_retried(trial.state, has_value=has_value, needs_value=needs_value)
        if is_meant and failure.matches(error, error=trial.error, reason=trial.reason, stderr_tail=trial.stderr_tail):
            chosen.append(row)
    again = [trials.to_message(trials.retry(connection, row, by=by, now=now)) for row in chosen]
    if again:
        sweeps.reopen(connection, sweep)
    return again
