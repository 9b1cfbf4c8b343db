"""Reads which runs, sweeps and nodes changed since a cursor.

Rows have the server's time of their last change (`changed`). A transaction may commit a little after that time, so
every request also covers the seconds before its cursor: a change may be reported twice, and none is missed.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, union_all

from lightning_sweeps.messages import Change, Changes, RunChange
from lightning_sweeps.store import schema
from lightning_sweeps.store.project_access import Projects, only_in

OVERLAP_S = 3.0
MAX_RUNS = 5000
"""Maximum number of runs in an answer. If more have changed, the client reads the runs table again."""


def read_changes(connection: Connection, *, since: float, now: float, projects: Projects = None) -> Changes:
    """Return what changed after a cursor.

    Args:
        connection: a transaction.
        since: the cursor: a time of the server, in seconds since the epoch.
        now: the next cursor.
        projects: only runs and sweeps of these projects; None: of all.
    """
    after = since - OVERLAP_S
    run = schema.run
    rows = select(run.c.id, schema.project.c.name, run.c.state, run.c.rows, run.c.changed).join(schema.project)
    rows = rows.where(run.c.changed > after, *only_in(projects)).order_by(run.c.changed.desc())
    found = connection.execute(rows.limit(MAX_RUNS + 1)).all()
    is_cut = len(found) > MAX_RUNS
    node = schema.node.c
    nodes = connection.execute(select(node.id, node.changed).where(node.changed > after))
    return Changes(
        cursor=now,
        runs=[] if is_cut else [RunChange(*row) for row in found],
        sweeps=_sweeps(connection, after, projects),
        nodes=[Change(*row) for row in nodes],
        is_cut=is_cut,
    )


def _sweeps(connection: Connection, after: float, projects: Projects) -> list[Change]:
    """Return the sweeps that changed, including those with a changed trial or agent, and the latest time."""
    sweep, tables = schema.sweep, (schema.trial, schema.agent)
    parts = [select(sweep.c.id.label("id"), sweep.c.changed).where(sweep.c.changed > after)]
    parts += [select(table.c.sweep_id, table.c.changed).where(table.c.changed > after) for table in tables]
    found = union_all(*parts).subquery()
    latest = select(found.c.id, func.max(found.c.changed)).group_by(found.c.id).order_by(found.c.id)
    if projects is not None:
        own = select(sweep.c.id).join(schema.project).where(*only_in(projects))
        latest = latest.where(found.c.id.in_(own))
    return [Change(*row) for row in connection.execute(latest)]
