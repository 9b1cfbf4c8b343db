"""Starts real servers for tests: our server as a subprocess, and one PostgreSQL server for each test session.

`tests/conftest.py` registers the fixtures. A test that uses `database` or `empty_database` runs on SQLite
and on PostgreSQL.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg
import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.store.database import open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate

START_S = 30
END_S = 10


def wait_until(condition: Callable[[], bool], *, timeout_s: float = START_S, what: str = "the condition") -> None:
    """Return as soon as `condition()` holds; fail after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout_s} s"
        time.sleep(0.01)


def start_server(home: Path, *options: str, database: str | None = None, port: int = 0) -> subprocess.Popen[bytes]:
    """Start the server's process on `home` without waiting for it. Its output goes to `server.log` in that folder."""
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "lightning_sweeps.server", "--home", str(home), "--port", str(port), *options]
    if database is not None:
        command += ["--database", database]
    with Home(home).server_log.open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment())


def wait_for_server(home: Path, process: subprocess.Popen[bytes]) -> ServerFile:
    """Wait until the server that `process` runs accepts requests, and return its address and key."""

    def is_ready() -> bool:
        assert process.poll() is None, f"the server ended:\n{Home(home).server_log.read_text()}"
        return described() is not None

    def described() -> ServerFile | None:
        try:
            found = msgspec.json.decode(Home(home).server_file.read_bytes(), type=ServerFile)
        except FileNotFoundError:
            return None
        return found if found.pid == process.pid else None

    wait_until(is_ready, what="the server's file")
    server = described()
    assert server is not None
    return server


def end_server(process: subprocess.Popen[bytes]) -> None:
    """End the server with SIGTERM, and with SIGKILL if it does not end in time."""
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_S)


@contextmanager
def running_server(home: Path, database: str | None = None, *options: str) -> Iterator[tuple[Client, ServerFile]]:
    """Run the real server on `home`, and provide a client for it and its address."""
    process = start_server(home, *options, database=database)
    try:
        server = wait_for_server(home, process)
        with Client(server.url, server.token) as client:
            yield client, server
    finally:
        end_server(process)


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """The PostgreSQL server of this test session."""

    port: int

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def new_database(self, *, like: str | None = None) -> str:
        """Create an empty database, or a copy of the database with the URL `like`, and return its URL."""
        name = f"test_{secrets.token_hex(6)}"
        copied = "" if like is None else f' TEMPLATE "{like.rpartition("/")[2]}"'
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"{copied}'.encode())
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop the database of `url`, and end all connections to it."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """Run a PostgreSQL server for all tests of the session. Skip if it is not installed."""
    if _postgres_binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    with running_postgres() as server:
        yield server


@contextmanager
def running_postgres() -> Iterator[PostgreSQL]:
    """Run a PostgreSQL server on a free port, with its data in a temporary folder."""
    binaries = _postgres_binaries()
    assert binaries is not None, "no PostgreSQL server is installed"
    folder = Path(tempfile.mkdtemp(prefix="ls-postgres-"))
    user = _database_user()
    if user is not None:
        shutil.chown(folder, user)

    def control(*arguments: str) -> None:
        """Run `pg_ctl`, which detaches the server, so that the leak check does not see a child process."""
        command = [str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-s", "-w", "-t", str(START_S), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=user)

    port = _free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        control("initdb", "-o", "-U postgres -A trust -E UTF8 --locale=C --no-sync")
        control("start", "-o", options, "-l", str(folder / "log"))
        try:
            yield PostgreSQL(port)
        finally:
            control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Provide the URL of an empty database. Each test that uses it runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "test.db")
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    url = server.new_database()
    yield url
    server.drop(url)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a SQLite database with the schema and no rows, to copy: the migrations take longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "test.db"
    _migrate(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def migrated_url(postgres: PostgreSQL) -> str:
    """Create a PostgreSQL database with the schema and no rows, to copy."""
    url = postgres.new_database()
    _migrate(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Provide the URL of a database with the schema and no rows, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        yield sqlite_url(path)
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    url = server.new_database(like=request.getfixturevalue("migrated_url"))
    yield url
    server.drop(url)


def _migrate(url: str) -> None:
    store = open_store(url)
    migrate(store)
    store.close()


def _postgres_binaries() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    config = shutil.which("pg_config")
    if config is not None:
        told = subprocess.run([config, "--bindir"], check=True, capture_output=True, text=True)
        folders.insert(0, Path(told.stdout.strip()))
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _database_user() -> str | None:
    """Return the user that runs PostgreSQL if this process is root, which PostgreSQL refuses. Otherwise, None."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
