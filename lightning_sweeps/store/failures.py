"""Decides what a failed transaction says: the database is away, it is busy, or the rows cannot be stored. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lightning_sweeps.errors import DatabaseBusy

Cause: TypeAlias = Literal["away", "busy", "rows"]
"""away: no transaction can succeed now. busy: this one may succeed later. rows: it fails again with the same rows."""

_AWAY_CLASSES = ("08", "57P")
"""Beginnings of PostgreSQL's error codes: connection exceptions, and a server that shuts down or starts."""
_BUSY_CLASSES = ("40", "53", "55", "57", "25006")
"""Rollbacks such as deadlocks, lack of resources, locks, cancelled statements, and a server that only reads."""
_SQLITE_BUSY = ("locked", "disk is full", "disk i/o error", "readonly", "unable to open", "out of memory")

_TOO_COMPLEX_CLASS = "54"
_SQLITE_TOO_COMPLEX = ("parser stack overflow", "expression tree is too large", "too many sql variables")


def cause_of(error: BaseException) -> Cause:
    """Return what the exception of a transaction says. An unknown exception is attributed to the rows."""
    if isinstance(error, PoolTimeout | DatabaseBusy):
        return "away"
    if isinstance(error, OSError | MemoryError):  # a storage of series may be another server
        return "busy"
    if not isinstance(error, DBAPIError):
        return "rows"
    if error.connection_invalidated:
        return "away"
    original = error.orig
    if type(original).__module__.startswith("sqlite3"):
        said = str(original).lower()
        return "busy" if any(part in said for part in _SQLITE_BUSY) else "rows"
    code = getattr(original, "sqlstate", None)
    if code is None:  # the connection broke before the server could answer
        return "away"
    if code.startswith(_AWAY_CLASSES):
        return "away"
    return "busy" if code.startswith(_BUSY_CLASSES) else "rows"


def is_rolled_back(error: BaseException) -> bool:
    """Return whether PostgreSQL ended the transaction in favor of another one, for example after a deadlock."""
    code = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return code is not None and code.startswith("40")


def is_too_complex(error: BaseException) -> bool:
    """Return whether a statement exceeds a limit of the database, for example the depth of its expressions."""
    if not isinstance(error, DBAPIError):
        return False
    said = str(error.orig).lower()
    is_sqlite = type(error.orig).__module__.startswith("sqlite3")
    if is_sqlite:
        return any(part in said for part in _SQLITE_TOO_COMPLEX)
    return (getattr(error.orig, "sqlstate", None) or "").startswith(_TOO_COMPLEX_CLASS)


def describe(error: BaseException) -> str:
    """Return the first line of an exception in one short sentence, without the values of the statement."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    return f"{type(error).__name__}: {said[0][:300]}" if said else type(error).__name__
