"""Trials over several machines. The agents that run one trial together are a gang.

An agent joins a gang only while its request for a trial waits. All places of a gang are filled in one transaction,
under the sweep's lock. So no agent holds a trial while it waits for other agents, and no deadlock is possible. A gang
ends when every agent has reported how its part ended, or as soon as one agent is lost.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, sweeps, trials
from lightning_sweeps.engine.suggest import is_usable
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain

READY_S = 3.0
"""How long an agent stays ready for a gang after its last request. A waiting agent asks every second."""

WORST_FIRST: tuple[m.TrialState, ...] = ("preempted", "failed", "stopped", "finished")
"""The trial ends in the first of these states that one of its parts ended in.

`preempted` comes before `failed`: a preempted part makes the other parts fail.
"""


@dataclass(frozen=True, slots=True)
class GangOffer:
    """What an agent offers when it asks for a trial over several machines.

    Attributes:
        endpoint: `host:port` where the other agents connect if this agent completes a gang. The port is reserved.
        is_waiting: whether the request keeps waiting if no gang is complete.
    """

    endpoint: str | None
    is_waiting: bool


def join_gang(
    connection: Connection,
    agent_id: str,
    offer: GangOffer,
    *,
    nodes: int,
    needed: int | None,
    now: float,
    lease_s: float,
) -> tuple[m.Trial | None, str]:
    """Return the agent's trial, or complete a gang with waiting agents on other machines.

    Args:
        connection: the caller's transaction.
        agent_id: the agent.
        offer: what the agent offers.
        nodes: machines of one trial.
        needed: number of results that the suggestion must know; None: only a trial that needs no results is usable.
        now: current time in seconds since the epoch.
        lease_s: length of a lease in seconds.

    Returns:
        The trial, or None and what is missing (empty if no trial is pending).

    Raises:
        ServerRefused: status 409; the agent cannot join a gang.
    """
    if offer.endpoint is None:
        raise ServerRefused(
            f"trials of this sweep take {nodes} machines, and this agent runs them on one",
            status=409,
            hint="use `lightning-sweeps agent`; functions and agents of older versions run trials on one machine",
        )
    table = schema.agent
    sweep = sweeps.lock_sweep(connection, agents.get_agent(connection, agent_id).sweep)
    agent = connection.execute(select(table).where(table.c.id == agent_id)).one()
    if agent.trial_id is not None:
        held = trials.lock(connection, agent.trial_id)
        if is_held_by(held, agent_id):
            agents.change(connection, agent_id, seen=now, state="working")
            return trials.to_message(renew_lease(connection, held, now=now, lease_s=lease_s)), ""
    agents.change(connection, agent_id, ready_until=now + READY_S if offer.is_waiting else None)
    row = _oldest_pending(connection, sweep, needed) if sweep.state == "running" else None
    if row is None:
        return None, ""
    others = _ready_elsewhere(connection, agent, now=now)[: nodes - 1]
    if missing := nodes - 1 - len(others):
        return None, f"a trial takes {nodes} machines; agents on {missing} more are missing"
    members = [agent_id, *others]
    gang = {"endpoint": offer.endpoint, "members": [{"agent": member, "end": None} for member in members]}
    held_by = {"agent_id": agent_id, "lease_expires": now + lease_s, "reason": "", "gang": plain(gang)}
    leased = trials.advance(connection, row, "lease", **held_by, **trials.count_unseen(connection, row))
    for member in members:
        agents.change(connection, member, seen=now, state="working", trial_id=row.id, ready_until=None)
    return trials.to_message(leased), ""


def withdraw_offer(connection: Connection, agent_id: str) -> None:
    """Record that the agent's request no longer waits. The agent joins no gang until it asks again."""
    agents.change(connection, agent_id, ready_until=None)


def is_held_by(row: Row[Any], agent_id: str) -> bool:
    """Return whether the agent holds the trial, or a part of it that has not ended."""
    if row.state not in trials.HELD_STATES:
        return False
    return row.agent_id == agent_id if row.gang is None else agent_id in active_agents(row)


def active_agents(row: Row[Any]) -> list[str]:
    """Return the agents of a gang that still run their part."""
    return [member["agent"] for member in row.gang["members"] if member["end"] is None]


def renew_lease(connection: Connection, row: Row[Any], *, now: float, lease_s: float) -> Row[Any]:
    """Renew the lease of a locked trial. A gang's lease counts from the agent that has been silent longest."""
    heard = now
    if row.gang is not None:
        query = select(func.min(schema.agent.c.seen)).where(schema.agent.c.id.in_(active_agents(row)))
        heard = connection.scalar(query) or now
    return trials.change(connection, row.id, lease_expires=heard + lease_s)


