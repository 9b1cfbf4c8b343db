"""Statistics of metrics as columns of the runs table, on both databases."""

from __future__ import annotations

import pytest

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunChoice, RunsQuery, SortKey
from lightning_sweeps.server.journal_parts import parse
from lightning_sweeps.store import ingest, metric_columns, run_choice
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.runs_table import read_page, uses_metric_columns
from lightning_sweeps.store.series import write_buffer
from tests.store.journals import STARTED, Journal

COLUMNS = ["min.loss", "max.loss", "mean.loss"]


def send(store: Store, journal: Journal, since: int, now: float) -> int:
    """Send what was added to a journal; return its length."""
    with store.write() as connection:
        part = parse(journal.id, since, journal.data[since:], committed=since)
        ingest.commit(connection, store.series, part, now=now)
    return len(journal.data)


def rows(store: Store, text: str = "", *sort: SortKey) -> list[list[object]]:
    with store.read() as connection:
        waiting = metric_columns.waiting_runs(connection, "project-1")
    with write_buffer.open_reader(store, waiting)() as connection:
        page = read_page(connection, RunsQuery("project-1", text, list(sort) or [SortKey("id")], COLUMNS))
    return [[row["id"], *(row[name] for name in COLUMNS)] for row in page.rows]


def test_statistics_follow_what_is_logged(store: Store) -> None:
    journals = [Journal(id=f"j{number}", run=f"r{number}") for number in range(3)]
    for step, (first, second) in enumerate([(3.0, 4.0), (1.0, float("nan")), (2.0, 5.0)]):
        journals[0].log(step, loss=first)
        journals[1].log(step, loss=second)
    ends = [send(store, journal, 0, STARTED + 1) for journal in journals]
    before = [["r0", 1.0, 3.0, 2.0], ["r1", 4.0, 5.0, 4.5], ["r2", None, None, None]]
    assert rows(store) == before
    assert rows(store, "", SortKey("min.loss", descending=True)) == [before[1], before[0], before[2]]
    assert rows(store, "max.loss < 4 or mean.loss = null") == [before[0], before[2]]
    journals[0].log(3, loss=-2.0)
    journals[2].log(0, loss=7)
    for at in (0, 2):
        ends[at] = send(store, journals[at], ends[at], STARTED + 2)
    with store.read() as connection:  # a request without statistics: it must not hide the news
        read_page(connection, RunsQuery("project-1"))
    assert rows(store) == [["r0", -2.0, 3.0, 1.0], before[1], ["r2", 7.0, 7.0, 7.0]]


def test_rows_that_are_still_buffered_are_read_next_time(store: Store) -> None:
    journal = Journal(run="r0").log(0, loss=1.0)
    end = send(store, journal, 0, STARTED + 1)
    with store.read() as connection:
        assert metric_columns.waiting_runs(connection) == ["r0"]
        (row,) = read_page(connection, RunsQuery(columns=COLUMNS)).rows
        assert row["min.loss"] is None
    assert rows(store) == [["r0", 1.0, 1.0, 1.0]]
    send(store, journal.log(1, loss=3.0), end, STARTED + 1)
    assert rows(store) == [["r0", 1.0, 3.0, 2.0]]


def test_queries_say_whether_they_need_statistics() -> None:
    assert not uses_metric_columns(RunsQuery(columns=["summary.loss", "config.min"]))
    assert uses_metric_columns(RunsQuery(columns=["min.loss"]))
    assert uses_metric_columns(RunsQuery(filter="mean.loss < 1"))
    assert uses_metric_columns(RunsQuery(sort=[SortKey("max.loss")]))


def test_statistics_choose_no_runs_to_change(store: Store) -> None:
    with store.read() as connection, pytest.raises(UsageError, match=r"min\.loss < 1"):
        run_choice.chosen(connection, RunChoice(filter="min.loss < 1"))
