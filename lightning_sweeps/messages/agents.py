"""Messages between agents and the server: registration, leases, heartbeats and the ends of trials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lightning_sweeps.messages.journals import Command
from lightning_sweeps.messages.sweeps import Sweep, SweepState, Trial, TrialState


@dataclass(frozen=True, slots=True)
class AgentRegister:
    """A request to register an agent.

    Attributes:
        host: name of the agent's machine.
        node: id of the agent's machine.
        pid: the agent's process.
        slot: number of the agent's slot on its machine.
        gpus: names of the slot's GPUs.
    """

    host: str
    node: str
    pid: int
    slot: int
    gpus: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Agent:
    """A registered agent.

    Attributes:
        state: `gone` after it has left, `lost` after its lease has expired.
        trial: id of its running trial.
        trials_done: number of trials that it has finished.
        registered, seen: seconds since the epoch, of its registration and its last message.
        spent_s: seconds by activity, as the agent last reported: `trials`, and what it waited for.
    """

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


@dataclass(frozen=True, slots=True)
class AgentRegistered:
    """The answer to a registration.

    Attributes:
        agent: the new agent.
        sweep: its sweep.
        lease_s: an agent that sends no heartbeat for this many seconds is lost. Send one every `lease_s` / 4 seconds.
        takeover_s: after this many seconds more, another agent gets the trial of a lost agent. An agent whose network
            is down must end its trial before.
    """

    agent: Agent
    sweep: Sweep
    lease_s: float
    takeover_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The answer to a request for a trial.

    Attributes:
        trial: the leased trial. If it is None, ask again while `sweep_state` is `running` or `paused`.
        sweep_state: state of the sweep.
        reason: why there is no trial, or why the sweep is in its state.
        has_failed: whether the sweep is paused because too many trials in a row have failed.
        awaited: number of running trials, if there is no other trial before one of them ends; else 0.
    """

    trial: Trial | None
    sweep_state: SweepState
    reason: str = ""
    has_failed: bool = False
    awaited: int = 0


@dataclass(frozen=True, slots=True)
class AgentHeartbeat:
    """A heartbeat.

    Attributes:
        trial: id of the trial whose lease it extends; None between trials.
        spent_s: the agent's seconds by activity until now; None to leave the last report unchanged.
    """

    trial: str | None = None
    spent_s: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class AgentOrders:
    """The answer to a heartbeat.

    Attributes:
        sweep_state: state of the sweep.
        commands: what the agent must do with its trial.
        lease_lost: whether the trial in the heartbeat no longer belongs to the agent.
    """

    sweep_state: SweepState
    commands: list[Command] = field(default_factory=list)
    lease_lost: bool = False


@dataclass(frozen=True, slots=True)
class TrialEnd:
    """How a trial's processes ended.

    Attributes:
        state: `finished`, `failed`, `stopped` or `preempted`.
        exit_code: exit code of the first process; None if a signal ended it.
        reason: why it ended, in one line.
        stderr_tail: the last lines of stderr of the rank that failed first.
        start_s: seconds from the lease to the start of the program.
        ran_s: seconds from the start of the program to its end.
        journals: length in bytes of each journal that the processes wrote on the agent's machine, by id. The trial is
            `ending` until the server has them.
    """

    state: TrialState
    exit_code: int | None = None
    reason: str = ""
    stderr_tail: str = ""
    start_s: float | None = None
    ran_s: float | None = None
    journals: dict[str, int] = field(default_factory=dict)
