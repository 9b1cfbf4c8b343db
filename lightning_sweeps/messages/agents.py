"""Agents: what they are, what they are given, and what they tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lightning_sweeps.messages.journals import Command
from lightning_sweeps.messages.sweeps import Sweep, SweepState, Trial, TrialState


@dataclass(frozen=True, slots=True)
class AgentRegister:
    host: str
    node: str
    pid: int
    slot: int
    gpus: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Agent:
    id: str
    sweep: str
    host: str
    node: str
    pid: int
    slot: int
    gpus: list[str]
    state: Literal["idle", "working", "gone", "lost"]
    trial: str | None
    trials_done: int
    registered: float
    seen: float
    spent_s: dict[str, float] = field(default_factory=dict)
    """Seconds by what they went to, as the agent told last: `trials`, and why it was idle."""


@dataclass(frozen=True, slots=True)
class AgentRegistered:
    agent: Agent
    sweep: Sweep
    lease_s: float
    """An agent not heard of for this long loses its trial; heartbeat at a quarter of it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """`trial` is None where none is to be had now: see `sweep_state`; ask again while it is running or paused."""

    trial: Trial | None
    sweep_state: SweepState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentHeartbeat:
    """`spent_s`: what the agent's seconds went to until now; None to leave what it told before."""

    trial: str | None = None
    spent_s: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class AgentOrders:
    """The answer to a heartbeat: what the server wants. `lease_lost`: the trial it named is no longer its own."""

    sweep_state: SweepState
    commands: list[Command] = field(default_factory=list)
    lease_lost: bool = False


@dataclass(frozen=True, slots=True)
class TrialEnd:
    """How a trial's processes ended: state `finished`, `failed`, `stopped` or `preempted`.

    `start_s`: seconds from the lease to the start of the program; `ran_s`: from there to its end.
    """

    state: TrialState
    exit_code: int | None = None
    reason: str = ""
    stderr_tail: str = ""
    start_s: float | None = None
    ran_s: float | None = None
