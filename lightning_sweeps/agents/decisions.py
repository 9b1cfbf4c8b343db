"""What an agent does next: events in, actions out, no clock and no process of its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from lightning_sweeps.messages import AgentOrders, Lease, SweepState, Trial, TrialEnd

EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

STACKS_S = 1.0
"""From the request for stacks to SIGTERM, which would break off the writing of them."""

OVER: frozenset[SweepState] = frozenset({"finished", "stopped", "cancelled"})

Cause = Literal["", "stop", "lost", "timeout", "interrupt", "terminate"]
"""Why the running trial is being ended: by the server, by the loss of its lease, because it takes too long, by Ctrl-C,
by SIGTERM to the agent."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: from a stop order to SIGTERM, from SIGTERM to SIGKILL, and how long a trial may run.

    A trial that is ended because its agent must leave has the longer of the first two for a checkpoint.
    """

    grace_s: float = 30.0
    kill_s: float = 10.0
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All that the decisions depend on.

    Attributes:
        trial: the trial that runs.
        cause: why it is being ended, `reason` in words.
        timeout_at: when it has taken too long.
        terminate_at, kill_at: when SIGTERM and SIGKILL are due.
        exit_status: set once the agent takes no more trials: its status when it leaves.
        paused: that the sweep is paused has been said.
        lack: what is missing for a trial, as it was said last.
    """

    limits: Limits = Limits()
    trial: Trial | None = None
    cause: Cause = ""
    reason: str = ""
    timeout_at: float | None = None
    terminate_at: float | None = None
    kill_at: float | None = None
    interrupts: int = 0
    exit_status: int | None = None
    paused: bool = False
    lack: str = ""


@dataclass(frozen=True, slots=True)
class Leased:
    lease: Lease


@dataclass(frozen=True, slots=True)
class Ordered:
    orders: AgentOrders


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Terminated:
    """SIGTERM to the agent."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The trial's processes are gone and its end was reported."""


Event = Leased | Ordered | Interrupted | Terminated | Ticked | Ended


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Start:
    trial: Trial


@dataclass(frozen=True, slots=True)
class ShowStacks:
    """Have the trial's processes write where they are into their stderr."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """SIGTERM to the trial's first process."""


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL to all of the trial's processes."""


@dataclass(frozen=True, slots=True)
class Quit:
    status: int


Action = Say | Start | ShowStacks | Terminate | Kill | Quit
Decision = tuple[State, tuple[Action, ...]]


def decide(state: State, event: Event, *, now: float) -> Decision:
    """Return the next state and what to do, in order. `now` is a monotonic time in seconds."""
    match event:
        case Leased(lease):
            return _leased(state, lease, now)
        case Ordered(orders):
            return _ordered(state, orders, now)
        case Interrupted():
            return _interrupted(state, now)
        case Terminated():
            return _terminated(state, now)
        case Ticked():
            return _ticked(state, now)
        case Ended():
            return _ended(state)


def end_of(state: State, *, returncode: int, reason: str, stderr_tail: str) -> TrialEnd | None:
    """Return what to report of the trial that has ended, None where the lease was lost and nobody asks.

    Args:
        returncode: of the first process, as subprocess gives it: negative for a signal.
        reason, stderr_tail: why, as its logs tell; used where nobody ended the trial.
    """
    exit_code = returncode if returncode >= 0 else None
    match state.cause:
        case "lost":
            return None
        case "stop":
            return TrialEnd("stopped", exit_code, state.reason, "")
        case "timeout":
            return TrialEnd("failed", exit_code, state.reason, stderr_tail)
        case "interrupt" | "terminate":
            return TrialEnd("preempted", exit_code, state.reason, "")
    if returncode == 0:
        return TrialEnd("finished", 0)
    return TrialEnd("failed", exit_code, reason, stderr_tail)


