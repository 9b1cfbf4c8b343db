"""Leases: a trial belongs to one agent at a time, and only while the agent sends heartbeats.

A silent agent is not a dead trial: the agent may be stopped, or its network may be down, while the trial trains. So a
trial whose lease has expired stays with its agent until the trial is known to be gone, at most for the takeover time.
By then an agent without a network has ended it (`agents/decisions.py`). No trial runs twice at the same time.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, gangs, sweeps, trials
from lightning_sweeps.engine.signs_of_life import find_sign_of_life
from lightning_sweeps.engine.suggest import is_usable
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain
from lightning_sweeps.sweeps.settings import SweepSettings

IDLE_LEASES = 3
"""An idle agent that sends nothing for this many lease times is lost."""


@dataclass(frozen=True, slots=True)
class ExpiredLease:
    """A trial that was taken from silent agents.

    Attributes:
        trial: id of the trial.
        sweep: id of its sweep.
        agent: ids of the silent agents, separated by commas.
        state: the trial's new state.
    """

    trial: str
    sweep: str
    agent: str
    state: m.TrialState


def take_lease(
    connection: Connection, agent_id: str, *, needed: int | None, now: float, lease_s: float
) -> m.Trial | None:
    """Lease the oldest usable pending trial to the agent; return None if no trial is usable.

    An agent that has a leased trial gets it again: the last response may have been lost.

    Args:
        connection: the caller's transaction.
        agent_id: the agent.
        needed: number of results that the suggestion must know; None: only a trial that needs no results is usable.
        now: current time in seconds since the epoch.
        lease_s: length of a lease in seconds.
    """
    agent = agents.get_agent(connection, agent_id)
    sweep = connection.execute(select(schema.sweep).where(schema.sweep.c.id == agent.sweep)).one()
    if sweep.state != "running":
        return None
    table = schema.trial
    held = connection.execute(
        select(table).where(table.c.agent_id == agent_id, table.c.state == "leased").with_for_update()
    ).first()
    if held is not None:
        return _hold(connection, trials.change(connection, held.id, lease_expires=now + lease_s), agent_id, now=now)
    pending = (
        select(table)
        .where(table.c.sweep_id == agent.sweep, table.c.state == "pending", is_usable(needed))
        .order_by(table.c.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(pending).one_or_none()
    if row is None:
        return None
    held_by = {"agent_id": agent_id, "lease_expires": now + lease_s, "reason": ""}
    leased = trials.advance(connection, row, "lease", **held_by, **trials.count_unseen(connection, row))
    return _hold(connection, leased, agent_id, now=now)


def heartbeat(
    connection: Connection,
    agent_id: str,
    *,
    trial_id: str | None,
    now: float,
    lease_s: float,
    spent_s: dict[str, float] | None = None,
) -> m.AgentOrders:
    """Renew the agent's lease and return its commands."""
    agent = agents.get_agent(connection, agent_id)
    times = {} if spent_s is None else {"spent_s": plain(spent_s)}
    state: m.SweepState = connection.execute(
        select(schema.sweep.c.state).where(schema.sweep.c.id == agent.sweep)
    ).scalar_one()
    if trial_id is None:
        agents.change(connection, agent_id, seen=now, state="idle", **times)
        return m.AgentOrders(state)
    row = trials.lock(connection, trial_id)
    if not gangs.is_held_by(row, agent_id):
        agents.change(connection, agent_id, seen=now, state="idle", trial_id=None, **times)
        return m.AgentOrders(state, [m.Command("kill", trial_id, "this agent no longer holds the trial")], True)
    agents.change(connection, agent_id, seen=now, state="working", trial_id=trial_id, **times)
    gangs.renew_lease(connection, row, now=now, lease_s=lease_s)
    trials.forget_silence(connection, row, agent)
    if state == "cancelled":
        return m.AgentOrders(state, [m.Command("kill", trial_id, "the sweep was cancelled")])
    if row.state == "stopping":
        return m.AgentOrders(state, [m.Command("stop", trial_id, row.reason)])
    command = gangs.command_after_bad_end(row)
    return m.AgentOrders(state, [command] if command else [])


def start_trial(connection: Connection, agent_id: str, trial_id: str, *, now: float) -> m.Trial:
    """Record that the trial's program has started.

    Raises:
        NotFound: the agent or trial does not exist.
        ServerRefused: status 409; the agent no longer holds the trial and must not run it.
    """
    agents.get_agent(connection, agent_id)
    row = trials.lock(connection, trial_id)
    if not gangs.is_held_by(row, agent_id):
        raise ServerRefused(
            f"agent `{agent_id}` no longer has trial `{trial_id}`, which is `{row.state}`",
            status=409,
            hint="end the trial's processes and ask for another trial",
        )
    started = trials.advance(connection, row, "start", started=row.started or now)
    agents.change(connection, agent_id, seen=now)
    return trials.to_message(started)


