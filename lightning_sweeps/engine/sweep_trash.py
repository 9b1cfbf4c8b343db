"""Moves sweeps to the trash and back, and deletes them for good."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import sweeps
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.store import schema
from lightning_sweeps.store.projects import delete_if_empty
from lightning_sweeps.sweeps import controller

_sweep = schema.sweep
_CONFLICT = 409


def delete_sweep(connection: Connection, sweep_id: str, *, by: str, now: float) -> m.Sweep:
    """Move a sweep that is over to the trash. The caller does the same with the runs of its trials.

    Raises:
        NotFound: there is no such sweep.
        ServerRefused: status 409; the sweep is not over.
    """
    row = sweeps.lock_sweep(connection, sweep_id)
    if row.state not in controller.END_STATES:
        raise ServerRefused(
            f"the sweep `{sweep_id}` is {row.state}",
            status=_CONFLICT,
            hint=f"end it first: `lightning-sweeps sweep {sweep_id} --cancel`",
        )
    sweeps.change(connection, sweep_id, deleted=now, deleted_by=by)
    return sweeps.get_sweep(connection, sweep_id)


def restore_sweep(connection: Connection, sweep_id: str) -> m.Sweep:
    """Take a sweep out of the trash.

    Raises:
        NotFound: there is no such sweep.
    """
    sweeps.lock_sweep(connection, sweep_id)
    sweeps.change(connection, sweep_id, deleted=None, deleted_by=None)
    return sweeps.get_sweep(connection, sweep_id)


def due(connection: Connection, *, before: float, limit: int) -> list[str]:
    """Return sweeps that were moved to the trash before a time, the first ones first."""
    asked = select(_sweep.c.id).where(_sweep.c.deleted < before).order_by(_sweep.c.deleted, _sweep.c.id)
    return list(connection.scalars(asked.limit(limit)))


def count(connection: Connection) -> tuple[int, float | None]:
    """Return the number of sweeps in the trash, and when the first one was deleted."""
    found = connection.execute(
        select(func.count(), func.min(_sweep.c.deleted)).where(_sweep.c.deleted.is_not(None))
    ).one()
    return found[0], found[1]


def delete_for_good(connection: Connection, sweep_id: str) -> bool:
    """Delete a sweep that is in the trash, with its trials and agents. Return False if it is not there."""
    row = connection.execute(select(_sweep).where(_sweep.c.id == sweep_id).with_for_update()).first()
    if row is None or row.deleted is None:
        return False
    trial = schema.trial
    own = select(trial.c.id).where(trial.c.sweep_id == sweep_id)
    for table in (schema.report, schema.band_value, schema.trial_attempt):
        connection.execute(delete(table).where(table.c.trial_id.in_(own)))
    for table in (trial, schema.agent, schema.sweep_change):
        connection.execute(delete(table).where(table.c.sweep_id == sweep_id))
    connection.execute(delete(_sweep).where(_sweep.c.id == sweep_id))
    delete_if_empty(connection, row.project_id)
    return True
