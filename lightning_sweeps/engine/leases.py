"""Agents and the trials they hold: at any time at most one agent has a trial, and only as long as it is heard of.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, gangs, sweeps, trials
from lightning_sweeps.engine.judge import NO_VALUE
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain
from lightning_sweeps.sweeps.config import SweepConfig, read_config
from lightning_sweeps.sweeps.trial import end_event

IDLE_LEASES = 3
"""An agent without a trial that is not heard of for this many lease times is called lost."""


@dataclass(frozen=True, slots=True)
class Expired:
    """A trial that was taken from agents which are no longer heard of: `agent` names them."""

    trial: str
    sweep: str
    agent: str
    state: m.TrialState


def take_lease(connection: Connection, agent_id: str, *, now: float, lease_s: float) -> m.Trial | None:
    """Give the agent the oldest trial that waits, or None where none does.

    An agent whose last answer was lost on the way gets the same trial again.
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
    waiting = (
        select(table)
        .where(table.c.sweep_id == agent.sweep, table.c.state == "pending")
        .order_by(table.c.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(waiting).one_or_none()
    if row is None:
        return None
    leased = trials.advance(connection, row, "lease", agent_id=agent_id, lease_expires=now + lease_s, reason="")
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
    """Renew what the agent holds and tell it what is wanted."""
    agent = agents.get_agent(connection, agent_id)
    told = {} if spent_s is None else {"spent_s": plain(spent_s)}
    state: m.SweepState = connection.execute(
        select(schema.sweep.c.state).where(schema.sweep.c.id == agent.sweep)
    ).scalar_one()
    if trial_id is None:
        agents.change(connection, agent_id, seen=now, state="idle", **told)
        return m.AgentOrders(state)
    row = trials.lock(connection, trial_id)
    if not gangs.holds(row, agent_id):
        agents.change(connection, agent_id, seen=now, state="idle", trial_id=None, **told)
        return m.AgentOrders(state, [m.Command("kill", trial_id, "this agent no longer has the trial")], True)
    agents.change(connection, agent_id, seen=now, state="working", trial_id=trial_id, **told)
    gangs.renew(connection, row, now=now, lease_s=lease_s)
    if state == "cancelled":
        return m.AgentOrders(state, [m.Command("kill", trial_id, "the sweep was cancelled")])
    if row.state == "stopping":
        return m.AgentOrders(state, [m.Command("stop", trial_id, row.reason)])
    order = gangs.order(row)
    return m.AgentOrders(state, [order] if order else [])


def start_trial(connection: Connection, agent_id: str, trial_id: str, *, now: float) -> m.Trial:
    """Note that the trial's program runs.

    Raises:
        NotFound: there is no such agent or trial.
        ServerRefused: status 409; the agent no longer has the trial and must not run it.
    """
    agents.get_agent(connection, agent_id)
    row = trials.lock(connection, trial_id)
    if not gangs.holds(row, agent_id):
        raise ServerRefused(
            f"agent `{agent_id}` no longer has trial `{trial_id}`, which is `{row.state}`",
            status=409,
            hint="end the trial's processes and ask for another trial",
        )
    started = trials.advance(connection, row, "start", started=row.started or now)
    agents.change(connection, agent_id, seen=now)
    return trials.to_message(started)


def end_trial(connection: Connection, agent_id: str, trial_id: str, end: m.TrialEnd, *, now: float) -> m.Trial:
    """Note how the trial's processes ended; from an agent that no longer has the trial this changes nothing.

    Raises:
        NotFound: there is no such agent or trial.
        ServerRefused: status 422; a trial cannot end like that.
    """
    gpus = len(agents.get_agent(connection, agent_id).gpus)
    end_event(end.state)  # refuses what is no end
    sweep = sweeps.lock_sweep(connection, trials.get_trial(connection, trial_id).sweep)
    row = trials.lock(connection, trial_id)
    if not gangs.holds(row, agent_id):
        return trials.to_message(row)
    config = read_config(sweep.config)
    part = gangs.Ended(end, gpus, gpus * (end.ran_s or 0.0))
    row, whole = gangs.note_end(connection, row, agent_id, part)
    _release(connection, agent_id, now=now, is_done=True)
    if whole is None:
        return trials.to_message(row)  # the trial ends with the last machine's part
    end = whole.end
    event = end_event(end.state)
    said: dict[str, object] = {"exit_code": end.exit_code, "stderr_tail": str(plain(end.stderr_tail))}
    if end.ran_s is not None:
        said |= {"gpus": whole.gpus, "start_s": end.start_s, "gpu_s": (row.gpu_s or 0.0) + whole.gpu_s}
    if event == "preempt" and row.state != "stopping":
        reason = end.reason or "preempted"
        ended = trials.give_back(connection, row, retry=config.retry, reason=reason, now=now, final="preempt")
        ended = trials.change(connection, trial_id, **said)
    else:
        reason = _end_reason(row, end, config)
        ended = trials.advance(connection, row, event, lease_expires=None, ended=now, reason=reason, **said)
    sweeps.note_outcome(connection, sweep, state=ended.state, error=_error(ended))
    sweeps.finish_if_done(connection, sweep.id, now=now)
    return trials.to_message(ended)


def leave(connection: Connection, agent_id: str, *, now: float) -> m.Agent:
    """Let an agent go; a trial that it still holds goes back to the sweep."""
    sweep = sweeps.lock_sweep(connection, agents.get_agent(connection, agent_id).sweep)
    retry = read_config(sweep.config).retry
    for row in _held_by(connection, agents.get_agent(connection, agent_id)):
        trials.give_back(connection, row, retry=retry, reason="its agent left", now=now)
    agents.change(connection, agent_id, seen=now, state="gone", trial_id=None, ready_until=None)
    sweeps.finish_if_done(connection, sweep.id, now=now)
    return agents.get_agent(connection, agent_id)


def expire_leases(connection: Connection, *, now: float, lease_s: float) -> list[Expired]:
    """Take every trial from the agents that are no longer heard of, and call these lost."""
    table, agent = schema.trial, schema.agent
    late = table.c.state.in_(trials.HELD_STATES) & (table.c.lease_expires < now)
    expired = []
    query = select(table.c.id, table.c.sweep_id).where(late).order_by(table.c.sweep_id, table.c.number)
    for trial_id, sweep_id in connection.execute(query).all():
        sweep = sweeps.lock_sweep(connection, sweep_id)
        row = trials.lock(connection, trial_id)
        if row.state not in trials.HELD_STATES or row.lease_expires >= now:
            continue  # another server or a heartbeat was faster
        silent = gangs.silent(connection, row, since=now - lease_s)
        if not silent:
            gangs.renew(connection, row, now=now, lease_s=lease_s)  # the one who was silent has ended its part
            continue
        reason = f"its agent was not heard of for {lease_s:g} s"
        given = trials.give_back(connection, row, retry=read_config(sweep.config).retry, reason=reason, now=now)
        for agent_id in silent:
            agents.change(connection, agent_id, state="lost", trial_id=None, ready_until=None)
        expired.append(Expired(trial_id, sweep_id, ", ".join(silent), given.state))
        sweeps.finish_if_done(connection, sweep_id, now=now)
    idle = (agent.c.state == "idle") & (agent.c.seen < now - IDLE_LEASES * lease_s)
    connection.execute(update(agent).where(idle).values(state="lost"))
    return expired


def _hold(connection: Connection, row: Row[Any], agent_id: str, *, now: float) -> m.Trial:
    agents.change(connection, agent_id, seen=now, state="working", trial_id=row.id)
    return trials.to_message(row)


def _held_by(connection: Connection, agent: m.Agent) -> list[Row[Any]]:
    table = schema.trial
    its = or_(table.c.agent_id == agent.id, table.c.id == agent.trial)
    rows = connection.execute(select(table).where(its, table.c.state.in_(trials.HELD_STATES)).with_for_update())
    return [row for row in rows if gangs.holds(row, agent.id)]


def _release(connection: Connection, agent_id: str, *, now: float, is_done: bool) -> None:
    done = schema.agent.c.trials_done + int(is_done)
    agents.change(connection, agent_id, seen=now, state="idle", trial_id=None, trials_done=done)


def _end_reason(row: Row[Any], end: m.TrialEnd, config: SweepConfig) -> str:
    if row.state == "stopping" and end.state != "failed":
        return str(row.reason)
    if end.state == "finished" and config.primary is not None and row.reports == 0:
        return end.reason or NO_VALUE.format(config.primary.name)
    return end.reason


def _error(row: Row[Any]) -> str:
    """Return the last thing a failed trial said."""
    lines = [line.strip() for line in row.stderr_tail.splitlines() if line.strip()]
    return lines[-1] if lines else row.reason or f"exit code {row.exit_code}"
