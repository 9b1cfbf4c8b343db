"""Sends journals to a store as the server's route does, and reads what it stored."""

from __future__ import annotations

from lightning_sweeps.journal.closing import JournalEnd
from lightning_sweeps.messages import IngestReply, Point, RunDetails
from lightning_sweeps.server.journal_parts import commit, parse
from lightning_sweeps.store import ingest, runs
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import point_pages, write_buffer
from tests.store.journals import STARTED, Journal

NOW = STARTED + 1000


def send(
    store: Store,
    journal: Journal,
    start: int = 0,
    end: int | None = None,
    *,
    seen_end: JournalEnd | None = None,
    now: float = NOW,
) -> IngestReply:
    """Send the bytes from `start` to before `end` of the journal, as the server's route does."""
    with store.read() as connection:
        committed = ingest.committed_offset(connection, journal.id)
    part = parse(journal.id, start, journal.data[start:end], committed=committed, end=seen_end)
    with store.write() as connection:
        return commit(connection, store.series, part, now=now).reply


def get_run(store: Store, run_id: str = "run-1") -> RunDetails:
    with store.read() as connection:
        return runs.get_run(connection, run_id)


def points(store: Store, key: str, owner: str = "run-1") -> list[Point]:
    write_buffer.flush_owners(store, [owner])
    with store.read() as connection:
        return point_pages.read_points(connection, store.series, owner, key).points


def steps(store: Store, key: str, owner: str = "run-1") -> list[int]:
    return [point.step for point in points(store, key, owner)]
