"""Opens databases: connections to SQLite or PostgreSQL, and transactions that read or write.

SQLite has a write-ahead log with `synchronous=NORMAL`: a killed server loses nothing, and a power cut may lose the last
commits, never the database's integrity. `BEGIN IMMEDIATE` allows one writer at a time. PostgreSQL uses psycopg 3. Its
transactions that read see one state of the database (REPEATABLE READ), as those of SQLite do. Transactions that write
are READ COMMITTED: code that reads rows in order to change them selects them `FOR UPDATE`. Waits for locks have a
limit.
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
from sqlalchemy.engine import URL

from lightning_sweeps.errors import DatabaseBusy, DatabaseLost, UsageError
from lightning_sweeps.messages import DatabaseKind
from lightning_sweeps.store.clock import CLOCK, DatabaseClock, ServerClock
from lightning_sweeps.store.column_values import dump
from lightning_sweeps.store.database_file import DatabaseFile
from lightning_sweeps.store.database_url import ALLOWED, parse_url
from lightning_sweeps.store.run_index.index import RUN_INDEX, RunIndex
from lightning_sweeps.store.series.storage import DEFAULT_STORAGE, SERIES_STORAGES, SeriesStorage

BUSY_TIMEOUT_S = 30
"""How long a write waits for the previous writer."""
SWITCH_PAUSE_S = 0.02
ABANDONED_S = 120
"""PostgreSQL ends a transaction that is idle for this long: its server has probably stopped."""
CONNECT_TIMEOUT_S = 10
POOL_SIZE = 16
POOL_OVERFLOW = 48
"""Together with `POOL_SIZE`, more connections than the server has worker threads: no request waits for one."""

_WRITES = "lightning_sweeps_writes"
_ONE_STATE: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_LOCK = sqlalchemy.text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")
_LOCK_UNTIL_COMMIT = sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_UNLOCK = sqlalchemy.text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")


class Store:
    """One database, and the storage of its series. Threads share it; every transaction has its own connection.

    Args:
        engine: made by `open_store`.
        series: where the points of series are stored.
    """

    def __init__(self, engine: Engine, series: SeriesStorage) -> None:
        self.clock: ServerClock = DatabaseClock() if engine.dialect.name == "postgresql" else ServerClock()
        self.engine = engine.execution_options(**{CLOCK: self.clock, RUN_INDEX: RunIndex()})
        self.series = series
        self.file = DatabaseFile(Path(engine.url.database or "")) if self.kind == "sqlite" else None
        self.lost: DatabaseLost | None = None
        """Set while the database's file is damaged: then no transaction is opened."""
        self._reading = _ONE_STATE if self.kind == "postgresql" else {}
        self._one_writer = threading.Lock() if engine.dialect.name == "sqlite" else None

    @property
    def kind(self) -> DatabaseKind:
        """`sqlite` or `postgresql`."""
        return "sqlite" if self.engine.dialect.name == "sqlite" else "postgresql"

    def now(self) -> float:
        """Return the time that all servers of this database share, in seconds since the epoch."""
        return self.clock.now()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that reads. All its statements see the same state of the database.

        Raises:
            DatabaseLost: the file of an SQLite database was deleted, replaced or damaged.
        """
        self._check_file()
        with self.engine.connect() as connection:
            reading = connection.execution_options(**self._reading)
            with reading.begin():
                self.clock.refresh(reading)
                yield reading

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes. It commits at the end of the block, or rolls back if the block raises.

        Keep the block short: on SQLite it excludes other writers.

        Raises:
            DatabaseBusy: another writer blocked SQLite for `BUSY_TIMEOUT_S`.
            DatabaseLost: the file of an SQLite database was deleted, replaced or damaged.
        """
        self._check_file()
        with self._turn(), self.engine.connect() as connection:
            writing = connection.execution_options(**{_WRITES: True})
            with writing.begin():
                self.clock.refresh(writing)
                yield writing

    @contextmanager
    def write_nothing(self) -> Iterator[Connection]:
        """Open a transaction that may write, and that rolls back at its end. SQLite only.

        Its changes stay in memory, so a full disk does not stop it.
        """
        self._check_file()
        with self._turn(), self.engine.connect() as connection:
            writing = connection.execution_options(**{_WRITES: True})
            with writing.begin() as transaction:
                writing.exec_driver_sql("PRAGMA cache_spill=OFF")
                try:
                    yield writing
                finally:
                    transaction.rollback()
            with writing.begin():
                writing.exec_driver_sql("PRAGMA cache_spill=ON")

    @contextmanager
    def alone(self, kind: str, name: str) -> Iterator[None]:
        """Hold a lock across all servers of a PostgreSQL database until the end of the block.

        On SQLite this does nothing: its servers are on one machine, where a lock file is enough.

        Args:
            kind: what is locked, for example `blob`.
            name: which one.
        """
        if self.kind == "sqlite":
            yield
            return
        whole_name = {"name": f"{kind}:{name}"}
        with self.engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")  # so that no transaction is idle
            connection.execute(_LOCK, whole_name)
            try:
                yield
            finally:
                connection.execute(_UNLOCK, whole_name)

    def _check_file(self) -> None:
        if self.lost is not None:
            raise self.lost
        if self.file is not None:
            self.file.check_identity()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Queue this process's writers in order; SQLite itself would let them poll."""
        if self._one_writer is None:
            yield
            return
        if not self._one_writer.acquire(timeout=BUSY_TIMEOUT_S):
            raise DatabaseBusy(f"the database was busy with another write for {BUSY_TIMEOUT_S} s")
        try:
            yield
        finally:
            self._one_writer.release()

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.engine.dispose()
        if self.file is not None:
            self.file.close()


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT with `on_conflict_do_nothing` and `on_conflict_do_update` for this connection's database."""
    return postgresql.insert(table) if is_postgresql(connection) else sqlite.insert(table)


def lock_name(connection: Connection, name: str) -> None:
    """Hold a named lock until the transaction ends. SQLite needs none: it has one writer at a time."""
    if is_postgresql(connection):
        connection.execute(_LOCK_UNTIL_COMMIT, {"name": name})


def is_postgresql(connection: Connection) -> bool:
    """Return True for PostgreSQL, False for SQLite."""
    return connection.dialect.name == "postgresql"


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite database in the file `path`."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def open_store(url: str, *, series_storage: str = DEFAULT_STORAGE) -> Store:
    """Open a database.

    Args:
        url: `sqlite:///file` or `postgresql://user:password@host/name`.
        series_storage: name of the storage of series. A database keeps the one that it was created with: another one
            does not find the points.

    Raises:
        UsageError: the URL names no supported database, its driver is not installed, or there is no such storage.
    """
    parsed = _parse(url)
    series = SERIES_STORAGES.get(series_storage)()
    return Store(_sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed), series)


def _parse(url: str) -> URL:
    parsed = parse_url(url)
    if parsed.drivername == "postgres":
        parsed = parsed.set(drivername="postgresql")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise UsageError(f"`{parsed.drivername}` databases are not supported", hint=ALLOWED)
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UsageError("a SQLite database needs a file", hint=ALLOWED)
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
        connection.isolation_level = None  # `begin` below starts transactions, not the driver
        cursor = connection.cursor()
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of new files: unused space can be given back in steps
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
    """Switch the file to a write-ahead log, once. SQLite ignores its timeout here, so this function waits."""
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
