"""Tells a line that a client sends again as the first one of a file from the first line of another process.

A client that resumes a run continues the numbers of its lines. One that sends them from 0 either starts the run again,
or repeats what is stored: `wandb sync` sends a whole run, and so does a client that has not heard the answer.
"""

from __future__ import annotations

from sqlalchemy import select

from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal import records
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.server.protocols.wandb.run_journals import Attempt, Stream
from lightning_sweeps.store import schema
from lightning_sweeps.store.batch import flatten
from lightning_sweeps.store.series import point_pages, write_buffer
from lightning_sweeps.store.series.chunks import MICROSECONDS
from lightning_sweeps.store.series.point_pages import PointsCursor

FIRST = 1
"""Sequence number of the first line of a file."""
_line = schema.console


def is_stored(caller: Caller, attempt: Attempt, stream: Stream, first: records.Record) -> bool:
    """Return whether the newest attempt that began this file has stored this record as its first line.

    Lines are compared by their times: those of rows by the time of their numbers. A row without numbers counts as
    stored.

    Args:
        caller: who sends it.
        attempt: the current attempt.
        stream: the file.
        first: the record of the line with number 0.
    """
    if isinstance(first, records.Text):
        time = first.time
        known = [_console_time(caller, attempt.info.id, journal_id) for journal_id in attempt.journals(stream)]
    elif isinstance(first, records.Metrics):
        time = first.time
        numbers = [key for key, value in flatten(first.values) if isinstance(value, int | float)]
        if not numbers:
            return True
        owner = attempt.process.node if stream == "events" else attempt.info.id
        known = [_row_time(caller, owner, numbers[0], journal_id) for journal_id in attempt.journals(stream)]
    else:
        return False
    newest = next((one for one in known if one is not None), None)
    return newest is not None and round(newest * MICROSECONDS) == round(time * MICROSECONDS)


def _console_time(caller: Caller, run_id: str, journal_id: str) -> float | None:
    """Return the time of the first line of a journal; None if its first line is another one."""
    is_first = (_line.c.run_id == run_id) & (_line.c.journal_id == journal_id) & (_line.c.sequence == FIRST)
    query = select(_line.c.time).where(is_first).order_by(_line.c.id).limit(1)
    with caller.store.read() as connection:
        found: float | None = connection.scalar(query)
    return found


def _row_time(caller: Caller, owner: str, key: str, journal_id: str) -> float | None:
    """Return the time of the first row of a journal; None if its first row is another one."""
    start = PointsCursor(journal_id, 0)
    with write_buffer.open_reader(caller.store, [owner])() as connection:
        try:
            page = point_pages.read_points(connection, caller.store.series, owner, key, start=start, limit=1)
        except NotFound:
            return None
    return next((one.time for one in page.points if (one.journal, one.sequence) == (journal_id, FIRST)), None)
