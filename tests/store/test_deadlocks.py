"""Journals of several nodes that report the same runs at once do not stop each other, on both databases."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from lightning_sweeps.journal import records
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.server import journal_parts
from lightning_sweeps.store import runs
from lightning_sweeps.store.database import Store, open_store
from tests.servers import wait_until
from tests.store.journals import STARTED, Journal
from tests.store.uploads import get_run, send

RUNS = [f"run-{number}" for number in range(8)]
NODES, PARTS, ROUNDS = 4, 3, 12


def stall(journal: Journal, run: str, sequence: int) -> None:
    journal.add(records.Stall(sequence, STARTED + sequence, run, 0, STARTED, "waits in `all_reduce`", "stack"))


def node_journal(number: int, runs_in_order: list[str]) -> Journal:
    journal = Journal(f"node-journal-{number}", node=f"node-{number}")
    for sequence, run in enumerate(runs_in_order):
        stall(journal, run, 1000 + sequence)
        journal.sample(run, **{"process.cpu_percent": 1.0})
    return journal


def deadlocks(store: Store) -> int:
    """Return how many deadlocks PostgreSQL has resolved in this database."""
    if store.kind == "sqlite":
        return 0
    with store.read() as connection:
        asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.execute(text(asked)).scalar_one())


def test_stalls_that_nodes_report_in_any_order_cause_no_deadlock(database: str, store: Store) -> None:
    for run in RUNS:
        send(store, Journal(f"journal-of-{run}", run).log(0, loss=1.0))
    order = random.Random(5)
    for number in range(ROUNDS):
        journals = [node_journal(number * NODES + node, order.sample(RUNS, len(RUNS))) for node in range(NODES)]
        stores = [open_store(database) for _ in journals]
        begin = threading.Barrier(NODES)

        def take(
            one: Store, journal: Journal, begin: threading.Barrier = begin
        ) -> list[int]:  # bound: one barrier for each round
            begin.wait()
            part = SentPart(journal.id, 0, journal.data)
            return [outcome.status for outcome in journal_parts.take_all(one, [part])[0]]

        with ThreadPoolExecutor(NODES) as pool:
            assert list(pool.map(take, stores, journals)) == [[200]] * NODES
        for one in stores:
            one.close()
    assert deadlocks(store) == 0
    assert {get_run(store, run).reason for run in RUNS} == {"waits in `all_reduce`"}


@contextmanager
def holding(store: Store, first: str, then: str, holds: threading.Event, go: threading.Event) -> Iterator[None]:
    """Lock the run `first`, and the run `then` once `go` is set, in a transaction that cannot be the one that fails."""

    def lock() -> None:
        with store.write() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # the other transaction looks, and gives way
            runs.lock_run(connection, first)
            holds.set()
            assert go.wait(30)
            runs.lock_run(connection, then)

    thread = threading.Thread(target=lock)
    thread.start()
    try:
        yield
    finally:
        go.set()
        thread.join()


def is_anyone_waiting(store: Store) -> bool:
    with store.read() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_a_part_that_a_deadlock_stopped_is_stored_by_the_next_try(database: str, store: Store) -> None:
    if store.kind == "sqlite":
        pytest.skip("SQLite has one writer at a time, and no deadlocks")
    for run in RUNS[:2]:
        send(store, Journal(f"journal-of-{run}", run).log(0, loss=1.0))
    other, holds, go = open_store(database), threading.Event(), threading.Event()
    good, node = Journal("good", "good").log(0, loss=1.0).finish(), node_journal(1, RUNS[:2])
    parts = [SentPart(journal.id, 0, journal.data) for journal in (node, good)]
    with holding(other, RUNS[1], RUNS[0], holds, go), ThreadPoolExecutor(1) as pool:
        assert holds.wait(30)
        answer = pool.submit(journal_parts.take_all, store, parts)
        wait_until(lambda: is_anyone_waiting(other), what="the node's journal waits for the second run")
        go.set()
        outcomes, _ = answer.result(60)
    other.close()
    assert [outcome.status for outcome in outcomes] == [200, 200]
    wait_until(lambda: deadlocks(store) == 1, what="the deadlock in PostgreSQL's statistics")
    assert get_run(store, RUNS[1]).reason == "waits in `all_reduce`"
