"""What changed since a moment: the ids of runs, sweeps and nodes whose rows, trials or agents were written.

Rows carry the server's time of their last change (`changed`). A transaction may commit a little after that time, so
each look goes back over the last seconds again: a change may be told twice, and none is missed.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from lightning_sweeps.messages import Changes, RunChange
from lightning_sweeps.store import schema

OVERLAP_S = 3.0
MOST_RUNS = 5000
"""More runs at once are not named: who looks reads the table again."""


def read_changes(connection: Connection, *, since: float, now: float, project: str | None = None) -> Changes:
    """Return what changed after `since`, in one project or in all.

    Args:
        now: becomes the cursor to ask with next.
    """
    after = since - OVERLAP_S
    run, name = schema.run, schema.project.c.name
    rows = select(run.c.id, name, run.c.state, run.c.rows, run.c.changed).join(schema.project)
    rows = rows.where(run.c.changed > after).order_by(run.c.changed.desc()).limit(MOST_RUNS + 1)
    found = connection.execute(rows if project is None else rows.where(name == project)).all()
    is_cut = len(found) > MOST_RUNS
    return Changes(
        cursor=now,
        runs=[] if is_cut else [RunChange(*row) for row in found],
        sweeps=_sweeps(connection, after, project),
        nodes=list(connection.scalars(select(schema.node.c.id).where(schema.node.c.changed > after))),
        is_cut=is_cut,
    )


def _sweeps(connection: Connection, after: float, project: str | None) -> list[str]:
    """Return the sweeps that changed themselves, or a trial or an agent of theirs did."""
    sweep = schema.sweep
    found = set(connection.scalars(select(sweep.c.id).where(sweep.c.changed > after)))
    for table in (schema.trial, schema.agent):
        found |= set(connection.scalars(select(table.c.sweep_id).where(table.c.changed > after).distinct()))
    if project is None or not found:
        return sorted(found)
    own = select(sweep.c.id).join(schema.project).where(sweep.c.id.in_(found), schema.project.c.name == project)
    return sorted(connection.scalars(own))