def _leased(state: State, lease: Lease, now: float) -> Decision:
    if lease.trial is not None:
        limit = state.limits.timeout_s
        timeout_at = None if limit is None else now + limit
        return dataclasses.replace(state, trial=lease.trial, timeout_at=timeout_at, paused=False, lack=""), (
            Start(lease.trial),
        )
    because = f": {lease.reason}" if lease.reason else ""
    if lease.sweep_state in OVER:
        return state, (Say(f"the sweep is {lease.sweep_state}{because}"), Quit(0))
    if lease.sweep_state == "paused" and not state.paused:
        waiting = Say(f"the sweep is paused{because}; waiting until it is resumed or stopped")
        return dataclasses.replace(state, paused=True), (waiting,)
    is_paused = lease.sweep_state == "paused"
    lack = "" if is_paused else lease.reason
    missing = (Say(f"no trial: {lack}"),) if lack and lack != state.lack else ()
    return dataclasses.replace(state, paused=is_paused, lack=lack), missing


def _ordered(state: State, orders: AgentOrders, now: float) -> Decision:
    if state.trial is None or state.cause == "lost":
        return state, ()
    name = _name(state.trial)
    if orders.lease_lost:
        ending = dataclasses.replace(state, cause="lost", terminate_at=None, kill_at=None)
        return ending, (Say(f"{name}: the server gave it to another agent or ended it; ending it here"), Kill())
    for command in orders.commands:
        if command.target != state.trial.id:
            continue
        reason = command.reason or "the server asked for it"
        if command.kind == "kill" and (state.cause != "stop" or state.kill_at or state.terminate_at):
            killing = dataclasses.replace(state, cause="stop", reason=reason, terminate_at=None, kill_at=None)
            return killing, (Say(f"{name}: killed: {reason}"), Kill())
        if command.kind == "stop" and not state.cause:
            return _stop(state, reason, now)
    if orders.sweep_state == "cancelled" and not state.cause:
        return _stop(state, "the sweep was cancelled", now)
    return state, ()


def _stop(state: State, reason: str, now: float) -> Decision:
    """The ranks hear of a stop through service and callback and end together; signals are for those that do not."""
    assert state.trial is not None  # noqa: S101 - callers have checked
    ending = dataclasses.replace(state, cause="stop", reason=reason, terminate_at=now + state.limits.grace_s)
    return ending, (Say(f"{_name(state.trial)}: stopping: {reason}"),)


def _interrupted(state: State, now: float) -> Decision:
    state = dataclasses.replace(state, interrupts=state.interrupts + 1, exit_status=EXIT_INTERRUPTED)
    if state.trial is None:
        return state, (Say("interrupted"), Quit(EXIT_INTERRUPTED))
    name = _name(state.trial)
    if state.interrupts == 1:
        return state, (Say(f"{name} will be finished and no other taken; Ctrl-C again ends it"),)
    cause, reason = (state.cause, state.reason) if state.cause else ("interrupt", "ended by Ctrl-C")
    state = dataclasses.replace(state, cause=cause, reason=reason, terminate_at=None)
    if state.interrupts == 2:
        ending = dataclasses.replace(state, kill_at=now + state.limits.kill_s)
        return ending, (Say(f"{name}: ending it; Ctrl-C again kills it"), Terminate())
    return dataclasses.replace(state, kill_at=None), (Say(f"{name}: killing it"), Kill())


def _terminated(state: State, now: float) -> Decision:
    if state.trial is None:
        return dataclasses.replace(state, exit_status=EXIT_TERMINATED), (Say("SIGTERM"), Quit(EXIT_TERMINATED))
    if state.cause in ("interrupt", "terminate"):
        return dataclasses.replace(state, exit_status=EXIT_TERMINATED), ()
    cause, reason = (state.cause, state.reason) if state.cause else ("terminate", "the agent was told to end (SIGTERM)")
    ending = dataclasses.replace(
        state,
        cause=cause,
        reason=reason,
        terminate_at=None,
        kill_at=now + max(state.limits.kill_s, state.limits.grace_s),
        exit_status=EXIT_TERMINATED,
    )
    return ending, (Say(f"SIGTERM: ending {_name(state.trial)}"), Terminate())


def _ticked(state: State, now: float) -> Decision:
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


def _ended(state: State) -> Decision:
    idle = dataclasses.replace(state, trial=None, cause="", reason="", timeout_at=None, terminate_at=None, kill_at=None)
    return idle, () if idle.exit_status is None else (Quit(idle.exit_status),)


def _name(trial: Trial) -> str:
    return f"trial {trial.number} ({trial.id})"
