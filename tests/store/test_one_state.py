"""A transaction that reads sees one state of the database, whatever is committed meanwhile, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from lightning_sweeps.store.database import Store, open_store
from lightning_sweeps.store.series import point_pages, reading
from lightning_sweeps.store.series.chunks import columns
from tests.store.journals import STARTED
from tests.store.test_reading import add, make_run

BEFORE, AFTER = 1000, 3048
"""Numbers of points before and after the commit, which moves the newest points of the series into a chunk."""

Read: TypeAlias = Callable[[Connection, Store, str], int]


def read_points(connection: Connection, store: Store, run: str) -> int:
    found = point_pages.read_points(connection, store.series, run, "loss").points
    assert len({point.step for point in found}) == len(found)
    return len(found)


def read_buckets(connection: Connection, store: Store, run: str) -> int:
    found = reading.read_buckets(connection, store.series, run, "loss", width=100)
    assert sum(bucket.count for bucket in found.buckets) == found.count
    return found.count


def read_twice(connection: Connection, store: Store, run: str) -> int:
    count = read_buckets(connection, store, run)
    assert read_points(connection, store, run) == count
    return count


@contextmanager
def before_statement(store: Store, number: int, act: Callable[[], None]) -> Iterator[list[str]]:
    """Call `act` just before the statement of this number, counted from 1. Provide the statements so far."""
    seen: list[str] = []

    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)
        if len(seen) == number:
            act()

    event.listen(store.engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", count)


def add_points(store: Store, run: str, journal: str, start: int, stop: int) -> None:
    at = list(range(start, stop))
    add(store, run, journal, loss=columns(at, at, [STARTED + step for step in at], np.ones(len(at)).tolist()))


@pytest.mark.parametrize("read", [read_points, read_buckets, read_twice], ids=lambda read: read.__name__)
def test_a_commit_between_any_two_statements_of_a_reader_is_not_seen_by_it(
    database: str, store: Store, read: Read
) -> None:
    writer = open_store(database)
    found: list[int] = []
    while True:
        run = f"run-{len(found)}"
        journal = make_run(writer, run)
        add_points(writer, run, journal, 0, BEFORE)

        def commit(run: str = run, journal: str = journal) -> None:
            add_points(writer, run, journal, BEFORE, AFTER)

        with before_statement(store, len(found) + 1, commit) as seen, store.read() as connection:
            count = read(connection, store, run)
        if len(seen) <= len(found):
            break
        found.append(count)
    writer.close()
    assert found[0] == AFTER  # the reader's state is that of its first statement
    assert found[-1] == BEFORE
    assert set(found) == {BEFORE, AFTER}
    assert found == sorted(found, reverse=True)


def test_a_transaction_that_reads_cannot_write_to_postgresql(database: str, store: Store) -> None:
    if store.kind == "sqlite":
        pytest.skip("SQLite has no transactions that only read")
    with store.read() as connection, pytest.raises(DBAPIError, match="read-only transaction"):
        connection.execute(text("DELETE FROM run"))
    make_run(store, "run-1")  # the next transaction of the same connection writes
