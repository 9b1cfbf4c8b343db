"""Ingest stores every record exactly once, whether parts are repeated, cut, damaged or out of order."""

from __future__ import annotations

import math
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from lightning_sweeps.errors import JournalError, NotFound, OffsetConflict
from lightning_sweeps.journal import records
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.messages import IngestReply, Point, RunsQuery, SortKey
from lightning_sweeps.store import console, last_values, nodes, rejections, runs, runs_table, schema
from lightning_sweeps.store.batch import MAX_KEY_LENGTH
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import reading, write_buffer, writing
from lightning_sweeps.store.series.chunks import decode
from lightning_sweeps.system.node import Process
from tests.store.journals import STARTED, Journal
from tests.store.uploads import NOW, get_run, points, send, steps


def test_a_whole_journal(store: Store) -> None:
    journal = Journal(config={"lr": 0.1, "net": {"depth": 3}})
    journal.log(0, loss=1.0).log(1, loss=0.5, acc=True, note="x").finish(exit_code=0)
    reply = send(store, journal)
    assert reply == IngestReply(len(journal.data), [])
    run = get_run(store)
    assert (run.project, run.name, run.group, run.node, run.host) == (
        "project-1",
        "a name",
        "group-1",
        "node-1",
        "host-1",
    )
    assert (run.state, run.exit_code, run.rows, run.created, run.ended) == ("finished", 0, 2, STARTED, STARTED + 3)
    assert run.config == {"lr": 0.1, "net": {"depth": 3}}
    assert run.summary == {"loss": 0.5, "acc": True, "note": "x"}
    assert points(store, "loss") == [
        Point("journal-1", 1, 0, STARTED + 1, 1.0),
        Point("journal-1", 2, 1, STARTED + 2, 0.5),
    ]
    assert [point.value for point in points(store, "acc")] == [1.0]


def test_overlapping_and_repeated_parts_add_each_row_once(store: Store) -> None:
    journal = Journal()
    for step in range(300):
        journal.log(step, loss=float(step))
    rng = random.Random(0)
    committed = 0
    while committed < len(journal.data):
        start = rng.choice([0, *(end for end in journal.ends if end <= committed)]) if committed else 0
        end = rng.randint(start, len(journal.data))  # including the middle of a record
        committed = max(committed, send(store, journal, start, end).offset)
        if start < committed:
            assert committed in (0, *journal.ends)
        if end == len(journal.data):
            assert committed == end
    assert steps(store, "loss") == list(range(300))
    assert get_run(store).rows == 300


def test_a_gap_is_refused_and_changes_nothing(store: Store) -> None:
    journal = Journal().log(0, loss=1.0).log(1, loss=2.0)
    with pytest.raises(OffsetConflict) as conflict:
        send(store, journal, journal.ends[0])
    assert conflict.value.committed == 0
    send(store, journal, 0, journal.ends[0])
    with pytest.raises(OffsetConflict) as conflict:
        send(store, journal, journal.ends[1])
    assert conflict.value.committed == journal.ends[0]
    assert get_run(store).rows == 0


def test_the_same_part_from_eight_threads_at_once(store: Store) -> None:
    journal = Journal()
    for step in range(50):
        journal.log(step, loss=1.0)
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: send(store, journal), range(8)))
    assert {reply.offset for reply in replies} == {len(journal.data)}
    assert steps(store, "loss") == list(range(50))


def test_sixteen_ranks_at_once_into_one_run_lose_nothing(store: Store) -> None:
    journals = [Journal(id=f"journal-{rank}", rank=rank) for rank in range(16)]
    for journal in journals:
        for step in range(20):
            journal.log(step, **{"loss": float(journal.rank), f"rank.{journal.rank}": 1.0})
        journal.finish()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda journal: send(store, journal), journals))
    run = get_run(store)
    assert (run.rows, run.state, run.rank) == (320, "finished", 0)
    assert len(run.summary) == 17
    values = sorted(point.value for point in points(store, "loss") if isinstance(point.value, float))
    assert values == sorted(float(rank) for rank in range(16) for _ in range(20))


@pytest.mark.parametrize("end", range(len(PREAMBLE) + 9))
def test_less_than_a_header_commits_nothing(store: Store, end: int) -> None:
    assert send(store, Journal(), 0, end).offset == 0


