"""The states of a trial and the events that change them, as one table."""

from __future__ import annotations

from typing import Literal, get_args

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import TrialState

Event = Literal[
    "lease", "start", "order_stop", "await", "finish", "stop", "fail", "preempt", "requeue", "lose", "retry"
]
"""lease: an agent gets the trial. start: its program starts. order_stop: it is ordered to end early. await: its
processes have ended, and its last rows are on their way. finish, stop, fail, preempt: how its processes end. requeue:
its agent loses it, and it runs again. lose: its agent loses it for good. retry: a user runs it again after its end.
"""

TRANSITIONS: dict[tuple[TrialState, Event], TrialState] = {
    ("pending", "lease"): "leased",
    ("pending", "order_stop"): "stopped",
    ("leased", "start"): "running",
    ("leased", "order_stop"): "stopping",
    ("leased", "finish"): "finished",
    ("leased", "stop"): "stopped",
    ("leased", "fail"): "failed",
    ("leased", "preempt"): "preempted",
    ("leased", "requeue"): "pending",
    ("leased", "lose"): "lost",
    ("running", "start"): "running",
    ("running", "order_stop"): "stopping",
    ("running", "finish"): "finished",
    ("running", "stop"): "stopped",
    ("running", "fail"): "failed",
    ("running", "preempt"): "preempted",
    ("running", "requeue"): "pending",
    ("running", "lose"): "lost",
    ("leased", "await"): "ending",
    ("running", "await"): "ending",
    ("stopping", "await"): "ending",
    ("ending", "order_stop"): "ending",  # how it ends is decided when its rows are there
    ("ending", "finish"): "finished",
    ("ending", "stop"): "stopped",
    ("ending", "fail"): "failed",
    ("ending", "preempt"): "preempted",
    ("ending", "requeue"): "pending",
    ("stopping", "start"): "stopping",
    ("stopping", "order_stop"): "stopping",
    ("stopping", "finish"): "stopped",  # the program obeyed the stop order
    ("stopping", "stop"): "stopped",
    ("stopping", "fail"): "failed",
    ("stopping", "preempt"): "stopped",
    ("stopping", "requeue"): "stopped",  # its result is no longer wanted
    ("stopping", "lose"): "stopped",
    ("finished", "retry"): "pending",
    ("stopped", "retry"): "pending",
    ("failed", "retry"): "pending",
    ("lost", "retry"): "pending",
    ("preempted", "retry"): "pending",
}

EVENTS: tuple[Event, ...] = get_args(Event)


def transition(state: TrialState, event: Event) -> TrialState:
    """Return the state after `event`.

    Raises:
        ServerRefused: status 409; the event is not allowed in this state.
    """
    following = TRANSITIONS.get((state, event))
    if following is None:
        allowed = ", ".join(other for (before, other) in TRANSITIONS if before == state) or "none: it is over"
        raise ServerRefused(f"a trial that is `{state}` cannot `{event}`, allowed: {allowed}", status=409)
    return following


def end_event(state: TrialState) -> Event:
    """Return the event of an end state that an agent reports.

    Raises:
        ServerRefused: status 422; an agent cannot report this state as an end.
    """
    events: dict[str, Event] = {"finished": "finish", "stopped": "stop", "failed": "fail", "preempted": "preempt"}
    if state not in events:
        raise ServerRefused(f"a trial cannot end as `{state}`, allowed: {', '.join(events)}", status=422)
    return events[state]
