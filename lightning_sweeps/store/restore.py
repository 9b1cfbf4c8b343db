"""Puts a backup in the place of an SQLite database that no server uses."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.database_file import damage

SIDE_SUFFIXES = ("-wal", "-shm")
"""Files that belong to a SQLite database: its write-ahead log and the index of that."""


def check_backup(path: Path) -> None:
    """Check that a file is an intact SQLite database.

    Raises:
        UsageError: it is not.
    """
    if not path.is_file():
        raise UsageError(f"there is no backup `{path}`")
    problem = damage(path) or ("is empty" if path.stat().st_size == 0 else "")
    if not problem:
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            said = str(error)
        problem = "" if said == "ok" else f"is damaged: {said}"
    if problem:
        raise UsageError(f"the backup `{path}` {problem}", hint="nothing was changed; use another backup")


def restore(backup: Path, database: Path) -> Path | None:
    """Copy a backup to the place of a database. Return where the previous database is now; None if there was none.

    Args:
        backup: a file that `check_backup` has accepted.
        database: the database's file. No process may have it open.

    Raises:
        OSError: a file cannot be written; the previous database is in its place.
    """
    beside = database.with_name(f".{database.name}.restored")
    beside.unlink(missing_ok=True)
    with closing(sqlite3.connect(backup)) as source, closing(sqlite3.connect(beside)) as target:
        source.backup(target)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    previous = _rename_previous(database) if database.exists() else None
    for suffix in SIDE_SUFFIXES:  # a log without its database must not meet another one
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    beside.rename(database)
    return previous


def _rename_previous(database: Path) -> Path:
    moment = time.strftime("%Y%m%d-%H%M%S")
    previous = database.with_name(f"{database.stem}-before-{moment}{database.suffix}")
    for suffix in ("", *SIDE_SUFFIXES):
        part = database.with_name(database.name + suffix)
        if part.exists():
            part.rename(previous.with_name(previous.name + suffix))
    return previous
