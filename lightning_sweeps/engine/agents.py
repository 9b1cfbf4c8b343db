"""The agent table: the agents of each sweep, their machines, and when the server last heard from them.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from lightning_sweeps import messages as m
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.engine import sweeps
from lightning_sweeps.errors import NotFound
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain

ACTIVE_STATES: tuple[m.SweepState, ...] = ("running", "paused", "stopped")
"""States of a sweep that may have agents at work."""


def register_agent(connection: Connection, sweep_id: str, wanted: m.AgentRegister, *, now: float) -> m.Agent:
    """Register a new agent.

    Raises:
        NotFound: the sweep does not exist.
    """
    sweeps.require_sweep(connection, sweep_id)
    agent_id = new_id()
    connection.execute(
        insert(schema.agent).values(
            id=agent_id,
            sweep_id=sweep_id,
            host=wanted.host,
            node=wanted.node,
            pid=wanted.pid,
            slot=wanted.slot,
            gpus=plain(wanted.gpus),
            state="idle",
            trials_done=0,
            registered=now,
            seen=now,
        )
    )
    return get_agent(connection, agent_id)


def get_agent(connection: Connection, agent_id: str) -> m.Agent:
    """Return one agent.

    Raises:
        NotFound: the agent does not exist.
    """
    row = connection.execute(select(schema.agent).where(schema.agent.c.id == agent_id)).one_or_none()
    if row is None:
        raise NotFound(f"no agent `{agent_id}`", status=404, hint="start one with `lightning-sweeps agent <sweep>`")
    return _to_message(row)


def list_agents(connection: Connection, sweep_id: str) -> list[m.Agent]:
    """Return a sweep's agents in the order of their registration."""
    table = schema.agent
    query = select(table).where(table.c.sweep_id == sweep_id).order_by(table.c.registered, table.c.id)
    return [_to_message(row) for row in connection.execute(query)]


def list_active_agents(connection: Connection) -> list[m.NodeAgent]:
    """Return the agents of all active sweeps in the order of their registration, without those that left."""
    agent, sweep, trial = schema.agent, schema.sweep, schema.trial
    extra = (sweep.c.name, trial.c.number, trial.c.started, trial.c.lease_expires)
    joined = agent.join(sweep, sweep.c.id == agent.c.sweep_id).outerjoin(trial, trial.c.id == agent.c.trial_id)
    every = select(agent, *(column.label(f"at_{column.name}") for column in extra)).select_from(joined)
    active = every.where(sweep.c.state.in_(ACTIVE_STATES), agent.c.state != "gone")
    return [
        m.NodeAgent(_to_message(row), row.at_name or row.sweep_id, row.at_number, row.at_started, row.at_lease_expires)
        for row in connection.execute(active.order_by(agent.c.registered, agent.c.id))
    ]


def change(connection: Connection, agent_id: str, **values: object) -> None:
    """Update columns of an agent."""
    connection.execute(update(schema.agent).where(schema.agent.c.id == agent_id).values(**values))


def mark_idle(connection: Connection, agent_id: str, *, now: float) -> None:
    """Record that the agent sent a request and has no trial."""
    change(connection, agent_id, seen=now, state="idle", trial_id=None)


def release(connection: Connection, agent_id: str, *, now: float) -> None:
    """Record that the agent's trial has ended, and that the agent is free."""
    done = schema.agent.c.trials_done + 1
    change(connection, agent_id, seen=now, state="idle", trial_id=None, trials_done=done)


def _to_message(row: Row[Any]) -> m.Agent:
    return m.Agent(
        id=row.id,
        sweep=row.sweep_id,
        host=row.host,
        node=row.node,
        pid=row.pid,
        slot=row.slot,
        gpus=row.gpus,
        state=row.state,
        trial=row.trial_id,
        trials_done=row.trials_done,
        registered=row.registered,
        seen=row.seen,
        spent_s=row.spent_s or {},
    )
