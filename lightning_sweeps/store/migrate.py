"""Migrates a database to the schema of this version, with Alembic, in one transaction and under a lock.

To add a migration: change `schema.py`, call `new_revision(store, "what it does", revision="0002_what_it_does")` on a
migrated database, then read and correct the file that it writes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store import pre_release_schema
from lightning_sweeps.store.database import Store, is_postgresql

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
_REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_DOWN_REVISION = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)
LOCK_NUMBER = 0x4C53574D
"""PostgreSQL's advisory lock for migrations. On SQLite the write transaction is the lock."""


def migrate(store: Store, *, target: str = "head") -> None:
    """Apply every migration that the database lacks.

    Args:
        store: the database.
        target: the revision to stop at; default: the latest one.

    Raises:
        UsageError: the database was written by a later version of lightning-sweeps, or by one that is too old.
    """
    if target == "head" and version(store) == latest():
        return  # Alembic takes half a second to import, at every start of the server
    from alembic import command
    from alembic.util import CommandError

    with store.write() as connection:
        _lock(connection)
        pre_release_schema.upgrade_if_needed(connection, _version(connection))
        try:
            command.upgrade(_config(connection), target)
        except CommandError as error:
            raise UsageError(
                f"this version of lightning-sweeps cannot use the database ({error})",
                hint="a later version probably wrote it: upgrade lightning-sweeps",
            ) from error


def version(store: Store) -> str | None:
    """Return the database's revision, None for an empty database."""
    with store.read() as connection:
        return _version(connection)


def latest() -> str:
    """Return the latest revision of this version of lightning-sweeps: the one that no other revision builds on."""
    texts = [path.read_text() for path in (FOLDER / "versions").glob("[0-9]*.py")]
    built_on = {found for text in texts for found in _DOWN_REVISION.findall(text)}
    return next(str(found) for text in texts for found in _REVISION.findall(text) if found not in built_on)


def new_revision(store: Store, message: str, *, revision: str) -> None:
    """Write a migration from the state of `store` to `schema.py` into the folder of migrations."""
    from alembic import command

    with store.write() as connection:
        command.revision(_config(connection), message, rev_id=revision, autogenerate=True)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _lock(connection: Connection) -> None:
    if is_postgresql(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
