"""Measures the deletion of many runs: its duration, what others notice meanwhile, and the space that comes back.

    python -m benchmarks.deletion [--runs 10000] [--deleted 1000] [--rounds 3] [--rows 100] [--keys 5]

The server is a real process with SQLite. Runs are deleted over HTTP, for good, while another process sends batches of
`RANKS` journals as a service does. Two limits are measured in the same run: the same rows deleted from a copy of the
database by plain SQL in one transaction, and a database that never had them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np

from benchmarks.store import RANKS, journal_of, rows_of, say
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.messages import RunChoice, RunsChange
from lightning_sweeps.store import compaction
from lightning_sweeps.store.database import open_store, sqlite_url
from tests.servers import running_server

MEGABYTE = 1e6
BATCH_ROWS, BATCH_KEYS = 10, 10
INTERVAL_S = 0.1
"""Time from one batch to the next."""
LIVE = [f"live-{number}" for number in range(RANKS)]
"""Journals that grow during the deletion."""
ALONE_S = 10.0
"""How long batches are measured before the deletion."""
PLAIN = """
CREATE TEMP TABLE gone AS SELECT id FROM run WHERE id IN (SELECT value FROM json_each(:ids));
CREATE TEMP TABLE gone_journal AS SELECT id FROM journal WHERE run_id IN gone;
CREATE TEMP TABLE gone_series AS SELECT id FROM series WHERE owner_kind = 'run' AND owner_id IN gone;
CREATE TEMP TABLE gone_segment AS SELECT id FROM segment WHERE series_id IN gone_series;
BEGIN;
DELETE FROM rollup_page WHERE segment_id IN gone_segment;
DELETE FROM column_chunk WHERE segment_id IN gone_segment;
DELETE FROM segment WHERE id IN gone_segment;
DELETE FROM series WHERE id IN gone_series;
DELETE FROM write_buffer WHERE journal_id IN gone_journal;
DELETE FROM journal WHERE id IN gone_journal;
DELETE FROM run WHERE id IN gone;
COMMIT;
"""
"""What a deletion must do at least. `:ids` is a JSON list of the ids of the runs."""


def fill(client: Client, names: list[str], *, rows: int, keys: int) -> None:
    for at in range(0, len(names), RANKS):
        client.send_journals([SentPart(name, 0, journal_of(name, rows, keys)) for name in names[at : at + RANKS]])


def send_batches(server: ServerFile, is_over: Event, taken: Connection) -> None:
    """Send batches until the event is set; then send their start times and durations in seconds."""
    durations: list[tuple[float, float]] = []
    offsets = dict.fromkeys(LIVE, 0)
    with Client(server.url, server.token) as client:
        for batch in range(1_000_000):
            if is_over.is_set():
                break
            data = rows_of(BATCH_ROWS, BATCH_KEYS, first=batch * BATCH_ROWS)
            parts = [SentPart(name, at, data if at else journal_of(name, 0, 0) + data) for name, at in offsets.items()]
            began = time.monotonic()
            for outcome in client.send_journals(parts):
                assert outcome.status == 200, outcome
                offsets[outcome.journal] = outcome.offset
            durations.append((began, time.monotonic() - began))
            time.sleep(max(0.0, INTERVAL_S - durations[-1][1]))
    taken.send(durations)


def delete_runs(client: Client, names: list[str]) -> tuple[float, float]:
    """Delete runs for good over HTTP; return the seconds until they are in the trash, and until they are gone."""
    began = time.monotonic()
    changed = client.change_runs(
        RunsChange(RunChoice([f"run-{name}" for name in names]), action="delete", with_running=True)
    )
    assert changed.count == len(names), changed
    in_trash_s = time.monotonic() - began
    while client.empty_trash().remaining:
        pass
    return in_trash_s, time.monotonic() - began


def delete_plainly(database: Path, copy: Path, names: list[str]) -> float:
    """Delete the rows of runs from a copy of a database with plain SQL; return the seconds."""
    ids = json.dumps([f"run-{name}" for name in names])
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.isolation_level = None
        target.execute("PRAGMA journal_mode=WAL")
        began = time.monotonic()
        for statement in PLAIN.strip().split(";\n"):
            target.execute(statement, {"ids": ids} if ":ids" in statement else {})
        return time.monotonic() - began


def compact(database: Path) -> tuple[float, int]:
    """Compact a database as `db compact` does; return the seconds, and the bytes of the file afterwards."""
    began = time.monotonic()
    store = open_store(sqlite_url(database))
    compaction.compact(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return time.monotonic() - began, database.stat().st_size


def measure(folder: Path, *, runs: int, deleted: int, rounds: int, rows: int, keys: int) -> None:
    names = [f"j{number}" for number in range(runs)]
    gone, kept = names[: deleted * rounds], names[deleted * rounds :]
    database = Home(folder / "server").server_database
    with running_server(folder / "kept") as (client, _):
        fill(client, kept, rows=rows, keys=keys)
    _, limit_bytes = compact(Home(folder / "kept").server_database)
    with running_server(folder / "server") as (client, server):
        fill(client, names, rows=rows, keys=keys)
        plain_s = delete_plainly(database, folder / "copy.db", gone)
        context = multiprocessing.get_context("spawn")
        is_over = context.Event()
        received, sent = context.Pipe(duplex=False)
        sender = context.Process(target=send_batches, args=(server, is_over, sent))
        sender.start()
        time.sleep(ALONE_S)
        began = time.monotonic()
        durations = [delete_runs(client, gone[at : at + deleted]) for at in range(0, len(gone), deleted)]
        in_trash_s, gone_s = np.median(durations, axis=0)
        ended = time.monotonic()
        is_over.set()
        batches = received.recv()
        sender.join()
        delete_runs(client, LIVE)  # so that the database holds what the one that never had the runs holds
    before_bytes = database.stat().st_size
    compact_s, after_bytes = compact(database)
    alone = [seconds * 1000 for at, seconds in batches if at + seconds < began]
    meanwhile = [seconds * 1000 for at, seconds in batches if at + seconds >= began and at < ended]
    what = f"{deleted:,} of {runs:,} runs ({rows} rows x {keys} keys), {rounds} times: median"
    say(f"{what}\nin the trash", float(in_trash_s), "s")
    say("deleted for good, over HTTP, beside ingest", float(gone_s), "s", "aim: seconds")
    say("the same rows by plain SQL, alone", plain_s / rounds, "s")
    say(f"a batch of {RANKS} journals before, median", float(np.median(alone)), "ms wall")
    say("a batch before, p99", float(np.quantile(alone, 0.99)), "ms wall")
    say(f"{len(meanwhile)} batches meanwhile, median", float(np.median(meanwhile)), "ms wall")
    say("batches meanwhile, p99", float(np.quantile(meanwhile, 0.99)), "ms wall", "aim 100")
    say("batches meanwhile, longest", max(meanwhile), "ms wall")
    say("the file before `db compact`", before_bytes / MEGABYTE, "MB")
    say(f"the file after `db compact`, which took {compact_s:.1f} s", after_bytes / MEGABYTE, "MB")
    say("a compacted file that never had these runs", limit_bytes / MEGABYTE, "MB")
    say("ratio", after_bytes / limit_bytes, "x", "aim 1.1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--deleted", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3, help="how often so many are deleted")
    parser.add_argument("--rows", type=int, default=100, help="rows of each run")
    parser.add_argument("--keys", type=int, default=5, help="keys of each row")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = {name: getattr(given, name) for name in ("runs", "deleted", "rounds", "rows", "keys")}
        measure(Path(folder), **sizes)
    print(f"load average of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
