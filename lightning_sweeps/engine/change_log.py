"""What people did to a sweep: who, when, what; in the transaction that does it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from lightning_sweeps.messages import SweepAction, SweepChange
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain

_change = schema.sweep_change


def note(connection: Connection, sweep_id: str, action: SweepAction, *, by: str, now: float, **detail: Any) -> None:
    """Write down one change; `by` is the name of the key."""
    connection.execute(
        insert(_change).values(sweep_id=sweep_id, time=now, key_name=by, action=action, detail=plain(detail))
    )


def list_changes(connection: Connection, sweep_id: str) -> list[SweepChange]:
    """Return what was done to a sweep, the first first."""
    rows = connection.execute(select(_change).where(_change.c.sweep_id == sweep_id).order_by(_change.c.id))
    return [SweepChange(row.time, row.key_name, row.action, row.detail) for row in rows]