def test_damage_in_the_middle_is_counted_and_skipped(store: Store) -> None:
    journal = Journal().log(0, loss=1.0).log(1, loss=2.0).log(2, loss=3.0)
    spoilt = bytearray(journal.data)
    spoilt[journal.ends[2] - 1] ^= 0xFF
    journal.data = bytes(spoilt)
    assert send(store, journal, 0, journal.ends[2]).offset == journal.ends[1]  # may be the first half of a record
    assert send(store, journal, journal.ends[1]).offset == len(journal.data)
    assert steps(store, "loss") == [0, 2]
    with store.read() as connection:
        assert connection.scalar(select(schema.journal.c.damaged)) == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not a journal at all", "no journal|not a journal"),
        (PREAMBLE[:4] + b"\x63\x00\x00\x00" + b"x" * 20, "version 99"),
        (PREAMBLE + encode(records.Heartbeat(1, 1.0)), "Heartbeat"),
        (PREAMBLE + Journal(id="other").data[len(PREAMBLE) :], "other"),
        (PREAMBLE + encode(records.Header("journal-1", 1.0, Process(1, 1.0, "n", "h"))), "0 owners"),
        (Journal(run="a/b").data, "is not allowed"),
        (Journal(run="").data, "is not allowed"),
    ],
)
def test_bytes_that_are_not_a_journal_are_refused(store: Store, data: bytes, message: str) -> None:
    journal = Journal()
    journal.data = data
    with pytest.raises(JournalError, match=message):
        send(store, journal)
    with store.read() as connection:
        assert runs.list_runs(connection, runs.RunFilter()).total == 0


def test_non_finite_values_come_back(store: Store) -> None:
    journal = Journal(config={"bad": math.nan})
    journal.log(0, loss=math.nan, a=1.0).log(1, loss=math.inf, a=2.0).log(2, loss=-math.inf).set_summary(best=math.inf)
    send(store, journal)
    assert [point.value for point in points(store, "loss")] == ["nan", "inf", "-inf"]
    run = get_run(store)
    assert run.summary == {"loss": "-inf", "a": 2.0, "best": "inf"} and run.config == {"bad": "nan"}
    write_buffer.flush_owners(store, ["run-1"])
    with store.read() as connection:
        loss, a = writing.list_series(connection, "run-1")
        drawn = reading.read_buckets(connection, store.series, "run-1", "loss", width=800)
    assert (loss.count, loss.last, loss.minimum, loss.maximum, loss.mean) == (3, "-inf", None, None, None)
    assert (a.count, a.last, a.minimum, a.maximum, a.mean) == (2, 2.0, 1.0, 2.0, 1.5)
    assert [(bucket.minimum, bucket.nonfinite) for bucket in drawn.buckets] == [(None, 1)] * 3


def test_keys_keep_the_order_of_their_first_appearance(store: Store) -> None:
    send(store, Journal().log(0, zebra=1, apple=2, mango=3).log(1, banana=1, apple=2))
    write_buffer.flush_owners(store, ["run-1"])
    with store.read() as connection:
        assert [info.key for info in writing.list_series(connection, "run-1")] == ["zebra", "apple", "mango", "banana"]
    assert list(get_run(store).summary) == ["zebra", "apple", "mango", "banana"]


def test_config_and_summary_are_merged(store: Store) -> None:
    journal = Journal(config={"net": {"depth": 3, "width": 8}})
    journal.set_config(net={"depth": 4}, seed=1).set_summary(val={"acc": 0.9}).log(5, val={"acc": 0.1, "n": [1, 2]})
    send(store, journal)
    run = get_run(store)
    assert run.config == {"net": {"depth": 4, "width": 8}, "seed": 1}
    assert run.summary == {"val.acc": 0.9, "val.n": [1, 2]}
    assert steps(store, "val.acc") == [5]


def test_steps_that_repeat_and_decrease_are_all_kept(store: Store) -> None:
    journal = Journal()
    for step in (3, 3, 1, 2, -5, 3):
        journal.log(step, loss=1.0)
    send(store, journal)
    assert steps(store, "loss") == [3, 3, 1, 2, -5, 3]


def test_more_rows_than_a_chunk_in_uneven_parts(store: Store) -> None:
    journal = Journal()
    for step in range(2500):
        journal.log(step, loss=float(step))
    start = 0
    for end in (journal.ends[1], journal.ends[1000], journal.ends[1024], journal.ends[1025], len(journal.data)):
        start = send(store, journal, start, end).offset
    assert steps(store, "loss") == list(range(2500))
    with store.read() as connection:
        (segment,) = connection.execute(select(schema.segment)).all()
        info = writing.list_series(connection, "run-1")[0]
        drawn = reading.read_buckets(connection, store.series, "run-1", "loss", width=100)
    assert (segment.chunks, segment.rolled_up, len(decode(segment.tail))) == (2, 2, 452)
    assert (info.count, info.first_step, info.last_step, info.mean) == (2500, 0, 2499, 1249.5)
    assert len(drawn.buckets) == 100 and drawn.count == 2500


