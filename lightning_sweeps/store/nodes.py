"""Stores nodes: the machines that send system metrics."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from lightning_sweeps.journal.records import NodeInfo
from lightning_sweeps.messages import Node, NodeGpu
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import int32, int64, plain, text
from lightning_sweeps.store.database import insert

_node = schema.node


def ensure_node(connection: Connection, info: NodeInfo, *, created: float) -> None:
    """Create or update the node of a journal's header."""
    described: dict[str, Any] = {
        "host": text(info.host),
        "cpu_count": int32(info.cpu_count),
        "memory_bytes": int64(info.memory_bytes),
        "gpus": _gpus(info),
    }
    row = described | {"id": info.id, "created": created, "seen": created}
    statement = insert(connection, _node).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=described))


def mark_seen(connection: Connection, node_id: str, *, at: float) -> None:
    """Record that the node sent something at the time `at`, and lock its row."""
    known = connection.scalar(select(_node.c.seen).where(_node.c.id == node_id).with_for_update())
    connection.execute(update(_node).where(_node.c.id == node_id).values(seen=max(known or 0.0, at)))


def list_nodes(connection: Connection) -> list[Node]:
    """Return every node, the last seen one first."""
    rows = connection.execute(select(_node).order_by(_node.c.seen.desc())).mappings()
    return [_node_of(row) for row in rows]


def _gpus(info: NodeInfo) -> list[Any]:
    """Return a map per GPU, or only names if an earlier version sent them."""
    if len(info.devices) != len(info.gpus):
        return list(plain(info.gpus))
    return [
        {"place": text(gpu.place), "uuid": text(gpu.uuid), "name": text(gpu.name)}
        | {"memory_bytes": int64(gpu.memory_bytes)}
        for gpu in info.devices
    ]


def _node_of(row: RowMapping) -> Node:
    devices = [
        NodeGpu(**gpu) if isinstance(gpu, dict) else NodeGpu(str(index), "", str(gpu), 0)
        for index, gpu in enumerate(row["gpus"])
    ]
    told = {name: row[name] for name in ("id", "host", "cpu_count", "memory_bytes", "seen")}
    return Node(**told, gpus=[gpu.name for gpu in devices], devices=devices)
