"""The state of a run follows from the ends that its writers and the service report, in whatever order they arrive."""

from __future__ import annotations

import pytest

from lightning_sweeps.core.states import RunState
from lightning_sweeps.journal import records
from lightning_sweeps.journal.closing import UNKNOWN_END, Closing, JournalEnd
from lightning_sweeps.store import console, runs, silence
from lightning_sweeps.store.database import Store
from tests.store.journals import STARTED, Journal
from tests.store.uploads import NOW, get_run, points, send, steps


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


def test_stacks_that_arrive_after_the_end_are_kept(store: Store) -> None:
    """The journal of the node may arrive after that of the run, for example when the server has just started."""
    send(store, Journal().log(0, loss=1.0).finish())
    stall = records.Stall(1, STARTED, "run-1", 0, STARTED, "waits in `all_reduce`", "stack")
    send(store, Journal("of-node", node="node-1").add(stall))
    assert (get_run(store).state, get_run(store).reason) == ("finished", "")
    with store.read() as connection:
        lines = console.read_run(connection, "run-1", console.ConsoleQuery(10))
    assert [(line.stream, line.line) for line in lines] == [("stacks", "waits in `all_reduce`"), ("stacks", "stack")]


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


# what others saw of the end


def seen_end(size_bytes: int, state: RunState = "killed") -> JournalEnd:
    return JournalEnd(size_bytes, STARTED + 500, Closing(state, "as seen", None, 9))


def test_an_end_that_others_saw_takes_no_bytes_of_the_journal(store: Store) -> None:
    journal = Journal().log(0, loss=0.0).log(1, loss=1.0)
    early = journal.ends[1]
    send(store, journal, 0, early, seen_end=seen_end(early))
    assert (get_run(store).state, get_run(store).reason, get_run(store).signal) == ("killed", "as seen", 9)
    send(store, journal.log(2, loss=2.0))
    assert get_run(store).state == "running"
    send(store, journal.finish())
    assert (get_run(store).state, steps(store, "loss")) == ("finished", [0, 1, 2])


def test_the_end_of_an_older_copy_says_nothing(store: Store) -> None:
    journal = Journal().log(0, loss=0.0).log(1, loss=1.0)
    send(store, journal)
    send(store, journal, 0, journal.ends[1], seen_end=seen_end(journal.ends[1]))
    assert get_run(store).state == "running"


def test_an_end_that_others_saw_never_replaces_that_of_the_run_and_may_be_repeated(store: Store) -> None:
    journal = Journal().log(0, loss=0.0).finish("stopped")
    for _ in range(3):
        send(store, journal, seen_end=seen_end(len(journal.data)))
        assert get_run(store).state == "stopped"
    other = Journal(id="journal-2", run="run-2").log(0, loss=0.0)
    for _ in range(3):
        send(store, other, seen_end=seen_end(len(other.data), "failed"))
        assert get_run(store, "run-2").state == "failed"
    send(store, Journal(id="journal-3", run="run-3"), 0, 4, seen_end=seen_end(4))


# child processes


@pytest.mark.parametrize("state", ["killed", "failed", "finished"])
@pytest.mark.parametrize("is_first", [False, True])
def test_the_state_of_a_run_is_that_of_its_main_process(store: Store, state: RunState, is_first: bool) -> None:
    main, child = Journal(id="main").log(0, loss=0.0), Journal(id="child", parent="main").log(1, loss=1.0)
    send(store, main)
    send(store, child if is_first else child.finish(state, reason="as the child ended", signal=9))
    assert get_run(store).state == "running"
    send(store, main.finish())
    assert get_run(store).state == "finished"
    if is_first:
        send(store, child.finish(state, reason="as the child ended", signal=9))
        assert get_run(store).state == "finished"
    assert sorted(steps(store, "loss")) == [0, 1]
    events = _events(store)
    assert len(events) == (0 if state == "finished" else 1)
    assert all("as the child ended" in event for event in events)


@pytest.mark.parametrize("is_sent_at_once", [False, True])
@pytest.mark.parametrize("exit_code", [None, 1])
def test_the_failure_of_a_child_is_one_event_whatever_arrives_together(
    store: Store, is_sent_at_once: bool, exit_code: int | None
) -> None:
    child = Journal(id="child", parent="main").finish("failed", reason="ValueError: bad", writer="exit")
    seen = JournalEnd(len(child.data), NOW, Closing("failed", "ValueError: bad", exit_code, None))
    send(store, Journal(id="main"))
    if not is_sent_at_once:
        send(store, child)
    send(store, child, seen_end=seen)
    assert [event for event in _events(store) if "ValueError: bad" in event] == _events(store)
    assert len(_events(store)) == 1


def test_an_end_of_a_child_that_nobody_saw_is_no_event(store: Store) -> None:
    child = Journal(id="child", parent="main")
    send(store, Journal(id="main"))
    send(store, child, seen_end=JournalEnd(len(child.data), NOW, Closing("killed", UNKNOWN_END, None, None)))
    assert _events(store) == []


