"""Decides what an agent does next: pure functions from a state and an event to a new state and actions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from lightning_sweeps.errors import EXIT_FAILURE
from lightning_sweeps.messages import AgentOrders, Lease, SweepState, Trial, TrialEnd

EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

STACKS_S = 1.0
"""Seconds between the request for stacks and SIGTERM, so that the process can write them."""

OVER: frozenset[SweepState] = frozenset({"finished", "stopped", "cancelled"})

Cause = Literal["", "stop", "lost", "timeout", "interrupt", "terminate", "cut off"]
"""Why the running trial is being ended: a stop by the server, a lost lease, the sweep's timeout, Ctrl-C, SIGTERM to
the agent, or a network that is down for so long that another agent may get the trial."""


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """Time limits of one trial, in seconds.

    Attributes:
        grace_s: from a stop order to SIGTERM.
        kill_s: from SIGTERM to SIGKILL. If a trial ends because its agent must end, it has the longer of `grace_s` and
            `kill_s` to write a checkpoint.
        timeout_s: how long a trial may run; None for no limit.
    """

    grace_s: float = 30.0
    kill_s: float = 10.0
    timeout_s: float | None = None

    @property
    def checkpoint_s(self) -> float:
        """Seconds from SIGTERM to SIGKILL for a trial that runs again elsewhere."""
        return max(self.grace_s, self.kill_s)


@dataclass(frozen=True, slots=True)
class AgentState:
    """Everything that the decisions depend on. Times are monotonic, in seconds.

    Attributes:
        limits: time limits of each trial.
        sweep_id: the sweep.
        waits: whether to wait while failures have paused the sweep.
        trial: the running trial.
        cause: why the trial is being ended; empty if it is not.
        reason: the cause as text for the user.
        timeout_at: when the trial reaches its time limit.
        terminate_at, kill_at: when SIGTERM and SIGKILL are due.
        interrupts: how often the user has pressed Ctrl-C.
        exit_status: the agent's exit status, set once it starts no more trials.
        is_pause_reported: whether the user was told that the sweep is paused.
        reported_shortage: the last reported reason why there is no trial.
    """

    limits: TrialLimits = TrialLimits()
    sweep_id: str = ""
    waits: bool = False
    trial: Trial | None = None
    cause: Cause = ""
    reason: str = ""
    timeout_at: float | None = None
    terminate_at: float | None = None
    kill_at: float | None = None
    interrupts: int = 0
    exit_status: int | None = None
    is_pause_reported: bool = False
    reported_shortage: str = ""


@dataclass(frozen=True, slots=True)
class Leased:
    """The server answered a request for a trial."""

    lease: Lease


@dataclass(frozen=True, slots=True)
class Ordered:
    """The server answered a heartbeat.

    Attributes:
        orders: the answer.
        asks: whether the trial's program asks if it should stop.
    """

    orders: AgentOrders
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user pressed Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Terminated:
    """The agent received SIGTERM."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """The network has been down for so long that another agent may soon get the trial."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed."""


@dataclass(frozen=True, slots=True)
class TrialEnded:
    """The trial's processes are gone, and their end was reported to the server."""


Event = Leased | Ordered | Interrupted | Terminated | CutOff | Ticked | TrialEnded


@dataclass(frozen=True, slots=True)
class Say:
    """Print one line for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class Start:
    """Start the trial."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class ShowStacks:
    """Make the trial's processes write the stacks of their threads to stderr."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """Send SIGTERM to the trial's first process."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Send SIGKILL to all processes of the trial."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the agent with this exit status."""

    status: int


Action = Say | Start | ShowStacks | Terminate | Kill | Quit
Decision = tuple[AgentState, tuple[Action, ...]]


