"""Remembers runs that were deleted for good, so that a late journal does not bring them back."""

from __future__ import annotations

import time

from sqlalchemy import Connection, select

from lightning_sweeps.errors import JournalError
from lightning_sweeps.store import schema

_gone = schema.deleted_run


def check_not_deleted(connection: Connection, run_id: str) -> None:
    """Check that a run was not deleted for good.

    Raises:
        JournalError: it was.
    """
    row = connection.execute(select(_gone).where(_gone.c.id == run_id)).first()
    if row is not None:
        day = time.strftime("%Y-%m-%d", time.gmtime(row.time))
        by = f" by `{row.key_name}`" if row.key_name else ""
        raise JournalError(
            f"the run `{run_id}` was deleted{by}; the server removed it on {day}",
            hint="delete this journal if it is not needed; a new run needs another id",
        )
