"""A server whose disk is full can be read, and one whose database file is lost says so and takes no more rows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.messages import LineRequest, SeriesQuery
from lightning_sweeps.store import schema
from lightning_sweeps.store.database import open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate
from lightning_sweeps.store.projects import ensure_project
from tests.faults.test_trial_ends import fill, small_disk
from tests.servers import running_server, wait_until
from tests.store.journals import Journal

pytestmark = pytest.mark.fault
ROWS = 100
SOON_S = 30.0


def status(server: ServerFile, path: str, *, key: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {key or server.token}"}
    answer = requests.get(server.url + path, headers=headers, timeout=30)
    return answer.status_code, answer.text


def is_taken(client: Client, journal: Journal) -> bool:
    try:
        return client.send_journals([SentPart(journal.id, 0, journal.data)])[0].status == 200
    except ServerRefused as refusal:
        assert refusal.status == 503
        return False


def logged(number: int, *, padding: int = 0) -> Journal:
    journal = Journal(f"journal-{number}", f"run-{number}")
    for step in range(ROWS):
        journal.log(step, loss=float(step))
        if padding:
            journal.say("x" * padding)
    return journal


def test_reading_works_on_a_full_disk_and_the_server_is_not_ready(tmp_path: Path) -> None:
    with small_disk(tmp_path / "home") as disk, running_server(disk) as (client, server):
        assert is_taken(client, logged(1))
        assert status(server, "/api/ready")[0] == 200
        ballast = fill(disk)
        numbers = iter(range(2, 1000))
        wait_until(lambda: not is_taken(client, logged(next(numbers), padding=1000)), what="a refused write")
        wait_until(lambda: status(server, "/api/ready")[0] == 503, timeout_s=SOON_S, what="a server that is not ready")
        assert "full" in status(server, "/api/ready")[1]
        for _ in range(2):  # the rows are still in the buffer
            assert [point.step for point in client.points("run-1", "loss")] == list(range(ROWS))
            assert client.series("run-1", "loss", points=10).count == ROWS
            (line,) = client.query_series(SeriesQuery([LineRequest("run-1", "loss")], points=10)).lines
            assert sum(line.counts) == ROWS
        assert client.run("run-1").rows == ROWS
        ballast.unlink()
        wait_until(lambda: status(server, "/api/ready")[0] == 200, timeout_s=SOON_S, what="a server that is ready")
        assert is_taken(client, logged(5000))
        assert len(client.points("run-1", "loss")) == ROWS


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    other = path.with_name("other.db")
    shutil.copyfile(path, other)
    other.replace(path)


def cut(path: Path) -> None:
    os.truncate(path, 8192)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"garbage " * 100)


@pytest.mark.parametrize(
    ("hurt", "said"),
    [
        pytest.param(delete, "was deleted", id="deleted"),
        pytest.param(replace, "was replaced by another file", id="replaced"),
        pytest.param(cut, "is cut", id="cut"),
        pytest.param(overwrite, "is no SQLite database", id="overwritten"),
    ],
)
def test_a_lost_database_file_is_noticed_and_no_row_is_taken(
    tmp_path: Path, hurt: Callable[[Path], None], said: str
) -> None:
    home = Home(tmp_path / "home")
    with running_server(home.root) as (client, _):
        assert is_taken(client, logged(1))
    with running_server(home.root) as (client, server):  # the end of the first one has moved the log into the file
        assert client.points("run-1", "loss")
        hurt(home.server_database)
        wait_until(lambda: said in home.server_log.read_text(), timeout_s=SOON_S, what="the message in the log")
        for path in ("/api/ready", "/api/health", "/api/runs"):
            code, text = status(server, path)
            assert code == 503 and said in text and "db restore" in text
        code, text = status(server, "/api/runs", key="a key that the server looks for in its database")
        assert code == 503 and said in text
        assert not is_taken(client, logged(2))


def test_a_deleted_file_is_noticed_by_the_next_request(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with running_server(home.root) as (client, _):
        assert is_taken(client, logged(1))
        home.server_database.unlink()
        assert not is_taken(client, logged(2))


def test_a_file_that_comes_back_is_used_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with running_server(home.root) as (client, server):
        assert is_taken(client, logged(1))
        away = home.root / "away.db"
        home.server_database.rename(away)
        wait_until(lambda: status(server, "/api/ready")[0] == 503, timeout_s=SOON_S, what="a server that is not ready")
        away.rename(home.server_database)
        wait_until(lambda: status(server, "/api/ready")[0] == 200, timeout_s=SOON_S, what="a server that is ready")
        assert is_taken(client, logged(2))
        assert len(client.points("run-1", "loss")) == ROWS


OPEN_AND_CLOSE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM project").fetchall()
connection.close()
"""


def test_looking_at_the_file_keeps_the_locks_of_the_server(tmp_path: Path) -> None:
    """Another process that opens and closes the database must not delete the write-ahead log of a server."""
    path = tmp_path / "server.db"
    store = open_store(sqlite_url(path))
    migrate(store)
    with store.write() as connection:
        ensure_project(connection, "before", now=0.0)
    assert store.file is not None
    for _ in range(2):
        store.file.check_contents()
        subprocess.run([sys.executable, "-c", OPEN_AND_CLOSE, str(path)], check=True)
    assert path.with_name("server.db-wal").exists()
    with store.write() as connection:
        ensure_project(connection, "after", now=0.0)
    with store.read() as connection:
        assert set(connection.scalars(select(schema.project.c.name))) == {"before", "after"}
    store.close()
