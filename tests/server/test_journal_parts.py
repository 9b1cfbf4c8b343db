"""A part of a journal that the database refuses stops neither its journal nor the others, on both databases."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import DBAPIError

from lightning_sweeps.engine import sweeps
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.journal import records
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.messages import SweepCreate
from lightning_sweeps.server import journal_parts
from lightning_sweeps.store import console, rejections, schema
from lightning_sweeps.store.database import Store, open_store
from lightning_sweeps.store.failures import cause_of
from tests.servers import PostgreSQL
from tests.store.conftest import store as store
from tests.store.journals import STARTED, Journal
from tests.store.refusals import refusing
from tests.store.uploads import get_run, send, steps


def take(store: Store, *journals: Journal) -> list[tuple[int, int]]:
    """Send whole journals in one request, and return the status and offset of each."""
    parts = [SentPart(journal.id, 0, journal.data) for journal in journals]
    return [(outcome.status, outcome.offset) for outcome in journal_parts.take_all(store, parts)[0]]


def lines(store: Store, run: str = "run-1") -> list[str]:
    with store.read() as connection:
        return [line.line for line in console.read_run(connection, run, console.ConsoleQuery(1000))]


@pytest.mark.parametrize("bad", [{0}, {7}, {29}, {3, 4, 5, 20}, set(range(0, 30, 2))], ids=lambda bad: str(sorted(bad)))
def test_the_records_that_the_database_refuses_are_rejected_and_all_others_are_stored(
    store: Store, bad: set[int]
) -> None:
    journal = Journal()
    for number in range(30):
        journal.log(number, loss=float(number)).say("refused" if number in bad else f"line {number}")
    journal.finish()
    with refusing(store, "console", "new.line = 'refused'"):
        assert take(store, journal) == [(200, len(journal.data))]
    assert steps(store, "loss") == list(range(30))
    assert lines(store) == [f"line {number}" for number in range(30) if number not in bad]
    run = get_run(store)
    assert (run.state, run.rows, run.rejected) == ("finished", 30, len(bad))
    with store.read() as connection:
        listed = rejections.list_all(connection)
    assert (listed.record_count, {record.run for record in listed.records}) == (len(bad), {"run-1"})
    assert all("the database refuses it" in record.reason for record in listed.records)


def test_what_was_rejected_is_stored_when_it_is_tried_again(store: Store) -> None:
    journal = Journal().log(0, loss=0.0).say("refused").log(1, loss=1.0).say("kept").finish("failed", reason="x")
    with refusing(store, "console", "new.line = 'refused'"):
        take(store, journal)
        again = journal_parts.retry(store)
        assert (again.stored, again.left) == (0, 1)
    again = journal_parts.retry(store)
    assert (again.stored, again.left) == (1, 0)
    assert sorted(lines(store)) == ["kept", "refused"]
    assert (get_run(store).rejected, get_run(store).state, get_run(store).reason) == (0, "failed", "x")
    assert take(store, journal) == [(200, len(journal.data))]
    assert sorted(lines(store)) == ["kept", "refused"]


def test_a_row_that_is_tried_again_takes_its_place_among_the_others(store: Store) -> None:
    journal = Journal()
    for number in range(20):
        journal.log(number, loss=float(number))
    journal.finish()
    with refusing(store, "write_buffer", "new.rows = 1"):  # a part of one row
        for end in journal.ends[:5]:
            send_all(store, journal, end)
    send_all(store, journal, len(journal.data))
    assert get_run(store).rejected == 4
    assert steps(store, "loss") == list(range(4, 20))
    assert journal_parts.retry(store).stored == 4
    assert sorted(steps(store, "loss")) == list(range(20))
    assert get_run(store).state == "finished"


def send_all(store: Store, journal: Journal, end: int) -> None:
    """Send a journal up to a byte, as often as the server stores a part of it."""
    outcome = journal_parts.take(store, SentPart(journal.id, 0, journal.data[:end])).reply
    assert outcome.offset == end


def test_each_journal_of_a_request_has_its_own_outcome(store: Store) -> None:
    good, after = Journal(id="j-1", run="run-1").log(0, loss=1.0), Journal(id="j-3", run="run-3").log(0, loss=1.0)
    bad = Journal(id="j-2", run="refused").log(0, loss=1.0)
    with refusing(store, "run", "new.id = 'refused'"):
        statuses = take(store, good, bad, after)
    assert statuses == [(200, len(good.data)), (500, 0), (200, len(after.data))]
    assert take(store, bad) == [(200, len(bad.data))]


def test_small_parts_of_a_request_share_a_transaction(store: Store) -> None:
    journals = [Journal(id=f"journal-{number}", run=f"run-{number}").log(1, loss=1.0) for number in (3, 1, 2, 0)]
    commits: list[None] = []
    event.listen(store.engine, "commit", lambda _: commits.append(None))
    assert take(store, *journals) == [(200, len(journal.data)) for journal in journals]
    assert len(commits) == 1
    assert all(steps(store, "loss", journal.run) == [1] for journal in journals)


def test_a_long_part_does_not_keep_the_others_waiting(store: Store) -> None:
    journals = [Journal(id=f"journal-{number}", run=f"run-{number}").log(1, loss=1.0) for number in range(3)]
    journals[1].say("x" * journal_parts.MAX_TOGETHER_BYTES)
    commits: list[None] = []
    event.listen(store.engine, "commit", lambda _: commits.append(None))
    assert take(store, *journals) == [(200, len(journal.data)) for journal in journals]
    assert len(commits) == 3


def test_parts_of_one_request_that_are_sent_again_are_stored_once(store: Store) -> None:
    first, second = (Journal(id=f"journal-{number}", run=f"run-{number}").log(1, loss=1.0) for number in range(2))
    take(store, first)
    after = [SentPart(second.id, second.ends[0], second.data[second.ends[0] :]), SentPart(first.id, 0, first.data)]
    conflict, known = journal_parts.take_all(store, after)[0]
    assert (conflict.status, conflict.offset) == (409, 0) and (known.status, known.offset) == (200, len(first.data))
    assert take(store, second, first) == [(200, len(second.data)), (200, len(first.data))]
    assert [steps(store, "loss", run) for run in ("run-0", "run-1")] == [[1], [1]]


def test_a_journal_that_ends_the_database_connection_stops_no_other(store: Store) -> None:
    if store.kind == "sqlite":
        pytest.skip("SQLite has no connection that the database can end")
    good, after = Journal(id="j-1", run="run-1").log(0, loss=1.0), Journal(id="j-3", run="run-3").log(0, loss=1.0)
    bad = Journal(id="j-2", run="ends").log(0, loss=1.0)
    with refusing(store, "run", "new.id = 'ends' AND pg_terminate_backend(pg_backend_pid())"):
        statuses = take(store, good, bad, after)
    assert statuses == [(200, len(good.data)), (503, 0), (200, len(after.data))]


@pytest.mark.parametrize(
    "raised", [NotFound, UsageError, RecursionError, MemoryError, KeyError], ids=lambda one: one.__name__
)
def test_whatever_one_journal_raises_the_others_are_stored(store: Store, raised: type[Exception]) -> None:
    good, after = Journal(id="j-1", run="run-1").log(0, loss=1.0), Journal(id="j-3", run="run-3").log(0, loss=1.0)
    bad = Journal(id="j-2", run="raises").log(0, loss=1.0)

    def fail(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> None:
        if "INSERT INTO run " in statement and "raises" in str(parameters):
            raise raised("as a driver or a rule would")

    event.listen(store.engine, "before_cursor_execute", fail)
    try:
        (first, _), (status, offset), (last, _) = take(store, good, bad, after)
    finally:
        event.remove(store.engine, "before_cursor_execute", fail)
    assert (first, last, offset) == (200, 200, 0) and status in (500, 503)
    assert take(store, bad) == [(200, len(bad.data))]


def test_many_refused_records_take_several_requests_and_all_are_rejected(store: Store) -> None:
    journal = Journal()
    for _ in range(70):
        journal.say("refused")
    journal.log(0, loss=1.0)
    offsets: list[int] = []
    with refusing(store, "console", "new.line = 'refused'"):
        while not offsets or offsets[-1] < len(journal.data):
            offsets.append(journal_parts.take(store, SentPart(journal.id, 0, journal.data)).reply.offset)
            assert len(offsets) < 10
    assert offsets == sorted(set(offsets)) and get_run(store).rejected == 70
    assert steps(store, "loss") == [0]


STRANGE: list[records.Record] = [
    records.Stall(2**70 % 2**64, STARTED, "run-1\x00", 0, float("inf"), "where\x00", "stacks\ud800"),
    records.Stall(2**63, float("nan"), "run-1", 2**40, 0.0, "where", "stacks"),
    records.ArtifactRecord(1, STARTED, "data", "dataset", 2**40, "digest"),
    records.ArtifactRecord(1, STARTED, "data", "dataset", 0, "digest"),
    records.ArtifactRecord(1, STARTED, "data", "dataset", 0, "other"),
    records.Media(2**63, 2**63, float("inf"), "key\x00", "digest\x00", 2**63, "mime", index=2**40),
    records.Metrics(2**63, 2**63, float("nan"), {"loss": 2**63, "text\x00": "\x00", "list": [1, None]}),
    records.Text(2**63, float("-inf"), "stderr", "\x00"),
    records.Finish(1, float("nan"), "failed", 2**40, 2**40, "\x00"),
    records.Config(1, STARTED, {"deep": {"deeper": [1, {"x": "\x00"}]}}),
    records.Summary(1, STARTED, {"x" * 600: 2**63}),
    records.ProcessSample(2**63, float("nan"), "run-1", {"cpu": float("inf")}),
    records.Heartbeat(2**63, float("inf")),
]


@pytest.mark.parametrize("is_node", [False, True], ids=["run", "node"])
def test_no_record_of_a_strange_journal_keeps_the_others_from_being_stored(store: Store, is_node: bool) -> None:
    rng = random.Random(15)
    send(store, Journal(id="j-0"))
    for number in range(30):
        strange = Journal(id=f"j-strange-{number}", run=f"run-{number}", node="node-1" if is_node else None)
        for record in rng.choices(STRANGE, k=8):
            try:
                strange.add(record)
            except (OverflowError, UnicodeEncodeError):  # the encoder refuses it, so no journal has it
                continue
        after = Journal(id=f"j-good-{number}", run=f"good-{number}").log(0, loss=1.0).finish()
        outcomes = take(store, strange, after)
        assert outcomes == [(200, len(strange.data)), (200, len(after.data))]
        assert get_run(store, f"good-{number}").state == "finished"


# the engine


def trial_of(store: Store, config: dict[str, Any]) -> str:
    """Create a sweep with one running trial, and return the trial's id."""
    with store.write() as connection:
        sweep = sweeps.create_sweep(connection, SweepCreate(config, project="project-1"), now=STARTED)
        row = {"id": "trial-1", "sweep_id": sweep.id, "number": 1, "state": "running", "params": {}, "attempt": 1}
        more = {"reports": 0, "reason": "", "stderr_tail": "", "judged": {}, "created": STARTED, "started": STARTED}
        connection.execute(schema.trial.insert().values(row | more))
    return "trial-1"