def decide(state: AgentState, event: Event, *, now: float) -> Decision:
    """Return the next state and the actions to carry out, in order.

    Args:
        state: the current state.
        event: what happened.
        now: monotonic time in seconds.
    """
    match event:
        case Leased(lease):
            return _leased(state, lease, now)
        case Ordered(orders, asks):
            return _ordered(state, orders, asks, now)
        case Interrupted():
            return _interrupted(state, now)
        case Terminated():
            return _terminated(state, now)
        case CutOff():
            return _cut_off(state, now)
        case Ticked():
            return _ticked(state, now)
        case TrialEnded():
            return _ended(state)


def end_of(state: AgentState, *, returncode: int, reason: str, stderr_tail: str) -> TrialEnd | None:
    """Return the report of a trial's end, or None if its lease was lost.

    Args:
        state: the state at the end of the trial.
        returncode: exit code of the first process; negative for a signal, as in subprocess.
        reason: the cause according to the trial's logs. Used if the agent did not end the trial itself.
        stderr_tail: the end of what the trial wrote to stderr.
    """
    exit_code = returncode if returncode >= 0 else None
    match state.cause:
        case "lost":
            return None
        case "stop":
            return TrialEnd("stopped", exit_code, state.reason, "")
        case "timeout":
            return TrialEnd("failed", exit_code, state.reason, stderr_tail)
        case "interrupt" | "terminate" | "cut off":
            return TrialEnd("preempted", exit_code, state.reason, "")
    if returncode == 0:
        return TrialEnd("finished", 0)
    return TrialEnd("failed", exit_code, reason, stderr_tail)


def _leased(state: AgentState, lease: Lease, now: float) -> Decision:
    if lease.trial is not None:
        limit = state.limits.timeout_s
        timeout_at = None if limit is None else now + limit
        leased = dataclasses.replace(
            state, trial=lease.trial, timeout_at=timeout_at, is_pause_reported=False, reported_shortage=""
        )
        return leased, (Start(lease.trial),)
    because = f": {lease.reason}" if lease.reason else ""
    if lease.sweep_state in OVER:
        return state, (Say(f"the sweep is {lease.sweep_state}{because}"), Quit(0))
    if lease.has_failed and not state.waits:
        resume = f"`lightning-sweeps sweep {state.sweep_id} --resume`, then `lightning-sweeps agent {state.sweep_id}`"
        return state, (Say(f"the sweep is paused{because}; to continue: {resume}"), Quit(EXIT_FAILURE))
    is_paused = lease.sweep_state == "paused"
    if is_paused and not state.is_pause_reported:
        waiting = Say(f"the sweep is paused{because}; waiting until it is resumed or stopped")
        return dataclasses.replace(state, is_pause_reported=True), (waiting,)
    shortage = "" if is_paused else lease.reason
    missing = (Say(f"no trial: {shortage}"),) if shortage and shortage != state.reported_shortage else ()
    return dataclasses.replace(state, is_pause_reported=is_paused, reported_shortage=shortage), missing


def _ordered(state: AgentState, orders: AgentOrders, asks: bool, now: float) -> Decision:
    if state.trial is None or state.cause == "lost":
        return state, ()
    name = _name(state.trial)
    if orders.lease_lost:
        ending = dataclasses.replace(state, cause="lost", terminate_at=None, kill_at=None)
        return ending, (Say(f"{name}: killing it: the server gave it to another agent or ended it"), Kill())
    for command in orders.commands:
        if command.target != state.trial.id:
            continue
        reason = command.reason or "the server requested it"
        if command.kind == "kill" and (state.cause != "stop" or state.kill_at or state.terminate_at):
            killing = dataclasses.replace(state, cause="stop", reason=reason, terminate_at=None, kill_at=None)
            return killing, (Say(f"{name}: killed: {reason}"), Kill())
        if command.kind == "stop" and not state.cause:
            return _stop(state, reason, asks, now)
    if orders.sweep_state == "cancelled" and not state.cause:
        return _stop(state, "the sweep was cancelled", asks, now)
    return state, ()


