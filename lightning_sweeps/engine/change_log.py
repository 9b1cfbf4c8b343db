"""The log of changes that users make to a sweep: who, when and what, written in the transaction of the change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from lightning_sweeps.messages import SweepAction, SweepChange
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain

_change = schema.sweep_change


def log_change(
    connection: Connection, sweep_id: str, action: SweepAction, *, by: str, now: float, **detail: Any
) -> None:
    """Log one change.

    Args:
        connection: the caller's transaction.
        sweep_id: the sweep.
        action: what the user did.
        by: name of the user's API key.
        now: current time in seconds since the epoch.
        detail: what changed, as JSON values.
    """
    connection.execute(
        insert(_change).values(sweep_id=sweep_id, time=now, key_name=by, action=action, detail=plain(detail))
    )


def creator(connection: Connection, sweep_id: str) -> str | None:
    """Return the name of the API key that created a sweep; None if nobody noted it."""
    is_creation = (_change.c.sweep_id == sweep_id) & (_change.c.action == "create")
    return connection.scalar(select(_change.c.key_name).where(is_creation).limit(1))


def list_changes(connection: Connection, sweep_id: str) -> list[SweepChange]:
    """Return the changes of a sweep, oldest first."""
    rows = connection.execute(select(_change).where(_change.c.sweep_id == sweep_id).order_by(_change.c.id))
    return [SweepChange(row.time, row.key_name, row.action, row.detail) for row in rows]


def creator_of(connection: Connection, sweep_id: str) -> str:
    """Return the name of the API key that created a sweep; empty if an earlier version did not record it."""
    is_creation = (_change.c.sweep_id == sweep_id) & (_change.c.action == "create")
    return connection.scalar(select(_change.c.key_name).where(is_creation).order_by(_change.c.id).limit(1)) or ""
