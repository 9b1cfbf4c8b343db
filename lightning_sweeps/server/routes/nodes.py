"""Lists machines, and what runs on them."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from lightning_sweeps.engine import node_activity
from lightning_sweeps.messages import Node, NodeStatus
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import nodes
from lightning_sweeps.store.project_access import projects_of

router = scoped_router("queries")


@router.get("/api/nodes")
def list_nodes(store: StoreDep) -> list[Node]:
    """List the machines that have sent system metrics."""
    with store.read() as connection:
        return nodes.list_nodes(connection)


@router.get("/api/nodes/now")
def read_nodes(store: StoreDep, projects: ProjectsDep) -> list[NodeStatus]:
    """List every machine with its latest system metrics, its running runs and its agents."""
    with store.read() as connection:
        found = node_activity.read_nodes(connection)
        if projects is None:
            return found
        return [_limited(connection, node, projects) for node in found]


def _limited(connection: Connection, node: NodeStatus, projects: frozenset[str]) -> NodeStatus:
    """Leave out runs and agents of other projects."""
    agents = [one for one in node.agents if projects_of(connection, "sweep", [one.agent.sweep]) <= projects]
    return replace(node, runs=[run for run in node.runs if run.project in projects], agents=agents)
