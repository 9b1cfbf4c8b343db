"""`lightning-sweeps db` says what is wrong with a database, and brings back what a backup lacks."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.journal.delivered import find_delivered
from lightning_sweeps.system.local_server import read_server_file
from tests.server.test_restart import command, server_of
from tests.server.test_restart import home as home
from tests.servers import end_server, running_server, start_server, wait_for_server, wait_until
from tests.service.services import run_program, running_service
from tests.store.journals import Journal

ROWS = 300
LOGS = f"""
run = ls.init(project="restore", name="r")
for step in range({ROWS}):
    run.log({{"v": step}})
    __import__("time").sleep(0.01)
ls.finish()
"""


@pytest.fixture
def filled(home: Home) -> Iterator[Home]:
    """Provide a home folder with a database of one run, which no server uses."""
    with running_server(home.root) as (client, _):
        journal = Journal()
        for step in range(500):
            journal.log(step, loss=float(step))
        client.send_journal(journal.id, 0, journal.finish().data)
    yield home


def overwrite(path: Path) -> None:
    path.write_bytes(b"garbage " * 4096)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def spoil_pages(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


def empty(path: Path) -> None:
    os.truncate(path, 0)


def remove_log(path: Path) -> None:
    """Keep what a copy of the file alone has while a server runs: without its write-ahead log."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("CREATE TABLE more AS SELECT * FROM console")
        copy = path.with_suffix(".copy")
        shutil.copyfile(path, copy)
    copy.replace(path)
    path.with_name(path.name + "-wal").write_bytes(b"no log")


@pytest.mark.parametrize(
    ("hurt", "said"),
    [
        pytest.param(overwrite, "is no SQLite database", id="overwritten"),
        pytest.param(cut, "is cut", id="cut"),
        pytest.param(spoil_pages, "", id="spoiled pages"),
        pytest.param(empty, "has schema none", id="empty"),
    ],
)
@pytest.mark.parametrize("name", ["check", "compact", "migrate"])
def test_a_damaged_database_gives_a_message(filled: Home, hurt: Callable[[Path], None], said: str, name: str) -> None:
    hurt(filled.server_database)
    done = command(filled, "db", name)
    if hurt is empty and name == "migrate":
        assert done.returncode == 0
        return
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert said in done.stderr + done.stdout
    assert "hint: " in done.stderr or name == "check"


def test_a_database_whose_log_is_no_log_is_usable(filled: Home) -> None:
    remove_log(filled.server_database)
    done = command(filled, "db", "check")
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("hurt", [overwrite, cut, spoil_pages, empty], ids=lambda hurt: hurt.__name__)
def test_a_damaged_backup_changes_nothing(filled: Home, tmp_path: Path, hurt: Callable[[Path], None]) -> None:
    backup = tmp_path / "backup.db"
    assert command(filled, "db", "backup", str(backup)).returncode == 0
    hurt(backup)
    before = filled.server_database.read_bytes()
    done = command(filled, "db", "restore", str(backup))
    assert done.returncode == 2
    assert "nothing was changed" in done.stderr and "Traceback" not in done.stderr
    assert filled.server_database.read_bytes() == before


def rows(home: Home) -> list[int]:
    server = server_of(home)
    with Client(server.url, server.token) as client:
        (run,) = client.runs(project="restore").runs
        return [point.step for point in client.points(run.id, "v")]


def back_up_in_mid_run(home: Home, backup: Path) -> None:
    """Log a run, back up the database while it logs, and wait until the run has ended and its journal is delivered."""
    program = run_program(home.root, LOGS)
    wait_until(lambda: read_server_file(home.server_file) is not None, what="a server")
    server = server_of(home)
    with Client(server.url, server.token) as client:
        wait_until(lambda: sum(run.rows for run in client.runs().runs) > 10, what="the first rows")
        assert command(home, "db", "backup", str(backup)).returncode == 0
        assert program.wait(60) == 0
        wait_until(lambda: any(run.state == "finished" for run in client.runs().runs), what="the end of the run")
        wait_until(lambda: not list(home.journals.glob("*.journal")) or _is_only_node(home), what="the delivery")
    assert any(kept.committed for kept in find_delivered(home))


def _is_only_node(home: Home) -> bool:
    """Return whether the journal of the service is the only one that is left."""
    return len(list(home.journals.glob("*.journal"))) == 1


@pytest.mark.slow
@pytest.mark.fault
def test_a_restored_backup_of_mid_run_gets_its_rows_back(home: Home, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with running_service(home.root):
        back_up_in_mid_run(home, backup)
        url = server_of(home).url
        done = command(home, "db", "restore", str(backup))
        assert done.returncode == 0, done.stderr
        assert "The previous database is" in done.stdout and "runs again" in done.stdout
        assert server_of(home).url == url
        wait_until(lambda: rows(home) == list(range(ROWS)), what="all rows, each once")
        server = server_of(home)
        with Client(server.url, server.token) as client:
            wait_until(lambda: client.runs().runs[0].state == "finished", what="the end of the run")
    assert command(home, "db", "check").returncode == 0


@pytest.mark.slow
@pytest.mark.fault
def test_services_send_again_what_a_server_has_lost(home: Home, tmp_path: Path) -> None:
    """A database that somebody replaced by hand while no server ran: each service finds out by itself."""
    backup = tmp_path / "backup.db"
    server = start_server(home.root)
    try:
        wait_for_server(home.root, server)
        with running_service(home.root):
            back_up_in_mid_run(home, backup)
            end_server(server)
            backup.replace(home.server_database)
            server = start_server(home.root)
            wait_for_server(home.root, server)
            wait_until(lambda: rows(home) == list(range(ROWS)), what="all rows, each once")
    finally:
        end_server(server)


@pytest.mark.slow
@pytest.mark.fault
def test_delivered_journals_are_deleted_after_a_time_or_at_once(home: Home) -> None:
    server = start_server(home.root)
    try:
        wait_for_server(home.root, server)
        for keep_s in ("0", "4"):
            with running_service(home.root, LIGHTNING_SWEEPS_KEEP_JOURNALS_S=keep_s):
                program = run_program(home.root, "ls.init().log({'v': 1}); ls.finish()")
                assert program.wait(60) == 0
                if keep_s == "4":
                    wait_until(lambda: any(find_delivered(home)), what="a delivered journal")
                wait_until(lambda: _is_only_node(home) and not any(find_delivered(home)), what="an empty folder")
    finally:
        end_server(server)
