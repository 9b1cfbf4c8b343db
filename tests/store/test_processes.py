"""Samples of the processes of runs: nodes report them, and their series do not belong to the run."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from lightning_sweeps.errors import NotFound
from lightning_sweeps.journal import records
from lightning_sweeps.messages import LineRequest, NodeGpu, SeriesQuery
from lightning_sweeps.store import ingest, maintenance, nodes, schema
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import reading, write_buffer, writing
from tests.store.journals import STARTED, Journal
from tests.store.uploads import get_run, points, send

PROCESS = "process:run-1"


def node_journal() -> Journal:
    """Return a node's journal with samples of the node and of the processes of two runs."""
    node = Journal(id="journal-n", node="node-1")
    for step in range(3):
        node.log(int(STARTED) + step, **{"cpu.percent": 90.0 + step})
        node.sample("run-1", threads=10.0 + step, children=2.0)
        node.sample("run-2", threads=20.0 + step)
    return node


def test_samples_are_series_of_the_process_only(store: Store) -> None:
    send(store, Journal().log(1, loss=0.5))
    node = node_journal()
    send(store, node)
    assert [point.value for point in points(store, "threads", PROCESS)] == [10.0, 11.0, 12.0]
    assert [point.value for point in points(store, "threads", "process:run-2")] == [20.0, 21.0, 22.0]
    assert [point.value for point in points(store, "cpu.percent", "node-1")] == [90.0, 91.0, 92.0]
    run = get_run(store)
    assert (run.rows, run.summary) == (1, {"loss": 0.5})
    write_buffer.flush_owners(store, ["run-1"])
    with store.read() as connection:
        assert [info.key for info in writing.list_series(connection, "run-1")] == ["loss"]
        assert [info.key for info in writing.list_series(connection, "node-1")] == ["cpu.percent"]
        assert {info.key: info.count for info in writing.list_series(connection, PROCESS)} == {
            "threads": 3,
            "children": 3,
        }
    assert maintenance.check(store) == []


def test_samples_are_stored_once_however_often_they_are_sent(store: Store) -> None:
    """The journal is cut at every record, each part is sent twice, and its rows fill the write buffer."""
    send(store, Journal().log(1, loss=0.5))
    node = Journal(id="journal-n", node="node-1")
    for step in range(60):
        node.sample("run-1", threads=float(step))
    for end in node.ends:
        send(store, node, 0, end)
        send(store, node, 0, end)
    assert [point.value for point in points(store, "threads", PROCESS)] == [float(step) for step in range(60)]
    assert maintenance.check(store) == []


def test_samples_may_arrive_before_their_run(store: Store) -> None:
    send(store, node_journal())
    with store.read() as connection, pytest.raises(NotFound, match="no run and no node `process:run-1`"):
        writing.list_series(connection, PROCESS)
    asked = SeriesQuery([LineRequest(PROCESS, "threads")], x="relative")
    write_buffer.flush_owners(store, ["node-1"])
    with store.read() as connection:
        assert reading.query(connection, store.series, asked).lines[0].count == 3
    send(store, Journal().log(1, loss=0.5))
    assert len(points(store, "threads", PROCESS)) == 3
    with store.read() as connection:
        assert reading.query(connection, store.series, asked).lines[0].x[0] == pytest.approx(2.0)


def test_a_run_that_moved_has_the_samples_of_both_nodes(store: Store) -> None:
    send(store, Journal().log(1, loss=0.5).finish("preempted"))
    send(store, Journal(id="journal-2", on="node-2", attempt=1, resumed_step=0).log(2, loss=0.4))
    send(store, node_journal())
    other = Journal(id="journal-m", node="node-2", created=STARTED + 60).sample("run-1", threads=30.0)
    send(store, other)
    assert [point.value for point in points(store, "threads", PROCESS)] == [10.0, 11.0, 12.0, 30.0]
    assert not any(point.is_abandoned for point in points(store, "threads", PROCESS))


@pytest.mark.parametrize("run", ["", "x" * 129, "a/b"])
def test_a_sample_without_a_valid_run_is_rejected(store: Store, run: str) -> None:
    node = Journal(id="journal-n", node="node-1").sample(run, threads=1.0).sample("run-1", threads=2.0)
    send(store, Journal().log(1, loss=0.5))
    assert send(store, node).offset == len(node.data)
    assert [point.value for point in points(store, "threads", PROCESS)] == [2.0]


def test_samples_in_the_journal_of_a_run_are_ignored(store: Store) -> None:
    send(store, Journal().log(1, loss=0.5).sample("run-1", threads=1.0).log(2, loss=0.4))
    assert len(points(store, "loss")) == 2
    with store.read() as connection:
        assert writing.list_series(connection, PROCESS) == []
        assert ingest.committed_offset(connection, "journal-1") > 0


def test_gpus_of_a_node_have_indexes_and_uuids(store: Store) -> None:
    devices = [records.GpuInfo("0", "GPU-a", "H100", 80), records.GpuInfo("1:0", "MIG-b", "H100 1g", 10)]
    send(store, Journal(id="journal-n", node="node-1", devices=devices))
    with store.write() as connection:
        old = {"id": "node-0", "host": "h", "cpu_count": 1, "memory_bytes": 1, "created": 1.0, "seen": 1.0}
        connection.execute(insert(schema.node).values(**old, gpus=["A100"]))
    with store.read() as connection:
        new, old_node = nodes.list_nodes(connection)
    assert (new.gpus, new.devices[1]) == (["H100", "H100 1g"], NodeGpu("1:0", "MIG-b", "H100 1g", 10))
    assert (old_node.gpus, old_node.devices) == (["A100"], [NodeGpu("0", "", "A100", 0)])
