"""Checks and backs up a database while a server uses it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, text, union_all

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store import rejections, schema
from lightning_sweeps.store.blobs import blob_table
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series.owners import DISCARDED, process_of
from lightning_sweeps.store.series.storage import AT_ONCE

MAX_FINDINGS = 20

Say = Callable[[str], None]

_PROBE = {"time": 0.0, "key_name": "", "method": "", "path": "", "status": 0}


def check(store: Store, *, since: float | None = None, say: Say = lambda _: None) -> list[str]:
    """Return the faults of a database: of its file, its references and its series. Empty if it is intact.

    Args:
        store: the database.
        since: only the series of runs and nodes that sent something after this time, in seconds since the epoch, and
            neither the file nor its references; None: everything.
        say: called with a line about what is checked next, and how far it is.
    """
    with store.read() as connection:
        findings = []
        if since is None and store.kind == "sqlite":
            say("checking the file and the references between its rows")
            findings = _sqlite_findings(connection)
        for ids, done in _pages_of_series(connection, since=since):
            say(f"checking points: {done:,} series are done")
            findings += store.series.check(connection, ids)
            if len(findings) >= MAX_FINDINGS:
                break
        return findings[:MAX_FINDINGS]


def try_to_write(store: Store) -> None:
    """Write a row, and remove it again.

    Raises:
        DBAPIError: the database cannot be written, for example because its disk is full.
        LightningSweepsError: another writer has blocked the database for long, or its file is lost.
    """
    with store.write() as connection:
        made = connection.execute(insert(schema.audit).values(**_PROBE).returning(schema.audit.c.id)).scalar_one()
        connection.execute(delete(schema.audit).where(schema.audit.c.id == made))


def list_rejected(store: Store) -> list[str]:
    """Return a sentence for each journal and run of which something could not be stored."""
    with store.read() as connection:
        rejected = rejections.list_all(connection)
    journals = [f"rejected on {one.host}: {one.path}: {one.reason}" for one in rejected.journals]
    records = [f"run `{one.run}`, journal `{one.journal}`, byte {one.offset}: {one.reason}" for one in rejected.records]
    return (journals + records)[:MAX_FINDINGS]


def check_blobs(store: Store, blobs: BlobStorage, *, since: float | None = None) -> list[str]:
    """Return a finding for each blob that the database lists and the storage lacks or has in another size.

    Args:
        store: the database.
        blobs: the storage.
        since: only blobs that were stored after this time, in seconds since the epoch; None: all of them.
    """
    with store.read() as connection:
        lost = blob_table.missing_blobs(connection, blobs, since=since or 0.0)
    return [f"the blob `{digest}` is missing or damaged" for digest in lost[:MAX_FINDINGS]]


def backup(store: Store, path: Path) -> None:
    """Copy a SQLite database into the new file `path`, while others use it.

    Raises:
        UsageError: the database is PostgreSQL, or the file exists.
    """
    if store.kind != "sqlite":
        raise UsageError("a PostgreSQL database cannot be copied to a file here", hint="use `pg_dump --format=custom`")
    if path.exists():
        raise UsageError(f"`{path}` already exists", hint="name a new file")
    with store.engine.connect() as connection:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)  # noqa: S101  the store is SQLite
        target = sqlite3.connect(path)
        try:
            source.backup(target)
        finally:
            target.close()


def _pages_of_series(connection: Connection, *, since: float | None) -> Iterator[tuple[list[int], int]]:
    """Yield the ids of series in pages, each with the number of series before it."""
    series, run, node = schema.series, schema.run, schema.node
    asked = select(series.c.id).where(series.c.owner_kind != DISCARDED)
    if since is not None:
        runs = select(run.c.id).where(run.c.updated >= since)
        processes = select(process_of("") + run.c.id).where(run.c.updated >= since)
        nodes = select(node.c.id).where(node.c.seen >= since)
        asked = asked.where(series.c.owner_id.in_(union_all(runs, processes, nodes)))
    done, last = 0, 0
    while ids := list(connection.scalars(asked.where(series.c.id > last).order_by(series.c.id).limit(AT_ONCE))):
        yield ids, done
        done, last = done + len(ids), ids[-1]


def _sqlite_findings(connection: Connection) -> list[str]:
    found = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    found += [
        f"table `{row[0]}`, row {row[1]}: no `{row[2]}`" for row in connection.execute(text("PRAGMA foreign_key_check"))
    ]
    return found