SWEEP = {
    "program": "train.py",
    "method": "random",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"x": {"min": 0.0, "max": 1.0}},
}


def reports(store: Store) -> list[tuple[int, int, float]]:
    table = schema.report
    with store.read() as connection:
        rows = connection.execute(select(table.c.number, table.c.step, table.c.value).order_by(table.c.number))
        return [(row[0], row[1], row[2]) for row in rows]


def test_reports_are_numbered_without_gaps_after_a_resume_of_steps_that_went_back(store: Store) -> None:
    trial = trial_of(store, SWEEP)
    first = Journal(id="j-1", attempt=1, trial=trial)
    for number, step in enumerate([0, 10, 20, 30, 0, 10, 20]):  # two folds
        first.log(step, loss=float(number))
    assert take(store, first) == [(200, len(first.data))]
    with store.write() as connection:
        connection.execute(update(schema.trial).values(attempt=2))
    second = Journal(id="j-2", attempt=2, trial=trial, resumed_step=15).log(15, loss=7.0).log(25, loss=8.0)
    assert take(store, second) == [(200, len(second.data))]
    assert reports(store) == [(1, 0, 0.0), (2, 10, 1.0), (3, 0, 4.0), (4, 10, 5.0), (5, 15, 7.0), (6, 25, 8.0)]
    assert get_run(store).rejected is None