def test_a_child_that_a_pool_ends_is_no_event(store: Store) -> None:
    send(store, Journal(id="main"))
    send(store, Journal(id="child", parent="main").finish("killed", signal=15, writer="service"))
    with store.read() as connection:
        assert console.read_run(connection, "run-1", console.ConsoleQuery(10)) == []


def _events(store: Store) -> list[str]:
    with store.read() as connection:
        return [line.line for line in console.read_run(connection, "run-1", console.ConsoleQuery(10, stream="event"))]


def test_a_child_does_not_describe_the_run(store: Store) -> None:
    send(store, Journal(id="main", on="node-1"))
    send(store, Journal(id="child", on="node-2", parent="main"))
    assert get_run(store).node == "node-1"


# silent machines


def end_silent(store: Store, now: float, *, answering_since: float = 0.0) -> list[str]:
    with store.write() as connection:
        return silence.end_silent_runs(connection, now=now, lost_s=100.0, answering_since=answering_since)


def test_a_run_of_a_silent_machine_is_lost_and_comes_back(store: Store) -> None:
    journal = Journal().log(0, loss=0.0)
    send(store, journal)
    send(store, Journal(id="ended", run="run-2").finish())
    assert end_silent(store, NOW + 99) == []
    assert end_silent(store, NOW + 101, answering_since=NOW + 50) == []
    assert end_silent(store, NOW + 101) == ["run-1"]
    run = get_run(store)
    assert (run.state, run.ended) == ("lost", NOW)
    assert "nothing has arrived from its machine `host-1` for 101 s" in run.reason
    assert end_silent(store, NOW + 102) == []
    send(store, journal, len(journal.data), now=NOW + 110)  # its service asks whether to stop
    assert (get_run(store).state, get_run(store).reason) == ("running", "")
    assert end_silent(store, NOW + 200) == []
    assert end_silent(store, NOW + 211) == ["run-1"]
    send(store, journal.log(1, loss=1.0), now=NOW + 300)
    assert get_run(store).state == "running"
    assert end_silent(store, NOW + 401) == ["run-1"]
    send(store, journal.finish(), now=NOW + 500)
    assert (get_run(store).state, steps(store, "loss")) == ("finished", [0, 1])


def test_a_run_that_logs_nothing_is_not_lost_while_its_service_asks(store: Store) -> None:
    journal = Journal().log(0, loss=0.0)
    send(store, journal)
    for seconds in range(50, 1000, 50):
        send(store, journal, len(journal.data), now=NOW + seconds)
        assert end_silent(store, NOW + seconds + 40) == []


def test_a_run_of_two_machines_is_lost_when_both_are_silent(store: Store) -> None:
    one, two = Journal(id="one", on="node-1"), Journal(id="two", rank=1, on="node-2")
    send(store, one)
    send(store, two, now=NOW + 90)
    assert end_silent(store, NOW + 150) == []
    assert get_run(store).state == "running"
    assert end_silent(store, NOW + 195) == ["run-1"]


def test_a_person_closes_a_run_and_a_later_row_opens_it_again(store: Store) -> None:
    journal = Journal().log(0, loss=0.0)
    send(store, journal)
    with store.write() as connection:
        closed = silence.close(connection, "run-1", now=NOW)
    assert (closed.state, closed.reason) == ("killed", "closed by a person")
    send(store, journal, len(journal.data))
    assert get_run(store).state == "killed"
    send(store, journal.log(1, loss=1.0))
    assert get_run(store).state == "running"


# attempts


def abandoned(store: Store) -> list[tuple[str, int, bool]]:
    return [(point.journal, point.step, point.is_abandoned) for point in points(store, "loss")]


def test_an_attempt_from_the_beginning_abandons_all_points_of_the_lost_one(store: Store) -> None:
    first = Journal(id="a", attempt=1)
    for step in range(5, 30):
        first.log(step, loss=1100.0 + step)
    send(store, first.finish("killed"))
    send(store, Journal(id="b", attempt=2, created=STARTED + 100).log(5, loss=2205.0).log(6, loss=2206.0))
    assert [point for point in abandoned(store) if not point[2]] == [("b", 5, False), ("b", 6, False)]


def test_an_attempt_that_begins_later_abandons_what_follows_its_first_step(store: Store) -> None:
    send(store, Journal(id="a").log(0, loss=0.0).log(10, loss=1.0).log(20, loss=2.0).finish("killed"))
    resumed = Journal(id="b", attempt=1, created=STARTED + 100).log(10, loss=3.0).log(11, loss=4.0)
    send(store, resumed.finish())
    assert abandoned(store) == [("a", 0, False), ("a", 10, True), ("a", 20, True), ("b", 10, False), ("b", 11, False)]
    tested = Journal(id="c", attempt=1, created=STARTED + 200).log(0, loss=9.0)  # the run was reopened, for `test`
    send(store, tested)
    assert ("a", 0, False) in abandoned(store)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["finished", "finished"], "finished"),
        (["finished", "stopped"], "stopped"),
        (["killed", "stopped"], "killed"),
        (["lost", "finished"], "lost"),
        (["lost", None], "running"),
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
