"""Reads the activity of nodes: every node with its newest sample, its runs and its agents."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from sqlalchemy import Connection, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents
from lightning_sweeps.store import nodes, schema
from lightning_sweeps.store.json_sql import one_of
from lightning_sweeps.store.run_search import RunSearch, equal_to, search_runs
from lightning_sweeps.store.series import write_buffer
from lightning_sweeps.store.series.owners import process_of

AT_ONCE = 400
MAX_RUNS = 5000


def read_nodes(connection: Connection) -> list[m.NodeStatus]:
    """Return every node, the last seen one first, and then machines that are known only from their agents."""
    by_node: defaultdict[str, list[m.NodeAgent]] = defaultdict(list)
    for agent in agents.list_active_agents(connection):
        by_node[agent.agent.node].append(agent)
    known = nodes.list_nodes(connection)
    runs = _runs(connection)
    values = _values(connection, known, [run.id for some in runs.values() for run in some])
    found = [
        m.NodeStatus(
            node, values.get(node.id, {}), _with_values(runs.get(node.id, []), values), by_node.pop(node.id, [])
        )
        for node in known
    ]
    return found + [m.NodeStatus(_machine_of(some), {}, [], some) for some in by_node.values()]


def _with_values(runs: list[m.NodeRun], values: dict[str, dict[str, float]]) -> list[m.NodeRun]:
    return [replace(run, values=values.get(process_of(run.id), {})) for run in runs]


def _machine_of(agents_there: list[m.NodeAgent]) -> m.Node:
    agent = agents_there[0].agent
    return m.Node(agent.node, agent.host, 0, 0, [], max(one.agent.seen for one in agents_there))


def _runs(connection: Connection) -> dict[str, list[m.NodeRun]]:
    """Return the running runs by node, oldest first."""
    run, project = schema.run, schema.project
    names = ("id", "name", "group", "rank", "world_size", "user", "sweep_id", "trial_id", "created", "gpus", "node_id")
    running = search_runs(connection, RunSearch(equal_to(state="running"), shown="all", limit=MAX_RUNS)).ids
    asked = select(project.c.name.label("project"), *(run.c[name] for name in names)).join(project)
    rows = connection.execute(asked.where(one_of(run.c.id, running, connection.dialect.name)).order_by(run.c.created))
    found: defaultdict[str, list[m.NodeRun]] = defaultdict(list)
    for row in rows.mappings():
        same = {name: row[name] for name in ("id", "project", "name", "group", "rank", "world_size", "user")}
        times = {"created": row["created"], "gpus": row["gpus"], "values": {}}
        found[row["node_id"]].append(m.NodeRun(**same, sweep=row["sweep_id"], trial=row["trial_id"], **times))
    return found


def _values(connection: Connection, known: list[m.Node], run_ids: list[str]) -> dict[str, dict[str, float]]:
    """Return the newest values of nodes and processes, from series and from the write buffer."""
    series = schema.series
    owners = [node.id for node in known] + [process_of(run_id) for run_id in run_ids]
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for at in range(0, len(owners), AT_ONCE):
        asked = select(series.c.owner_id, series.c.key, series.c.last, series.c.last_time).where(
            series.c.owner_kind.in_(("node", "process")),
            series.c.owner_id.in_(owners[at : at + AT_ONCE]),
            series.c.last.is_not(None),
        )
        times: defaultdict[str, float] = defaultdict(float)
        rows = connection.execute(asked).all()
        for row in rows:
            times[row.owner_id] = max(times[row.owner_id], row.last_time)
        for row in rows:
            if row.last_time >= times[row.owner_id]:  # a key without a newer value no longer exists
                found[row.owner_id][row.key] = row.last
    for owner, fresh in write_buffer.newest_samples(connection, [node.id for node in known]).items():
        found[owner] = fresh
    return found