def test_rows_that_cannot_be_judged_are_stored_and_the_trial_says_so(store: Store) -> None:
    trial = trial_of(store, SWEEP)
    journal = Journal(attempt=1, trial=trial).log(0, loss=1.0).log(1, loss=13.0)
    with refusing(store, "report", "new.value = 13.0"):
        assert take(store, journal) == [(200, len(journal.data))]
    assert steps(store, "loss") == [0, 1]
    with store.read() as connection:
        reason = connection.scalar(select(schema.trial.c.reason))
    assert reason is not None and "2 logged rows could not be judged" in reason
    later = Journal(attempt=1, trial=trial, data=journal.data, ends=journal.ends, sequence=2)
    assert later.id == journal.id


# what a failure says


def failure_of(store: Store, *statements: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as failure, store.write() as connection:
        for statement in statements:
            connection.execute(text(statement))
    return failure.value


LONG_TEXT = "SELECT string_agg(md5(i::text), '') FROM generate_series(1, 900) i"


def test_what_real_failures_of_postgresql_say(postgres: PostgreSQL) -> None:
    url = postgres.new_database()
    store = open_store(url)
    causes = {
        "duplicate": ["CREATE TABLE t (i int PRIMARY KEY)", "INSERT INTO t VALUES (1), (1)"],
        "too long": ["CREATE TABLE t (s text UNIQUE)", f"INSERT INTO t {LONG_TEXT}"],
        "slow": ["SET LOCAL statement_timeout = 10", "SELECT pg_sleep(5)"],
        "read only": ["SET TRANSACTION READ ONLY", "CREATE TABLE t (i int)"],
        "ended": ["SELECT pg_terminate_backend(pg_backend_pid())"],
    }  # fmt: skip
    found = {name: cause_of(failure_of(store, *statements)) for name, statements in causes.items()}
    assert found == {"duplicate": "rows", "too long": "rows", "slow": "busy", "read only": "busy", "ended": "away"}
    store.close()
    postgres.drop(url)
    gone = open_store(url)
    with pytest.raises(DBAPIError) as failure, gone.read():
        pass
    assert cause_of(failure.value) == "away"


def test_what_real_failures_of_sqlite_say(tmp_path: Any) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    assert (
        cause_of(failure_of(store, "CREATE TABLE t (i integer PRIMARY KEY)", "INSERT INTO t VALUES (1), (1)")) == "rows"
    )
    full = ["PRAGMA max_page_count = 3", "CREATE TABLE u (b blob)", "INSERT INTO u VALUES (zeroblob(1000000))"]
    assert cause_of(failure_of(store, *full)) == "busy"
    assert cause_of(ValueError("x")) == "rows"
    assert cause_of(ConnectionResetError()) == "busy"
    store.close()