def _stop(state: AgentState, reason: str, asks: bool, now: float) -> Decision:
    """Let a program that asks stop by itself, all ranks together, within the grace period. End any other at once."""
    assert state.trial is not None  # noqa: S101 - callers have checked
    said = Say(f"{_name(state.trial)}: stopping: {reason}")
    if asks:
        return dataclasses.replace(state, cause="stop", reason=reason, terminate_at=now + state.limits.grace_s), (said,)
    ending = dataclasses.replace(state, cause="stop", reason=reason, kill_at=now + state.limits.kill_s)
    return ending, (said, Terminate())


def _interrupted(state: AgentState, now: float) -> Decision:
    state = dataclasses.replace(state, interrupts=state.interrupts + 1, exit_status=EXIT_INTERRUPTED)
    if state.trial is None:
        return state, (Say("interrupted"), Quit(EXIT_INTERRUPTED))
    name = _name(state.trial)
    if state.interrupts == 1:
        return state, (Say(f"{name} will be finished, then the agent ends; Ctrl-C again ends the trial now"),)
    cause, reason = (state.cause, state.reason) if state.cause else ("interrupt", "ended by Ctrl-C")
    state = dataclasses.replace(state, cause=cause, reason=reason, terminate_at=None)
    if state.interrupts == 2:
        ending = dataclasses.replace(state, kill_at=now + state.limits.kill_s)
        return ending, (Say(f"{name}: ending it; Ctrl-C again kills it"), Terminate())
    return dataclasses.replace(state, kill_at=None), (Say(f"{name}: killing it"), Kill())


def _terminated(state: AgentState, now: float) -> Decision:
    if state.trial is None:
        return dataclasses.replace(state, exit_status=EXIT_TERMINATED), (Say("SIGTERM"), Quit(EXIT_TERMINATED))
    if state.cause in ("interrupt", "terminate"):
        return dataclasses.replace(state, exit_status=EXIT_TERMINATED), ()
    cause, reason = (state.cause, state.reason) if state.cause else ("terminate", "the agent received SIGTERM")
    ending = dataclasses.replace(
        state,
        cause=cause,
        reason=reason,
        terminate_at=None,
        kill_at=now + state.limits.checkpoint_s,
        exit_status=EXIT_TERMINATED,
    )
    return ending, (Say(f"SIGTERM: ending {_name(state.trial)}"), Terminate())


def _cut_off(state: AgentState, now: float) -> Decision:
    if state.trial is None or state.cause:
        return state, ()
    reason = "the server has not answered for so long that another agent may run it"
    kill_at = now + state.limits.checkpoint_s
    ending = dataclasses.replace(state, cause="cut off", reason=reason, terminate_at=None, kill_at=kill_at)
    return ending, (Say(f"{_name(state.trial)}: ending it: {reason}"), Terminate())


def _ticked(state: AgentState, now: float) -> Decision:
    if state.trial is None:
        return state, ()
    if state.timeout_at is not None and now >= state.timeout_at and not state.cause:
        reason = f"it ran longer than the sweep's `timeout` of {state.limits.timeout_s:g} s"
        ending = dataclasses.replace(state, cause="timeout", reason=reason, terminate_at=now + STACKS_S)
        return ending, (Say(f"{_name(state.trial)}: ending it: {reason}"), ShowStacks())
    if state.terminate_at is not None and now >= state.terminate_at:
        ending = dataclasses.replace(state, terminate_at=None, kill_at=now + state.limits.kill_s)
        text = f"{_name(state.trial)} did not stop within {state.limits.grace_s:g} s: SIGTERM"
        return ending, ((Say(text),) if state.cause == "stop" else ()) + (Terminate(),)
    if state.kill_at is not None and now >= state.kill_at:
        text = f"{_name(state.trial)} did not end after SIGTERM: SIGKILL"
        return dataclasses.replace(state, kill_at=None), (Say(text), Kill())
    return state, ()


def _ended(state: AgentState) -> Decision:
    idle = dataclasses.replace(state, trial=None, cause="", reason="", timeout_at=None, terminate_at=None, kill_at=None)
    return idle, () if idle.exit_status is None else (Quit(idle.exit_status),)


def _name(trial: Trial) -> str:
    return f"trial {trial.number} ({trial.id})"
