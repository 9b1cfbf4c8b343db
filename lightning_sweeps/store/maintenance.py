"""Checks and backs up a database while a server uses it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, delete, insert, text

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store import rejections, schema
from lightning_sweeps.store.blobs import blob_table
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store

MAX_FINDINGS = 20
_PROBE = {"time": 0.0, "key_name": "", "method": "", "path": "", "status": 0}


def check(store: Store) -> list[str]:
    """Return the faults of a database: of its file, its references and its series. Empty if it is intact."""
    with store.read() as connection:
        findings = _sqlite_findings(connection) if store.kind == "sqlite" else []
        return (findings + store.series.check(connection))[:MAX_FINDINGS]


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


def check_blobs(store: Store, blobs: BlobStorage) -> list[str]:
    """Return a finding for each blob that the database lists and the storage lacks or has in another size."""
    with store.read() as connection:
        lost = blob_table.missing_blobs(connection, blobs)
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


def _sqlite_findings(connection: Connection) -> list[str]:
    found = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    found += [
        f"table `{row[0]}`, row {row[1]}: no `{row[2]}`" for row in connection.execute(text("PRAGMA foreign_key_check"))
    ]
    return found