def silent_agents(connection: Connection, row: Row[Any], *, since: float) -> list[str]:
    """Return the agents of a trial that have sent nothing since a time, in seconds since the epoch."""
    if row.gang is None:
        return [row.agent_id]
    table = schema.agent
    late = table.c.id.in_(active_agents(row)) & (table.c.seen < since)
    return [agent for (agent,) in connection.execute(select(table.c.id).where(late).order_by(table.c.id))]


def command_after_bad_end(row: Row[Any]) -> m.Command | None:
    """Return the command for the active parts after another part ended without finishing; None if no part did.

    After a failure they are killed. Otherwise they are stopped: a preempted part writes a checkpoint together with the
    other parts, which need time for it.
    """
    for rank, member in enumerate(row.gang["members"] if row.gang else ()):
        end = member["end"]
        if end is not None and end["state"] != "finished":
            because = f": {end['reason']}" if end["reason"] else ""
            reason = f"node {rank} of the trial has {_HAS_ENDED[end['state']]}{because}"
            return m.Command("kill" if end["state"] == "failed" else "stop", row.id, reason)
    return None


_HAS_ENDED = {"failed": "failed", "stopped": "been stopped", "preempted": "been preempted"}


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """The end of one attempt of a trial, over all its parts.

    Attributes:
        end: state, exit code, reason and times.
        gpus: number of GPUs.
        gpu_s: GPU seconds.
    """

    end: m.TrialEnd
    gpus: int
    gpu_s: float


def record_part_end(
    connection: Connection, row: Row[Any], agent_id: str, part: AttemptEnd
) -> tuple[Row[Any], AttemptEnd | None]:
    """Record how one agent's part ended. Return the trial's row, and the trial's end once every part has ended."""
    if row.gang is None:
        return row, part
    end = {
        "state": part.end.state,
        "exit_code": part.end.exit_code,
        "reason": part.end.reason,
        "stderr_tail": part.end.stderr_tail,
        "start_s": part.end.start_s,
        "ran_s": part.end.ran_s,
        "journals": part.end.journals,
        "gpus": part.gpus,
        "gpu_s": part.gpu_s,
        "place": sum(member["end"] is not None for member in row.gang["members"]),
    }
    members = [member | {"end": end} if member["agent"] == agent_id else member for member in row.gang["members"]]
    row = trials.change(connection, row.id, gang=plain(row.gang | {"members": members}))
    return row, None if active_agents(row) else combine_ends([member["end"] for member in members])


def combine_ends(ends: Sequence[dict[str, Any]]) -> AttemptEnd:
    """Combine the ends of a trial's parts, by node rank. The exit code is that of the first part that ended badly."""
    state = next(state for state in WORST_FIRST if any(end["state"] == state for end in ends))
    worst = sorted(
        ((end["place"], rank, end) for rank, end in enumerate(ends) if end["state"] == state),
        key=lambda found: found[:2],
    )
    has_rank = state != "finished"
    reasons = [
        f"node {rank}: {end['reason']}" if has_rank else end["reason"] for _, rank, end in worst if end["reason"]
    ]
    tails = [f"node {rank}:\n{end['stderr_tail']}" for _, rank, end in reversed(worst) if end["stderr_tail"]]
    starts = [end["start_s"] for end in ends if end["start_s"] is not None]
    runs = [end["ran_s"] for end in ends if end["ran_s"] is not None]
    combined = m.TrialEnd(
        state,
        worst[0][2]["exit_code"],
        "; ".join(dict.fromkeys(reasons)),
        "\n".join(tails),
        start_s=max(starts, default=None),
        ran_s=max(runs, default=None),
        journals={name: size for end in ends for name, size in end.get("journals", {}).items()},
    )
    return AttemptEnd(combined, sum(end["gpus"] for end in ends), sum(end["gpu_s"] for end in ends))


def _oldest_pending(connection: Connection, sweep: Row[Any], needed: int | None) -> Row[Any] | None:
    table = schema.trial
    query = select(table).where(table.c.sweep_id == sweep.id, table.c.state == "pending", is_usable(needed))
    return connection.execute(query.order_by(table.c.number).limit(1).with_for_update()).one_or_none()


def _ready_elsewhere(connection: Connection, agent: Row[Any], *, now: float) -> list[str]:
    """Return waiting agents of other machines, one of each machine, in the order of their registration."""
    table = schema.agent
    query = (
        select(table.c.id, table.c.node)
        .where(table.c.sweep_id == agent.sweep_id, table.c.ready_until >= now, table.c.node != agent.node)
        .order_by(table.c.registered, table.c.id)
    )
    found: dict[str, str] = {}
    for agent_id, node in connection.execute(query):
        found.setdefault(node, agent_id)
    return list(found.values())
