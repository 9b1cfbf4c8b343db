"""Compacts a database beside a running server: in short transactions, with pauses in which others write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from lightning_sweeps.store import console_blocks, runs, schema
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.pacing import leaving_time
from lightning_sweeps.store.series import write_buffer

CHUNKS_AT_ONCE = 500
PAGES_AT_ONCE = 256
"""Number of unused pages that one transaction gives back: about 1 MB."""
INCREMENTAL = 2
"""SQLite's number for this kind of `auto_vacuum`."""
PAUSE = 0.5
"""How long others can write after a transaction, as a part of its duration."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Compaction:
    """Result of a compaction.

    Attributes:
        journals: number of journals whose buffered rows were moved into series.
        chunks: number of chunks that were improved, for example by writing their rollups.
        freed_bytes: size of the unused space that was given back to the disk; 0 for PostgreSQL, which does so itself.
    """

    journals: int
    chunks: int
    freed_bytes: int


def compact(store: Store, *, say: Say = lambda _: None) -> Compaction:
    """Move all buffered rows into their series, compact the series, and give unused space back.

    Args:
        store: the database.
        say: called with a line about what is done next, and how far it is.
    """
    journals = _flush_all(store, say)
    chunks = _compact_series(store, say)
    _sign_console_lines(store, say)
    return Compaction(journals, chunks, _give_back(store, say) if store.kind == "sqlite" else 0)


def _flush_all(store: Store, say: Say) -> int:
    journal, waiting = schema.journal, schema.write_buffer
    with store.read() as connection:
        asked = select(journal.c.run_id, journal.c.node_id).where(
            journal.c.id.in_(select(waiting.c.journal_id).distinct())
        )
        owners = [row.run_id or row.node_id for row in connection.execute(asked)]
    for done, owner in enumerate(owners):
        say(f"sorting new rows: {done:,} of {len(owners):,} journals")
        with leaving_time(PAUSE):
            write_buffer.flush_owners(store, [owner])
    return len(owners)


def _compact_series(store: Store, say: Say) -> int:
    chunks = 0
    while True:
        say(f"building chart data: {chunks:,} chunks")
        with leaving_time(PAUSE), store.write() as connection:
            done = store.series.compact(connection, limit=CHUNKS_AT_ONCE)
        if not done:
            return chunks
        chunks += done


def _sign_console_lines(store: Store, say: Say) -> None:
    """Make the search of console lines fast in runs of databases that are older than `console_block`."""
    with store.read() as connection:
        run_ids = list(connection.scalars(select(schema.run.c.id).where(schema.run.c.console_bytes > 0)))
        waiting = [run_id for run_id in run_ids if console_blocks.are_due(connection, run_id)]
    for done, run_id in enumerate(waiting):
        say(f"preparing the search of console lines: {done:,} of {len(waiting):,} runs")
        is_complete = False
        while not is_complete:
            with leaving_time(PAUSE), store.write() as connection:
                runs.lock_run(connection, run_id)
                is_complete = console_blocks.extend(connection, run_id) < console_blocks.AT_ONCE


def _give_back(store: Store, say: Say) -> int:
    """Give the unused pages of a SQLite file back to the disk, and return their size in bytes."""
    with store.read() as connection:
        page_bytes, unused = _number(connection, "page_size"), _number(connection, "freelist_count")
        is_incremental = _number(connection, "auto_vacuum") == INCREMENTAL
    if not is_incremental:
        say(f"writing the file again, once, because an earlier version created it: {unused:,} pages are unused")
        _rewrite(store)
        return unused * page_bytes
    left = unused
    while left:
        say(f"giving space back: {unused - left:,} of {unused:,} pages")
        with leaving_time(PAUSE), store.write() as connection:
            _free_pages(connection)
            before, left = left, _number(connection, "freelist_count")
        if left >= before:
            break  # others use and free as many pages at the same time
    return max(unused - left, 0) * page_bytes


def _number(connection: Connection, pragma: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())


def _free_pages(connection: Connection) -> None:
    """Give some unused pages back. The statement frees a page for each row that is fetched, and the rows are empty."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")
    cursor.fetchall()


def _rewrite(store: Store) -> None:
    """Write the whole file again. Writers wait meanwhile. From then on, space is given back in steps."""
    connection = store.engine.raw_connection()  # SQLite does this only outside a transaction
    try:
        connection.cursor().execute("VACUUM")
    finally:
        connection.close()
