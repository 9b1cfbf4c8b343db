"""Finds the runs that have changed since something that is kept of them in memory was read."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from lightning_sweeps.store import schema

LONGEST_WRITE_S = 60.0
"""A run that was changed this long ago is committed. Runs that changed later may still appear with that time."""
CLOCK_STEP_S = 5.0
"""If the time goes back by more than this, everything is read again."""

_run = schema.run


def is_set_back(now: float, read_at: float) -> bool:
    """Return whether the time went back since the last reading, so that changes may have earlier times."""
    return now < read_at - CLOCK_STEP_S


def changed_runs(connection: Connection, read_at: float, known: Callable[[str], float | None]) -> list[str]:
    """Return the ids of runs that changed.

    Args:
        connection: a transaction.
        read_at: when was read last, in seconds since the epoch.
        known: returns the time of the change of a run that was read; anything else if it was not.
    """
    rows = connection.execute(select(_run.c.id, _run.c.changed).where(_run.c.changed > read_at - LONGEST_WRITE_S))
    return [row.id for row in rows if known(row.id) != row.changed]
