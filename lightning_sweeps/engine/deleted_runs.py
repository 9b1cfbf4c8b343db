"""Discards trials whose runs were all deleted, so that their points are free again as in W&B, and takes that back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exists, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import edits
from lightning_sweeps.store import schema


def follow_deleted_runs(connection: Connection, trial_ids: Sequence[str]) -> list[str]:
    """Discard ended trials without a run outside the trash, and count those again that have one.

    Args:
        connection: a transaction that writes.
        trial_ids: trials of which runs were deleted or restored. Trials of other servers are ignored.

    Returns:
        Ids of the sweeps of which a trial changed.
    """
    trial, run = schema.trial, schema.run
    has_run = exists().where(run.c.trial_id == trial.c.id, run.c.deleted.is_(None))
    known = trial.c.id.in_(trial_ids) & trial.c.state.in_(m.FINAL_TRIAL_STATES)
    asked = select(trial.c.id, trial.c.sweep_id, trial.c.discarded, has_run.label("has_run")).where(known)
    changed = []
    for row in connection.execute(asked.order_by(trial.c.sweep_id, trial.c.number)).all():
        if bool(row.discarded) == row.has_run:
            edits.mark_trial(connection, row.id, m.TrialMark(discarded=not row.has_run))
            changed.append(row.sweep_id)
    return list(dict.fromkeys(changed))
