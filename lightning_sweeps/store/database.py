"""From a database URL to a `Store`: connections set up for SQLite or PostgreSQL, and its two kinds of transaction.

SQLite: write-ahead log with `synchronous=NORMAL` (a killed server loses nothing; a power cut may lose the last commits,
never the database's integrity), one writer at a time by `BEGIN IMMEDIATE`. PostgreSQL: psycopg 3, READ COMMITTED; code
that reads rows in order to change them takes them with `SELECT ... FOR UPDATE`, and no lock is waited for without end.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from lightning_sweeps.errors import LightningSweepsError, UsageError
from lightning_sweeps.messages import DatabaseKind
from lightning_sweeps.store.column_values import dump

BUSY_TIMEOUT_S = 30
"""How long a write waits for the writer before it."""
SWITCH_PAUSE_S = 0.02
ABANDONED_S = 120
"""PostgreSQL takes its locks back from a server that stopped in the middle of a transaction."""
CONNECT_TIMEOUT_S = 10
POOL_SIZE = 16
POOL_OVERFLOW = 48
"""Together more than the server has worker threads, so that no request waits for a connection."""

_WRITES = "lightning_sweeps_writes"
_LOCK = sqlalchemy.text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = sqlalchemy.text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")


class Store:
    """One database. Shared between threads; every transaction has a connection of its own.

    Args:
        engine: made by `open_store`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._one_writer = threading.Lock() if engine.dialect.name == "sqlite" else None

    @property
    def kind(self) -> DatabaseKind:
        """`sqlite` or `postgresql`."""
        return "sqlite" if self.engine.dialect.name == "sqlite" else "postgresql"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that reads one state of the database."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes commit together at the end, or not at all if the block raises.

        Keep the block short: on SQLite nobody else can write meanwhile.

        Raises:
            LightningSweepsError: another writer held SQLite for `BUSY_TIMEOUT_S`.
        """
        with self._turn(), self.engine.connect() as connection:
            writing = connection.execution_options(**{_WRITES: True})
            with writing.begin():
                yield writing

    @contextmanager
    def alone(self, kind: str, name: str) -> Iterator[None]:
        """Be the only one, over all servers of a PostgreSQL database, between here and the end of the block.

        On SQLite this does nothing: its servers are on one machine, where a lock file does it.
        """
        if self.kind == "sqlite":
            yield
            return
        whole_name = {"name": f"{kind}:{name}"}
        with self.engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")  # no transaction that could be idle
            connection.execute(_LOCK, whole_name)
            try:
                yield
            finally:
                connection.execute(_UNLOCK, whole_name)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let this process's writers queue here, in order, where SQLite itself would let them poll."""
        if self._one_writer is None:
            yield
            return
        if not self._one_writer.acquire(timeout=BUSY_TIMEOUT_S):
            raise LightningSweepsError(f"the database was busy with another write for {BUSY_TIMEOUT_S} s")
        try:
            yield
        finally:
            self._one_writer.release()

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`, for this connection."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite database in the file `path`."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def open_store(url: str) -> Store:
    """Return the store of a database URL: `sqlite:///file` or `postgresql://user:password@host/name`.

    Raises:
        UsageError: the URL names no database that we support, or its driver is not installed.
    """
    parsed = _parse(url)
    return Store(_sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed))


def _parse(url: str) -> URL:
    allowed = "allowed: `sqlite:///file` or `postgresql://user:password@host/name`"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError("the database URL cannot be read", hint=allowed) from None
    if parsed.drivername == "postgres":
        parsed = parsed.set(drivername="postgresql")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise UsageError(f"`{parsed.drivername}` databases are not supported", hint=allowed)
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UsageError("a SQLite database needs a file", hint=allowed)
    return parsed


def _sqlite(url: URL) -> Engine:
    engine = sqlalchemy.create_engine(
        url.set(drivername="sqlite"),
        json_serializer=dump,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        connect_args={"timeout": BUSY_TIMEOUT_S},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver's own guess
        cursor = connection.cursor()
        _use_write_ahead_log(cursor)
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Switch the file to WAL, once for ever. SQLite does not wait here, whatever its timeout, so this does."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(SWITCH_PAUSE_S)


def _postgresql(url: URL) -> Engine:
    try:
        engine = sqlalchemy.create_engine(
            url.set(drivername="postgresql+psycopg"),
            json_serializer=dump,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        )
    except ModuleNotFoundError as error:
        raise UsageError(
            f"PostgreSQL needs a driver that is not installed ({error.name})",
            hint='pip install "lightning-sweeps[postgres]"',
        ) from error

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{BUSY_TIMEOUT_S}s'")
            cursor.execute(f"SET idle_in_transaction_session_timeout = '{ABANDONED_S}s'")
        connection.commit()

    return engine
