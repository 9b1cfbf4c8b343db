"""The life of a trial: every state, every event, and what becomes of one by the other, as one table."""

from __future__ import annotations

from typing import Literal, get_args

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import TrialState

Event = Literal["lease", "start", "order_stop", "finish", "stop", "fail", "preempt", "requeue", "lose"]
"""lease: given to an agent. start: its program runs. order_stop: asked to end early. finish, stop, fail, preempt: how
its processes ended. requeue: given up by its agent and to be tried again. lose: given up for good."""

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
    ("stopping", "start"): "stopping",
    ("stopping", "order_stop"): "stopping",
    ("stopping", "finish"): "stopped",  # a program that ends well after a stop order has obeyed it
    ("stopping", "stop"): "stopped",
    ("stopping", "fail"): "failed",
    ("stopping", "preempt"): "stopped",
    ("stopping", "requeue"): "stopped",  # nobody wants its result any more
    ("stopping", "lose"): "stopped",
}

EVENTS: tuple[Event, ...] = get_args(Event)


def transition(state: TrialState, event: Event) -> TrialState:
    """Return the state after `event`.

    Raises:
        ServerRefused: status 409; a trial in this state does not take this event.
    """
    following = TRANSITIONS.get((state, event))
    if following is None:
        allowed = ", ".join(other for (before, other) in TRANSITIONS if before == state) or "none: it is over"
        raise ServerRefused(f"a trial that is `{state}` cannot `{event}`, allowed: {allowed}", status=409)
    return following


def end_event(state: TrialState) -> Event:
    """Return the event that an agent reports by a trial's end state.

    Raises:
        ServerRefused: status 422; the state is no end that an agent can report.
    """
    events: dict[str, Event] = {"finished": "finish", "stopped": "stop", "failed": "fail", "preempted": "preempt"}
    if state not in events:
        raise ServerRefused(f"a trial cannot end as `{state}`, allowed: {', '.join(events)}", status=422)
    return events[state]
