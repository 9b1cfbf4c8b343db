"""The state of a run follows from the ends that its writers and the service report, in whatever order they arrive."""

from __future__ import annotations

import pytest

from lightning_sweeps.store import runs
from lightning_sweeps.store.database import Store
from tests.store.journals import STARTED, Journal
from tests.store.uploads import get_run, points, send


def test_the_service_does_not_override_what_the_run_reported(store: Store) -> None:
    send(store, Journal().finish("finished").finish("killed", signal=9, reason="SIGKILL", writer="service"))
    assert get_run(store).state == "finished"


def test_the_run_overrides_what_the_service_saw(store: Store) -> None:
    journal = Journal().finish("killed", signal=9, reason="SIGKILL", writer="service")
    send(store, journal)
    run = get_run(store)
    assert (run.state, run.signal, run.reason) == ("killed", 9, "SIGKILL")
    send(store, journal.finish("finished"))
    run = get_run(store)
    assert (run.state, run.signal, run.reason) == ("finished", None, "")


def test_rows_after_the_end_reopen_the_run(store: Store) -> None:
    journal = Journal().log(0, loss=1.0).finish()
    send(store, journal)
    assert get_run(store).state == "finished"
    send(store, journal.log(1, loss=2.0))
    run = get_run(store)
    assert (run.state, run.ended, run.exit_code) == ("running", None, None)
    send(store, journal.finish("failed", exit_code=1))
    assert get_run(store).state == "failed"


def test_a_header_in_the_middle_reopens_the_run(store: Store) -> None:
    journal = Journal().finish()
    send(store, journal)
    send(store, journal.add(journal.header()))
    assert get_run(store).state == "running"


def test_a_later_attempt_reopens_the_run_and_decides_its_end(store: Store) -> None:
    first = Journal(id="a", attempt=0).log(0, loss=1.0).finish("killed", signal=9)
    send(store, first)
    second = Journal(id="b", attempt=1, created=STARTED + 100).log(1, loss=2.0)
    send(store, second)
    run = get_run(store)
    assert (run.state, run.attempt, run.created, run.rows) == ("running", 1, STARTED, 2)
    send(store, second.finish())
    assert get_run(store).state == "finished"
    assert [(point.journal, point.step) for point in points(store, "loss")] == [("a", 0), ("b", 1)]


def test_an_attempt_that_arrives_late_does_not_reopen_the_run(store: Store) -> None:
    send(store, Journal(id="b", attempt=1).log(1, loss=2.0).finish())
    send(store, Journal(id="a", attempt=0).log(0, loss=1.0))
    run = get_run(store)
    assert (run.state, run.attempt, run.rows) == ("finished", 1, 2)


def test_two_writers_close_the_run_together(store: Store) -> None:
    zero, one = Journal(id="zero", rank=0).log(0, loss=0.0), Journal(id="one", rank=1).log(0, loss=1.0)
    send(store, one)
    send(store, zero.finish())
    run = get_run(store)
    assert (run.state, run.rank, run.rows) == ("running", 0, 2)
    send(store, one.finish("failed", exit_code=3, reason="ValueError"))
    run = get_run(store)
    assert (run.state, run.exit_code, run.reason) == ("failed", 3, "ValueError")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["finished", "finished"], "finished"),
        (["finished", "stopped"], "stopped"),
        (["killed", "stopped"], "killed"),
        (["failed", "killed", "preempted"], "failed"),
        (["finished", None], "running"),
        ([], "running"),
    ],
)
def test_outcome(states: list[str | None], expected: str) -> None:
    finishes = [
        None if state is None else {"state": state, "reason": "", "exit_code": None, "signal": None, "time": 1.0}
        for state in states
    ]
    assert runs.outcome(finishes).state == expected


def test_runs_are_filtered_and_newest_first(store: Store) -> None:
    for number in range(5):
        journal = Journal(id=f"j{number}", run=f"r{number}", created=STARTED + number)
        send(store, journal.finish() if number % 2 else journal)
    with store.read() as connection:
        page = runs.list_runs(connection, runs.RunFilter(limit=2, offset=1))
        assert ([run.id for run in page.runs], page.total) == (["r3", "r2"], 5)
        finished = runs.list_runs(connection, runs.RunFilter(project="project-1", state="finished"))
        assert [run.id for run in finished.runs] == ["r3", "r1"]
        assert runs.list_runs(connection, runs.RunFilter(group="other")).total == 0
