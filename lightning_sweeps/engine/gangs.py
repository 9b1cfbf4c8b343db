"""Trials over several machines: the agents that run one together are a gang, which exists whole or not at all.

An agent joins only while its request for a trial waits; all places of a gang are filled in one transaction, under the
sweep's lock. So no agent holds a trial while it waits for others, and nobody can wait for it in turn. A gang ends when
each of its agents has told how its part ended, or as soon as one of them is lost.

Every function works inside the caller's transaction. Locks are taken in the order sweep, trial, agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, sweeps, trials
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain

READY_S = 3.0
"""For how long after its last look an agent that waits can be given a place: it looks every second."""

WORST_FIRST: tuple[m.TrialState, ...] = ("preempted", "failed", "stopped", "finished")
"""How a trial has ended by how its parts did. What fails when another part is preempted has not failed by itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an agent offers when it asks for a trial of several machines.

    Attributes:
        endpoint: `host:port` where the others would meet if this agent completes a gang; the port is kept free.
        is_waiting: whether its request goes on waiting when there is no gang yet.
    """

    endpoint: str | None
    is_waiting: bool


def take_place(
    connection: Connection, agent_id: str, place: Place, *, nodes: int, now: float, lease_s: float
) -> tuple[m.Trial | None, str]:
    """Give the agent its place in a gang that is there, or complete one with agents of other machines that wait.

    Returns:
        The trial, or None and what is missing (nothing where no trial waits).

    Raises:
        ServerRefused: status 409; the agent cannot be a part of a gang.
    """
    if place.endpoint is None:
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
        if holds(held, agent_id):
            agents.change(connection, agent_id, seen=now, state="working")
            return trials.to_message(renew(connection, held, now=now, lease_s=lease_s)), ""
    agents.change(connection, agent_id, ready_until=now + READY_S if place.is_waiting else None)
    row = _oldest_waiting(connection, sweep) if sweep.state == "running" else None
    if row is None:
        return None, ""
    others = _ready_elsewhere(connection, agent, now=now)[: nodes - 1]
    if missing := nodes - 1 - len(others):
        return None, f"a trial takes {nodes} machines; agents that wait on {missing} more are missing"
    members = [agent_id, *others]
    gang = {"endpoint": place.endpoint, "members": [{"agent": member, "end": None} for member in members]}
    leased = trials.advance(
        connection, row, "lease", agent_id=agent_id, lease_expires=now + lease_s, reason="", gang=plain(gang)
    )
    for member in members:
        agents.change(connection, member, seen=now, state="working", trial_id=row.id, ready_until=None)
    return trials.to_message(leased), ""


def withdraw(connection: Connection, agent_id: str) -> None:
    """Note that the agent's request waits no longer: it is given no place until it asks again."""
    agents.change(connection, agent_id, ready_until=None)


def holds(row: Row[Any], agent_id: str) -> bool:
    """Tell whether the agent has the trial, or a part of it that has not ended."""
    if row.state not in trials.HELD_STATES:
        return False
    return row.agent_id == agent_id if row.gang is None else agent_id in living(row)


def living(row: Row[Any]) -> list[str]:
    """Return the agents whose parts of the trial have not ended."""
    return [member["agent"] for member in row.gang["members"] if member["end"] is None]


def renew(connection: Connection, row: Row[Any], *, now: float, lease_s: float) -> Row[Any]:
    """Renew the lease of a locked trial: a gang's lasts as long as that of the agent who was silent longest."""
    heard = now
    if row.gang is not None:
        query = select(func.min(schema.agent.c.seen)).where(schema.agent.c.id.in_(living(row)))
        heard = connection.scalar(query) or now
    return trials.change(connection, row.id, lease_expires=heard + lease_s)


def silent(connection: Connection, row: Row[Any], *, since: float) -> list[str]:
    """Return the agents of a trial that were not heard of since then."""
    if row.gang is None:
        return [row.agent_id]
    table = schema.agent
    late = table.c.id.in_(living(row)) & (table.c.seen < since)
    return [agent for (agent,) in connection.execute(select(table.c.id).where(late).order_by(table.c.id))]


def order(row: Row[Any]) -> m.Command | None:
    """Return what the living parts are told after another has ended badly; None while none has.

    A part that is preempted writes a checkpoint together with the others: they are given the time for it.
    """
    for rank, member in enumerate(row.gang["members"] if row.gang else ()):
        end = member["end"]
        if end is not None and end["state"] != "finished":
            because = f": {end['reason']}" if end["reason"] else ""
            reason = f"node {rank} of the trial has {_ENDED[end['state']]}{because}"
            return m.Command("kill" if end["state"] == "failed" else "stop", row.id, reason)
    return None


_ENDED = {"failed": "failed", "stopped": "been stopped", "preempted": "been preempted"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a trial ended, over all its parts: `gpus` of all of them, and the GPU seconds of this attempt."""

    end: m.TrialEnd
    gpus: int
    gpu_s: float


def note_end(connection: Connection, row: Row[Any], agent_id: str, part: Ended) -> tuple[Row[Any], Ended | None]:
    """Note how one agent's part ended; return the trial's row, and its end once every part has ended."""
    if row.gang is None:
        return row, part
    said = {
        "state": part.end.state,
        "exit_code": part.end.exit_code,
        "reason": part.end.reason,
        "stderr_tail": part.end.stderr_tail,
        "start_s": part.end.start_s,
        "ran_s": part.end.ran_s,
        "gpus": part.gpus,
        "gpu_s": part.gpu_s,
        "place": sum(member["end"] is not None for member in row.gang["members"]),
    }
    members = [member | {"end": said} if member["agent"] == agent_id else member for member in row.gang["members"]]
    row = trials.change(connection, row.id, gang=plain(row.gang | {"members": members}))
    return row, None if living(row) else whole([member["end"] for member in members])


def whole(ends: Sequence[dict[str, Any]]) -> Ended:
    """Return how a trial ended whose parts, by node rank, ended so; the one that ended badly first comes first."""
    state = next(state for state in WORST_FIRST if any(end["state"] == state for end in ends))
    worst = sorted(
        ((end["place"], rank, end) for rank, end in enumerate(ends) if end["state"] == state),
        key=lambda found: found[:2],
    )
    named = state != "finished"
    reasons = [f"node {rank}: {end['reason']}" if named else end["reason"] for _, rank, end in worst if end["reason"]]
    tails = [f"node {rank}:\n{end['stderr_tail']}" for _, rank, end in reversed(worst) if end["stderr_tail"]]
    starts = [end["start_s"] for end in ends if end["start_s"] is not None]
    runs = [end["ran_s"] for end in ends if end["ran_s"] is not None]
    told = m.TrialEnd(
        state,
        worst[0][2]["exit_code"],
        "; ".join(dict.fromkeys(reasons)),
        "\n".join(tails),
        start_s=max(starts, default=None),
        ran_s=max(runs, default=None),
    )
    return Ended(told, sum(end["gpus"] for end in ends), sum(end["gpu_s"] for end in ends))


def _oldest_waiting(connection: Connection, sweep: Row[Any]) -> Row[Any] | None:
    table = schema.trial
    query = select(table).where(table.c.sweep_id == sweep.id, table.c.state == "pending")
    return connection.execute(query.order_by(table.c.number).limit(1).with_for_update()).one_or_none()


def _ready_elsewhere(connection: Connection, agent: Row[Any], *, now: float) -> list[str]:
    """Return agents of other machines whose requests wait, one of each machine, the longest there first."""
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
