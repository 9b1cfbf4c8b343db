"""`db compact` gives space back in steps, and in a file of an earlier version at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lightning_sweeps.messages import RunChoice, RunsChange
from lightning_sweeps.store import compaction, maintenance, run_changes, trash
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate
from lightning_sweeps.testing.series_storage import read_points
from tests.store.journals import Journal
from tests.store.uploads import NOW, send

ROWS = 600
RUNS = [f"r{number}" for number in range(6)]


def file_size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def create(path: Path, *, is_old: bool) -> str:
    """Create an empty database, perhaps as earlier versions did, and return its URL."""
    url = sqlite_url(path)
    with closing(open_store(url)) as store:
        migrate(store)
    if is_old:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("PRAGMA auto_vacuum=NONE; VACUUM;")
    return url


def fill_and_delete(store: Store) -> None:
    for run in RUNS:
        journal = Journal(id=f"j-{run}", run=run)
        for step in range(ROWS):
            journal.log(step, loss=step * 0.37, note=f"{run} said {step} " * 20)
        send(store, journal.finish())
    with store.write() as connection:
        wanted = RunsChange(RunChoice(ids=RUNS[1:]), action="delete")
        run_changes.change(connection, wanted, by="alice", now=NOW)
    assert trash.delete_runs(store, RUNS[1:], now=NOW) == len(RUNS) - 1


@pytest.mark.parametrize("is_old", [False, True], ids=["new file", "file of an earlier version"])
def test_the_file_shrinks_and_the_rows_stay(tmp_path: Path, is_old: bool) -> None:
    path = tmp_path / "server.db"
    with closing(open_store(create(path, is_old=is_old))) as store:
        fill_and_delete(store)
        before, said = file_size(path), list[str]()
        done = compaction.compact(store, say=said.append)
        after = file_size(path)
        assert after < before / 2
        assert done.freed_bytes >= (before - after) * 0.9
        assert any("the file again, once" in line for line in said) == is_old
        assert maintenance.check(store) == []
        assert len(read_points(store, "r0", "loss")) == ROWS
        said.clear()
        compaction.compact(store, say=said.append)
        assert not any("the file again" in line for line in said), "the next time in steps"
