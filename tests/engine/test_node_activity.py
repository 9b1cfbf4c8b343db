"""Activity of nodes: newest samples, buffered or not; running runs; agents and their leases."""

from __future__ import annotations

from lightning_sweeps import messages as m
from lightning_sweeps.engine import node_activity
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import write_buffer
from tests.store.journals import STARTED, Journal
from tests.store.uploads import send


def now(store: Store) -> list[m.NodeStatus]:
    with store.read() as connection:
        return node_activity.read_nodes(connection)


def test_newest_values_of_nodes_and_processes(store: Store) -> None:
    send(store, Journal().log(1, loss=0.5))
    send(store, Journal(id="journal-2", run="run-2").log(1, loss=0.5).finish())
    node = Journal(id="journal-n", node="node-1")
    for step in range(3):
        node.log(step, **{"cpu.percent": 10.0 + step})
        node.sample("run-1", threads=20.0 + step).sample("run-2", threads=1.0)
    send(store, node)
    for _ in ("waiting", "sorted"):
        (there,) = now(store)
        assert (there.node.id, there.values) == ("node-1", {"cpu.percent": 12.0})
        assert [(run.id, run.values) for run in there.runs] == [("run-1", {"threads": 22.0})]
        write_buffer.flush_owners(store, ["node-1"])
    before = len(node.data)
    node.log(9, **{"cpu.percent": 50.0}).sample("run-1", children=1.0)
    send(store, node, before)
    (there,) = now(store)
    assert there.values == {"cpu.percent": 50.0}
    assert there.runs[0].values == {"children": 1.0}  # a key that the newest sample lacks no longer exists
    write_buffer.flush_owners(store, ["node-1"])
    assert now(store) == [there]


def test_samples_of_one_moment_may_come_in_parts(store: Store) -> None:
    send(store, Journal().log(1, loss=0.5))
    node = Journal(id="journal-n", node="node-1").log(1, **{"cpu.percent": 10.0})
    send(store, node)
    before = len(node.data)
    node.sample("run-1", threads=2.0)
    send(store, node, before)
    (there,) = now(store)
    assert (there.values, there.runs[0].values) == ({"cpu.percent": 10.0}, {"threads": 2.0})


def test_a_node_without_samples(store: Store) -> None:
    send(store, Journal(id="journal-n", node="node-1"))
    (there,) = now(store)
    assert (there.values, there.runs, there.agents) == ({}, [], [])
    assert there.node.seen >= STARTED
