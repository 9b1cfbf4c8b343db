"""What a trial's journals say about its processes while its agent is silent."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, select

from lightning_sweeps.store import schema

SignOfLife = Literal["alive", "gone", "unknown"]

INCONCLUSIVE = ("finished", "lost")
"""After a run that its program has finished, the program may go on. A run whose machine is silent may go on too."""


def find_sign_of_life(connection: Connection, trial_id: str, *, since: float) -> SignOfLife:
    """Return whether the processes of a trial run, as far as its journals show it.

    The service on the trial's machine asks the server about every open journal, and closes the journal of a process
    that has ended. So a journal that is open and was asked about recently belongs to a living process.

    Args:
        connection: the caller's transaction.
        trial_id: the trial.
        since: an open journal that was asked about since then is a sign of life, in seconds since the epoch.
    """
    journal, run = schema.journal, schema.run
    joined = select(journal.c.finish, journal.c.updated).join(run, run.c.id == journal.c.run_id)
    found = connection.execute(joined.where(run.c.trial_id == trial_id).order_by(journal.c.updated)).all()
    if any(row.finish is None for row in found):
        return "alive" if any(row.finish is None and row.updated >= since for row in found) else "unknown"
    return "gone" if found and found[-1].finish.get("state") not in INCONCLUSIVE else "unknown"