def leave(connection: Connection, agent_id: str, *, now: float) -> m.Agent:
    """Remove an agent from the sweep. A trial that it still holds becomes pending again."""
    sweep = sweeps.lock_sweep(connection, agents.get_agent(connection, agent_id).sweep)
    settings = SweepSettings.of(sweep.config)
    for row in _held_by(connection, agents.get_agent(connection, agent_id)):
        trials.requeue(connection, row, settings=settings, reason="its agent left", now=now)
    agents.change(connection, agent_id, seen=now, state="gone", trial_id=None, ready_until=None)
    sweeps.finish_if_done(connection, sweep.id, now=now)
    return agents.get_agent(connection, agent_id)


def renew_all(connection: Connection, *, now: float, lease_s: float) -> int:
    """Give every held trial a fresh lease after a pause of the server; return the number of trials.

    Trials that wait for their last rows get the same time again.
    """
    table = schema.trial
    held = table.c.state.in_((*trials.HELD_STATES, "ending"))
    return connection.execute(update(table).where(held).values(lease_expires=now + lease_s)).rowcount


def expire_leases(
    connection: Connection, *, now: float, lease_s: float, takeover_s: float, answering_since: float = 0.0
) -> list[ExpiredLease]:
    """Mark silent agents as lost, and take from them the trials that do not run any more.

    Args:
        connection: the caller's transaction.
        now: seconds since the epoch.
        lease_s: seconds without a heartbeat after which a lease expires.
        takeover_s: how long a trial that may still run stays with its lost agent, in seconds.
        answering_since: since when the server has been answering; an idle agent cannot be silent for longer.
    """
    table, agent = schema.trial, schema.agent
    late = table.c.state.in_(trials.HELD_STATES) & (table.c.lease_expires < now)
    expired = []
    query = select(table.c.id, table.c.sweep_id).where(late).order_by(table.c.sweep_id, table.c.number)
    for trial_id, sweep_id in connection.execute(query).all():
        sweep = sweeps.lock_sweep(connection, sweep_id)
        row = trials.lock(connection, trial_id)
        if row.state not in trials.HELD_STATES or row.lease_expires >= now:
            continue  # another server or a heartbeat changed it first
        silent = gangs.silent_agents(connection, row, since=now - lease_s)
        if not silent:
            gangs.renew_lease(connection, row, now=now, lease_s=lease_s)  # the part of the silent agent has ended
            continue
        if _may_still_run(connection, row, now=now, lease_s=lease_s, takeover_s=takeover_s):
            continue
        reason = f"its agent sent no heartbeat for {lease_s:g} s"
        settings = SweepSettings.of(sweep.config)
        requeued = trials.requeue(connection, row, settings=settings, reason=reason, now=now)
        for agent_id in silent:
            agents.change(connection, agent_id, state="lost", trial_id=None, ready_until=None)
        expired.append(ExpiredLease(trial_id, sweep_id, ", ".join(silent), requeued.state))
        sweeps.finish_if_done(connection, sweep_id, now=now)
    silent_since = now - IDLE_LEASES * lease_s
    if answering_since < silent_since:
        idle = (agent.c.state == "idle") & (agent.c.seen < silent_since)
        connection.execute(update(agent).where(idle).values(state="lost"))
    return expired


def _may_still_run(connection: Connection, row: Row[Any], *, now: float, lease_s: float, takeover_s: float) -> bool:
    """Return whether a trial with an expired lease stays with its agent, and give it the time for that.

    A trial that was ordered to stop does not run again, so nobody waits for it. The ranks of a gang cannot go on
    without the silent agent's ranks, so the others need not wait.
    """
    if row.gang is not None or row.state == "stopping":
        return False
    is_first_look = agents.get_agent(connection, row.agent_id).state != "lost"
    sign = find_sign_of_life(connection, row.id, since=now - lease_s)
    if sign == "gone" or (sign == "unknown" and not (is_first_look and takeover_s > 0)):
        return False
    agents.change(connection, row.agent_id, state="lost")
    silence = f"its agent has sent no heartbeat for {lease_s:g} s"
    reason = f"{silence}, but the trial still logs"
    if sign == "unknown":
        reason = f"{silence}; the trial runs again once it is known to be gone, at the latest in {takeover_s:g} s"
    wait_s = lease_s if sign == "alive" else takeover_s
    trials.change(connection, row.id, lease_expires=now + wait_s, reason=reason)
    return True


def _hold(connection: Connection, row: Row[Any], agent_id: str, *, now: float) -> m.Trial:
    agents.change(connection, agent_id, seen=now, state="working", trial_id=row.id)
    return trials.to_message(row)


def _held_by(connection: Connection, agent: m.Agent) -> list[Row[Any]]:
    table = schema.trial
    is_own = or_(table.c.agent_id == agent.id, table.c.id == agent.trial)
    rows = connection.execute(select(table).where(is_own, table.c.state.in_(trials.HELD_STATES)).with_for_update())
    return [row for row in rows if gangs.is_held_by(row, agent.id)]
