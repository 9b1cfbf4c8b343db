"""Applies stored rows to the trials that logged them, and returns the commands for their runs."""

from __future__ import annotations

from sqlalchemy import Connection

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps
from lightning_sweeps.engine.judge import Writer
from lightning_sweeps.store.ingest import StoredPart


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
        writer = Writer(stored.attempt, stored.resumed_step)
        sweeps.record_reports(connection, stored.trial_id, stored.rows, now, writer=writer)
    return sweeps.commands_for_run(connection, stored.trial_id, stored.run_id)
