"""Keeps the last logged values of runs with many keys.

The row of a run holds the values of its first keys, in `run.logged`. Every further key has a row of its own, so that a
batch writes only the keys that are in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from lightning_sweeps.store import schema
from lightning_sweeps.store.database import insert

FIRST_KEYS = 256
"""Number of keys whose values are in the row of their run."""
AT_ONCE = 500
"""Number of ids in one SQL statement."""

_last = schema.last_value


def merge(connection: Connection, run_id: str, kept: Mapping[str, Any], logged: Mapping[str, Any]) -> dict[str, Any]:
    """Store newly logged values of a locked run, and return the values for its row.

    Args:
        connection: the caller's transaction.
        run_id: the run.
        kept: the values in its row.
        logged: the new values.
    """
    values = list({**kept, **logged}.items())
    rows = [{"run_id": run_id, "key": key, "value": value} for key, value in values[FIRST_KEYS:]]
    if rows:
        new = insert(connection, _last)
        changed = {"value": new.excluded.value}
        connection.execute(new.on_conflict_do_update(index_elements=["run_id", "key"], set_=changed), rows)
    return dict(values[:FIRST_KEYS])


def of_runs(connection: Connection, run_ids: Sequence[str], key: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the values that are not in the rows of some runs, by run and key.

    Args:
        connection: the caller's transaction.
        run_ids: the runs.
        key: only this key.
    """
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(run_ids), AT_ONCE):
        asked = select(_last).where(_last.c.run_id.in_(run_ids[start : start + AT_ONCE]))
        for row in connection.execute(asked if key is None else asked.where(_last.c.key == key)):
            found.setdefault(row.run_id, {})[row.key] = row.value
    return found
