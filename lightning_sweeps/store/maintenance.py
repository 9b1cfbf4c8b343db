"""Care for a database: is it whole, a copy of it while it is used, its space given back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store import schema
from lightning_sweeps.store.blobs import blob_table
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import rollup_pages, write_buffer
from lightning_sweeps.store.series.chunks import CHUNK_POINTS, decode

AT_ONCE = 500
MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class Compaction:
    """What was done: journals whose rows were sorted into series, and chunks that got their pages."""

    journals: int
    chunks: int


def check(store: Store) -> list[str]:
    """Return what is wrong with a database, nothing if it is whole: its file, its references, its counts."""
    with store.read() as connection:
        findings = _sqlite_findings(connection) if store.kind == "sqlite" else []
        return (findings + _count_findings(connection))[:MOST_FINDINGS]


def check_blobs(store: Store, contents: BlobStorage) -> list[str]:
    """Return which files of media and artifacts the database has and the folder has not, or not in their size."""
    with store.read() as connection:
        lost = blob_table.missing_files(connection, contents)
    return [f"the file `{digest}` is not whole or not there" for digest in lost[:MOST_FINDINGS]]


def backup(store: Store, path: Path) -> None:
    """Copy a SQLite database as it is now into the new file `path`, while others use it.

    Raises:
        UsageError: the database is PostgreSQL, which has its own programs for this, or the file exists.
    """
    if store.kind != "sqlite":
        raise UsageError("PostgreSQL databases are backed up by PostgreSQL", hint="pg_dump --format=custom ...")
    if path.exists():
        raise UsageError(f"`{path}` exists already", hint="name a new file")
    with store.engine.connect() as connection:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)  # noqa: S101  by the kind of the store
        target = sqlite3.connect(path)
        try:
            source.backup(target)
        finally:
            target.close()


def compact(store: Store) -> Compaction:
    """Sort all rows into their series, make missing pages, and give unused space back."""
    journals = _sort_all(store)
    chunks = 0
    while True:
        with store.write() as connection:
            lacking = rollup_pages.lacking(connection, limit=AT_ONCE)
            chunks += sum(rollup_pages.catch_up(connection, segment_id) for segment_id in lacking)
        if not lacking:
            break
    if store.kind == "sqlite":  # PostgreSQL does this by itself
        _vacuum(store)
    return Compaction(journals, chunks)


def _vacuum(store: Store) -> None:
    connection = store.engine.raw_connection()  # SQLite vacuums outside of transactions alone
    try:
        connection.cursor().execute("VACUUM")
    finally:
        connection.close()


def _sort_all(store: Store) -> int:
    journal, waiting = schema.journal, schema.write_buffer
    with store.read() as connection:
        asked = select(journal.c.run_id, journal.c.node_id).where(
            journal.c.id.in_(select(waiting.c.journal_id).distinct())
        )
        owners = [row.run_id or row.node_id for row in connection.execute(asked)]
    write_buffer.flush_owners(store, owners)
    return len(owners)


def _sqlite_findings(connection: Connection) -> list[str]:
    found = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    found += [
        f"table `{row[0]}`, row {row[1]}: no `{row[2]}`" for row in connection.execute(text("PRAGMA foreign_key_check"))
    ]
    return found


def _count_findings(connection: Connection) -> list[str]:
    """Return where the points of a series are not as many as its row says, or chunks of a segment are missing."""
    series, segment, chunk = schema.series, schema.segment, schema.column_chunk
    counted = select(chunk.c.segment_id, func.count()).group_by(chunk.c.segment_id)
    stored: dict[int, int] = {row[0]: row[1] for row in connection.execute(counted)}
    points: dict[int, int] = {}
    findings = []
    for row in connection.execute(select(segment.c.id, segment.c.series_id, segment.c.chunks, segment.c.tail)):
        if stored.get(row.id, 0) != row.chunks:
            findings.append(f"segment {row.id} has {stored.get(row.id, 0)} chunks, its row says {row.chunks}")
        tail = 0 if row.tail is None else len(decode(row.tail))
        points[row.series_id] = points.get(row.series_id, 0) + row.chunks * CHUNK_POINTS + tail
    for row in connection.execute(select(series.c.id, series.c.owner_id, series.c.key, series.c.count.label("points"))):
        if points.get(row.id, 0) != row.points:
            where = f"series `{row.key}` of `{row.owner_id}`"
            findings.append(f"{where} has {points.get(row.id, 0)} points, its row says {row.points}")
    return findings
