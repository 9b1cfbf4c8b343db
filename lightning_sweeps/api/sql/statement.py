"""Runs a statement: which tables it reads, their rows into a database in memory, and the answer, within limits."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import msgspec

from lightning_sweeps.api.sql.source import Source
from lightning_sweeps.api.sql.tables import TABLES
from lightning_sweeps.errors import UsageError

Row = dict[str, Any]

TIMEOUT_S = 60.0
MAX_ROWS = 1_000_000
"""Rows of an answer."""
MAX_PAGES = 1024 * 1024
"""Pages of 4 KiB that the tables may take in memory."""
STEPS_PER_LOOK = 10_000
"""How many instructions of SQLite pass between two looks at the clock."""

_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


def run_statement(statement: str, source: Source, *, timeout_s: float = TIMEOUT_S) -> list[Row]:
    """Return the rows of a `SELECT` statement.

    Args:
        statement: one statement in SQLite's dialect.
        source: fills the tables that it reads.
        timeout_s: how long SQLite may work on it, in seconds.

    Raises:
        UsageError: the statement is not valid, does more than read, takes too long or has too many rows.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA max_page_count = {MAX_PAGES}")
        for name, table in TABLES.items():
            connection.execute(f"CREATE TABLE {name} ({', '.join(table.columns)})")
        with _errors_explained():
            for name in _tables_read(connection, statement):
                _fill(connection, name, source)
            return _answer(connection, statement, timeout_s)


def _tables_read(connection: sqlite3.Connection, statement: str) -> list[str]:
    """Return the tables that a statement reads, without running it. From now on, the connection only reads."""
    read: set[str] = set()

    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ:
            read.add(first or "")
        is_loading = action == sqlite3.SQLITE_FUNCTION and second == "load_extension"
        return sqlite3.SQLITE_OK if action in _ALLOWED and not is_loading else sqlite3.SQLITE_DENY

    connection.set_authorizer(authorize)
    connection.execute(f"EXPLAIN {statement}").close()
    connection.set_authorizer(None)
    return sorted(read & TABLES.keys())


def _fill(connection: sqlite3.Connection, name: str, source: Source) -> None:
    table = TABLES[name]
    places = ", ".join("?" * len(table.columns))
    connection.executemany(f"INSERT INTO {name} VALUES ({places})", _storable(table.rows(source)))  # noqa: S608


def _storable(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield tuple(_as_sqlite(value) for value in row)


def _as_sqlite(value: Any) -> Any:
    """Return a value as SQLite stores it: lists and maps as JSON, long integers as text."""
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return None if isinstance(value, float) and math.isnan(value) else value


def _answer(connection: sqlite3.Connection, statement: str, timeout_s: float) -> list[Row]:
    deadline = time.monotonic() + timeout_s
    connection.execute("PRAGMA query_only = 1")
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), STEPS_PER_LOOK)
    try:
        cursor = connection.execute(statement)
        found = cursor.fetchmany(MAX_ROWS + 1)
    except sqlite3.OperationalError as error:
        if time.monotonic() <= deadline:
            raise
        raise UsageError(
            f"the statement took longer than {timeout_s:g} s", hint="read fewer rows, or join over fewer"
        ) from error
    if len(found) > MAX_ROWS:
        raise UsageError(f"the answer has more than {MAX_ROWS} rows", hint="add `LIMIT`, or aggregate")
    names = _distinct([column[0] for column in cursor.description])
    return [dict(zip(names, row, strict=True)) for row in found]


def _distinct(names: list[str]) -> list[str]:
    """Return the names of columns; a name that was there before gets a number."""
    found: dict[str, None] = {}
    for name in names:
        number, unique = 1, name
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found[unique] = None
    return list(found)


@contextmanager
def _errors_explained() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        if any(text in str(error) for text in ("not authorized", "one statement", "readonly database")):
            raise UsageError(
                f"the statement does more than read ({error}), allowed: one `SELECT`", hint="the tables are read-only"
            ) from error
        raise UsageError(
            f"the statement cannot run: {error}",
            hint=f"the tables are {', '.join(TABLES)}; `lightning-sweeps sql --tables` lists their columns",
        ) from error
