"""Bring a database to the schema of this version: Alembic's migrations, all in one transaction, under a lock.

A new one is written by `new_revision(store, "what it does", revision="0002")` after `schema.py` was changed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.database import Store

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
_IS = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_BUILDS_ON = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)
LOCK_NUMBER = 0x4C53574D
"""PostgreSQL's advisory lock that lets one server migrate at a time; on SQLite the write transaction is that lock."""


def migrate(store: Store, *, target: str = "head") -> None:
    """Apply every migration that the database does not have yet, up to `target`.

    Raises:
        UsageError: the database was written by a later version of lightning-sweeps.
    """
    if target == "head" and version(store) == latest():
        return  # Alembic takes half a second to load, at every start
    from alembic import command
    from alembic.util import CommandError

    with store.write() as connection:
        _lock(connection)
        try:
            command.upgrade(_config(connection), target)
        except CommandError as error:
            raise UsageError(
                f"this version of lightning-sweeps cannot use the database ({error})",
                hint="it was probably written by a later version: upgrade lightning-sweeps",
            ) from error


def version(store: Store) -> str | None:
    """Return the number of the last migration that the database has, None for an empty database."""
    with store.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def latest() -> str:
    """Return the number of the last migration of this version of lightning-sweeps: the one on which none builds.

    Numbers are given to changes before they are made, so the last one need not be the highest.
    """
    texts = [path.read_text() for path in (FOLDER / "versions").glob("[0-9]*.py")]
    built_on = {found for text in texts for found in _BUILDS_ON.findall(text)}
    return next(str(found) for text in texts for found in _IS.findall(text) if found not in built_on)


def new_revision(store: Store, message: str, *, revision: str) -> None:
    """Write the migration from the state of `store` to `schema.py` into the folder, to be read and corrected."""
    from alembic import command

    with store.write() as connection:
        command.revision(_config(connection), message, rev_id=revision, autogenerate=True)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