def test_values_out_of_range_do_not_stop_the_journal(store: Store) -> None:
    journal = Journal(created=math.nan)
    journal.add(records.Metrics(1, 2**64 - 1, math.inf, {"a\x00b": 1, "k" * 5000: 2, "big": 2**64 - 1, "raw": b"\xff"}))
    journal.say("nul \x00 here").set_config(**{"\x00": "\x00"}).finish(exit_code=2**40, reason="\x00")
    assert send(store, journal).offset == len(journal.data)
    run = get_run(store)
    assert run.created == NOW and run.rows == 1 and run.exit_code == 2**31 - 1
    assert run.summary["raw"] == "ff"
    assert points(store, "a\ufffdb") == [Point("journal-1", 1, 2**63 - 1, NOW, 1.0)]
    write_buffer.flush_owners(store, ["run-1"])
    with store.read() as connection:
        assert max(len(info.key) for info in writing.list_series(connection, "run-1")) == MAX_KEY_LENGTH + 17
        assert console.read_run(connection, "run-1", console.ConsoleQuery(5))[0].line == "nul \ufffd here"


def test_console_returns_the_last_lines_found_lines_and_lines_around_one(store: Store) -> None:
    for rank in (0, 1):
        journal = Journal(id=f"j{rank}", run=f"r{rank}", rank=rank, created=STARTED - rank)
        for number in range(10):
            journal.add(records.Text(number + 1, STARTED + 2 * number + rank, "stdout", f"Line {number} 100%"))
        send(store, journal)
    with store.read() as connection:

        def said(**wanted: Any) -> list[str]:
            lines = console.read_run(connection, "r1", console.ConsoleQuery(**wanted))
            assert {(line.run, line.rank) for line in lines} <= {("r1", 1)}
            return [line.line[5] for line in lines]

        assert said(last=3) == ["7", "8", "9"]
        assert said(last=3, find="line 2 100%") == ["2"] and said(last=3, find="_") == []
        (found,) = console.read_run(connection, "r1", console.ConsoleQuery(1, find="line 4"))
        assert said(last=4, around=found.id) == ["3", "4", "5", "6"]
        lines = console.read_group(connection, "project-1", "group-1", console.ConsoleQuery(2))
        assert [(line.rank, line.line[5]) for line in lines] == [(0, "8"), (1, "8"), (0, "9"), (1, "9")]
        assert len(console.read_group(connection, "project-1", "group-1", console.ConsoleQuery(9, find="ne 3"))) == 2
        with pytest.raises(NotFound):
            console.read_group(connection, "project-1", "none", console.ConsoleQuery(2))


def test_a_heartbeat_updates_the_time_of_the_run(store: Store) -> None:
    send(store, Journal().beat(STARTED + 77))
    assert get_run(store).updated == STARTED + 77


def test_samples_of_a_node(store: Store) -> None:
    journal = Journal(id="samples", node="node-1").log(0, cpu={"percent": 5.0}).log(1, cpu={"percent": 7.0})
    send(store, journal)
    assert steps(store, "cpu.percent", "node-1") == [0, 1]
    with store.read() as connection:
        (node,) = nodes.list_nodes(connection)
    assert (node.id, node.host, node.cpu_count, node.seen) == ("node-1", "host-1", 4, STARTED + 2)


def test_rows_are_buffered_until_the_buffer_is_full_or_someone_reads(store: Store) -> None:
    journal = Journal()
    start = 0
    for step in range(60):
        journal.log(step, loss=float(step), **({"val": step} if step % 2 else {"note": "x"}))
        start = send(store, journal, start).offset
    full = math.ceil(write_buffer.share_of_limits(journal.id) * write_buffer.MAX_PARTS)
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.write_buffer)) == 60 - full
        assert [info.count for info in writing.list_series(connection, "run-1")] == [full, full // 2]
    assert steps(store, "loss") == list(range(60)) and steps(store, "val") == list(range(1, 60, 2))
    assert get_run(store).summary == {"loss": 59.0, "note": "x", "val": 59}
    send(store, journal.log(60, loss=1.0).finish(), start)
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.write_buffer)) == 0
        assert writing.list_series(connection, "run-1")[0].count == 61


def test_the_buffers_of_ranks_that_log_at_the_same_pace_are_not_full_at_once(store: Store) -> None:
    journals = [Journal(id=f"run-1-{rank}", rank=rank) for rank in range(16)]
    starts = [0] * len(journals)
    flushed: list[int] = []
    for step in range(write_buffer.MAX_PARTS):
        for rank, journal in enumerate(journals):
            starts[rank] = send(store, journal.log(step, loss=1.0), starts[rank]).offset
        with store.read() as connection:
            waiting = set(connection.scalars(select(schema.write_buffer.c.journal_id)))
        flushed.append(sum(journal.id not in waiting for journal in journals))
    assert sum(flushed) == len(journals) and max(flushed) <= len(journals) / 4


