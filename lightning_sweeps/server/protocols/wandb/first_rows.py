"""Tells a repeated first row of a run from the first row of another process."""

from __future__ import annotations

from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal import records
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.run_journals import Attempt
from lightning_sweeps.store.batch import flatten
from lightning_sweeps.store.series import point_pages, write_buffer
from lightning_sweeps.store.series.chunks import MICROSECONDS
from lightning_sweeps.store.series.point_pages import PointsCursor


def is_stored(caller: Caller, attempt: Attempt, row: records.Metrics) -> bool:
    """Return whether an attempt has stored this row as its first one.

    Rows are compared by the times of their numbers. A row without numbers counts as stored.
    """
    numbers = [key for key, value in flatten(row.values) if isinstance(value, int | float)]
    if not numbers:
        return True
    start = PointsCursor(attempt.journal_id("history"), 0)
    run_id = attempt.info.id
    with write_buffer.open_reader(caller.store, [run_id])() as connection:
        try:
            page = point_pages.read_points(connection, caller.store.series, run_id, numbers[0], start=start, limit=1)
        except NotFound:
            return False
    return [(one.sequence, round(one.time * MICROSECONDS)) for one in page.points] == [
        (row.sequence, round(row.time * MICROSECONDS))
    ]
