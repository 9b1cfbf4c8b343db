"""Bring a database to the schema of this version: Alembic's migrations, all in one transaction, under a lock.

A new one is written by `new_revision(store, "what it does", revision="0002")` after `schema.py` was changed.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.engine import Store

FOLDER = Path(__file__).parent / "migrations"
LOCK_NUMBER = 0x4C53574D
"""PostgreSQL's advisory lock that lets one server migrate at a time; on SQLite the write transaction is that lock."""


def migrate(store: Store) -> None:
    """Apply every migration that the database does not have yet.

    Raises:
        UsageError: the database was written by a later version of lightning-sweeps.
    """
    with store.write() as connection:
        _lock(connection)
        try:
            command.upgrade(_config(connection), "head")
        except CommandError as error:
            raise UsageError(
                f"this version of lightning-sweeps cannot use the database ({error})",
                hint="it was probably written by a later version: upgrade lightning-sweeps",
            ) from error


def new_revision(store: Store, message: str, *, revision: str) -> None:
    """Write the migration from the state of `store` to `schema.py` into the folder, to be read and corrected."""
    with store.write() as connection:
        command.revision(_config(connection), message, rev_id=revision, autogenerate=True)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