def test_eight_readers_and_a_writer_at_once_flush_each_row_once(store: Store) -> None:
    journal = Journal()
    for step in range(200):
        journal.log(step, loss=float(step))

    def write() -> None:
        start = 0
        for end in journal.ends[::7] + journal.ends[-1:]:
            start = send(store, journal, start, end).offset

    with ThreadPoolExecutor(9) as threads:
        tasks = [threads.submit(write)]
        tasks += [threads.submit(write_buffer.flush_owners, store, ["run-1"]) for _ in range(24)]
        for task in tasks:
            task.result()
    assert steps(store, "loss") == list(range(200))


def nested(depth: int) -> dict[str, Any]:
    return {"deeper": nested(depth - 1)} if depth else {"x": 1.0}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (nested(200), "nested more than 32 deep"),
        ({f"key.{number}": 1.0 for number in range(120_000)}, "more than 100000 keys"),
    ],
)
def test_a_record_that_cannot_be_stored_is_rejected_with_a_reason(
    store: Store, values: dict[str, Any], reason: str
) -> None:
    journal = Journal().log(0, loss=0.0).add(records.Metrics(2, 1, STARTED, values)).log(2, loss=2.0)
    journal.set_config(**nested(100)).set_config(lr=0.1)
    assert send(store, journal).offset == len(journal.data)
    assert steps(store, "loss") == [0, 2]
    assert get_run(store).config == {"lr": 0.1}
    with store.read() as connection:
        first, second = rejections.list_of_run(connection, "run-1")
        assert connection.scalar(select(schema.journal.c.damaged)) == 2
    assert reason in first.reason and "nested" in second.reason
    assert (first.offset, first.size_bytes) == (journal.ends[1], journal.ends[2] - journal.ends[1])


# how a run ends


def test_a_journal_of_an_unknown_trial_is_stored(store: Store) -> None:
    journal = Journal(trial="elsewhere").log(0, loss=1.0)
    assert send(store, journal) == IngestReply(len(journal.data), [])


def test_a_run_with_many_keys_has_all_its_last_values(store: Store) -> None:
    keys = [f"k{number:04}" for number in range(3 * last_values.FIRST_KEYS)]
    journal = Journal().log(0, **dict.fromkeys(keys, 1.0)).log(1, **{keys[0]: 2.0, keys[-1]: 3.0, "late": "text"})
    send(store, journal)
    expected = dict.fromkeys(keys, 1.0) | {keys[0]: 2.0, keys[-1]: 3.0, "late": "text"}
    assert get_run(store).summary == expected
    with store.read() as connection:
        kept = connection.scalar(select(schema.run.c.logged))
        assert kept is not None and len(kept) == last_values.FIRST_KEYS
        columns = [f"summary.{keys[-1]}", "summary.late", "summary"]
        for wanted in (f"summary.{keys[-1]} > 2", "summary.late = text", f"summary.{keys[0]} = 2"):
            (row,) = runs_table.read_page(connection, RunsQuery("project-1", wanted, columns=columns)).rows
            assert [row[name] for name in columns] == [3.0, "text", expected]
        assert runs_table.read_page(connection, RunsQuery("project-1", f"summary.{keys[-1]} = 1")).total == 0
        sorted_by = RunsQuery("project-1", "", [SortKey(f"summary.{keys[-1]}")])
        assert runs_table.read_page(connection, sorted_by).total == 1


def test_a_batch_writes_only_the_keys_that_are_in_it(store: Store) -> None:
    keys = [f"k{number:04}" for number in range(3 * last_values.FIRST_KEYS)]
    journal = Journal().log(0, **dict.fromkeys(keys, 1.0))
    send(store, journal)
    with store.write() as connection:
        connection.execute(delete(schema.last_value))
    send(store, journal.log(1, **{keys[-2]: 2.0}))
    with store.read() as connection:
        assert last_values.of_runs(connection, ["run-1"]) == {"run-1": {keys[-2]: 2.0}}


def test_keys_are_listed_page_by_page_and_searched(store: Store) -> None:
    keys = [f"Layer{number}/norm" for number in range(7)]
    send(store, Journal().log(0, **dict.fromkeys([*keys, "100%"], 1.0)))
    write_buffer.flush_owners(store, ["run-1"])
    with store.read() as connection:

        def listed(**wanted: Any) -> list[str]:
            return [info.key for info in writing.list_series(connection, "run-1", **wanted)]

        assert listed(limit=3) == keys[:3] and listed(limit=3, after=keys[2]) == keys[3:6]
        assert listed(search="layer5") == [keys[5]] and listed(search="layer", after=keys[5]) == [keys[6]]
        assert listed(search="%") == ["100%"]
        with pytest.raises(NotFound, match="no series `nothing`"):
            listed(after="nothing")
