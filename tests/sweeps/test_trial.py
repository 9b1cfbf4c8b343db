"""Every state of a trial with every event."""

from __future__ import annotations

from typing import get_args

import pytest

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import FINAL_TRIAL_STATES, OPEN_TRIAL_STATES, TrialState
from lightning_sweeps.sweeps.trial import EVENTS, TRANSITIONS, Event, end_event, transition

STATES: tuple[TrialState, ...] = get_args(TrialState)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVENTS)
def test_every_pair_is_in_the_table_or_refused(state: TrialState, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert transition(state, event) == TRANSITIONS[state, event]
        return
    with pytest.raises(ServerRefused, match=f"`{state}` cannot `{event}`, allowed: ") as caught:
        transition(state, event)
    assert caught.value.status == 409


@pytest.mark.parametrize("state", sorted(FINAL_TRIAL_STATES))
def test_only_a_retry_leaves_an_end_state(state: TrialState) -> None:
    assert {event: after for (before, event), after in TRANSITIONS.items() if before == state} == {"retry": "pending"}


def test_every_open_state_can_end_and_every_state_is_reached() -> None:
    reached = {"pending"}
    for _ in STATES:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(STATES)
    for state in OPEN_TRIAL_STATES - {"pending"}:
        assert {after for (before, _), after in TRANSITIONS.items() if before == state} & FINAL_TRIAL_STATES


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        ("stopping", "finish", "stopped"),
        ("stopping", "fail", "failed"),
        ("stopping", "preempt", "stopped"),
        ("stopping", "lose", "stopped"),
        ("pending", "order_stop", "stopped"),
        ("running", "requeue", "pending"),
    ],
)
def test_transitions_that_are_not_obvious(state: TrialState, event: Event, after: TrialState) -> None:
    assert transition(state, event) == after


def test_the_ends_that_an_agent_can_report() -> None:
    states: list[TrialState] = ["finished", "stopped", "failed", "preempted"]
    assert [end_event(state) for state in states] == ["finish", "stop", "fail", "preempt"]
    with pytest.raises(ServerRefused, match="cannot end as `lost`") as caught:
        end_event("lost")
    assert caught.value.status == 422
