"""The attempt table: how earlier attempts of a trial ended, before it ran again.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from lightning_sweeps import messages as m
from lightning_sweeps.store import schema
from lightning_sweeps.sweeps.failure import FAILED_STATES, error_line

_attempt = schema.trial_attempt

_KEPT = ("exit_code", "stderr_tail", "agent_id", "objective", "last_objective", "reports", "started", "gpus")


def record_attempt(connection: Connection, row: Row[Any], *, state: m.TrialState, reason: str, ended: float) -> None:
    """Record the current attempt of a locked trial that is about to run again.

    Args:
        connection: the caller's transaction.
        row: the trial, before its columns are reset.
        state: how the attempt ended.
        reason: why it ended.
        ended: when it ended, in seconds since the epoch.
    """
    before = select(func.coalesce(func.sum(_attempt.c.gpu_s), 0.0)).where(_attempt.c.trial_id == row.id)
    earlier_gpu_s = connection.scalar(before) or 0.0  # the trial's column has the sum of all attempts
    connection.execute(
        insert(_attempt).values(
            trial_id=row.id,
            number=row.attempt,
            state=state,
            reason=reason,
            ended=ended,
            gpu_s=None if row.gpu_s is None else max(0.0, row.gpu_s - earlier_gpu_s),
            **{name: getattr(row, name) for name in _KEPT},
        )
    )


def list_attempts(connection: Connection, trial_id: str) -> list[m.TrialAttempt]:
    """Return the earlier attempts of a trial, oldest first."""
    rows = connection.execute(select(_attempt).where(_attempt.c.trial_id == trial_id).order_by(_attempt.c.number))
    return [
        m.TrialAttempt(
            number=row.number,
            state=row.state,
            reason=row.reason,
            exit_code=row.exit_code,
            stderr_tail=row.stderr_tail,
            agent=row.agent_id,
            objective=row.objective,
            reports=row.reports,
            started=row.started,
            ended=row.ended,
            gpus=row.gpus,
            gpu_s=row.gpu_s,
            error=_error(row) if row.state in FAILED_STATES else "",
        )
        for row in rows
    ]


def _error(row: Row[Any]) -> str:
    return error_line(reason=row.reason, exit_code=row.exit_code, stderr_tail=row.stderr_tail)
