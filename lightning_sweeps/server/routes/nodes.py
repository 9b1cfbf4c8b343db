"""Lists machines, and what runs on them."""

from __future__ import annotations

from fastapi import APIRouter

from lightning_sweeps.engine import node_activity
from lightning_sweeps.messages import Node, NodeStatus
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.store import nodes

router = APIRouter(tags=["queries"])


@router.get("/api/nodes")
def list_nodes(store: StoreDep) -> list[Node]:
    """List the machines that have sent system metrics."""
    with store.read() as connection:
        return nodes.list_nodes(connection)


@router.get("/api/nodes/now")
def read_nodes(store: StoreDep) -> list[NodeStatus]:
    """List every machine with its latest system metrics, its running runs and its agents."""
    with store.read() as connection:
        return node_activity.read_nodes(connection)
