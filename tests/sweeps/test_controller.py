"""Decisions about a whole sweep."""

from __future__ import annotations

from typing import get_args

import pytest

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import Goal, SweepState
from lightning_sweeps.sweeps.controller import (
    END_STATES,
    STATE_CHANGES,
    SweepStatus,
    change_state,
    check_reopenable,
    check_resumable,
    end_reason,
    is_better,
    is_done,
    is_target_met,
    may_suggest,
    pause_reason,
)

STATES: tuple[SweepState, ...] = get_args(SweepState)


def progress(
    state: SweepState = "running", *, run_cap: int | None = None, exhausted: bool = False, **counts: int
) -> SweepStatus:
    return SweepStatus(state, run_cap, exhausted, counts)


@pytest.mark.parametrize(
    ("given", "suggest", "done"),
    [
        (progress(), True, False),
        (progress(finished=100), True, False),
        (progress("paused"), False, False),
        (progress("stopped", exhausted=True), False, False),
        (progress("cancelled", exhausted=True), False, False),
        (progress("finished", exhausted=True), False, False),
        (progress(exhausted=True), False, True),
        (progress(exhausted=True, running=1), False, False),
        (progress(exhausted=True, pending=1), False, False),
        (progress("paused", exhausted=True, finished=1), False, True),
        (progress(run_cap=3, finished=2), True, False),
        (progress(run_cap=3, finished=1, failed=1, stopped=1), False, True),
        (progress(run_cap=3, finished=2, leased=1), False, False),
        (progress(run_cap=3, finished=2, lost=5), True, False),
    ],
)
def test_whether_a_sweep_may_suggest_and_whether_it_is_done(given: SweepStatus, suggest: bool, done: bool) -> None:
    assert (may_suggest(given), is_done(given)) == (suggest, done)


def test_the_reason_of_a_finished_sweep() -> None:
    assert end_reason(progress(exhausted=True, finished=3)) == "every point of the space has been tried"
    assert end_reason(progress(run_cap=3, finished=3)) == "`run_cap` of 3 trials is reached"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("wanted", STATES)
def test_every_change_of_state(state: SweepState, wanted: SweepState) -> None:
    if wanted == state or wanted in STATE_CHANGES[state]:
        assert change_state(state, wanted) == wanted
        return
    with pytest.raises(ServerRefused, match=f"`{state}` cannot become `{wanted}`"):
        change_state(state, wanted)


def test_users_cannot_finish_a_sweep_and_can_continue_every_ended_one() -> None:
    assert not [state for state in STATES if "finished" in STATE_CHANGES[state]]
    assert all("running" in STATE_CHANGES[state] for state in STATES if state in END_STATES)


def test_a_finished_sweep_is_resumed_only_if_something_is_left_to_do() -> None:
    check_resumable(progress("finished", run_cap=3, finished=2), sweep_id="s")
    check_resumable(progress("stopped", run_cap=3, finished=3), sweep_id="s")
    with pytest.raises(ServerRefused, match="nothing left to do: `run_cap` of 3 trials is reached") as caught:
        check_resumable(progress("finished", run_cap=3, finished=3), sweep_id="s")
    assert "sweep s --extend 20" in str(caught.value.hint)


@pytest.mark.parametrize("state", STATES)
def test_more_work_continues_no_sweep_that_a_user_ended(state: SweepState) -> None:
    if state in ("stopped", "cancelled"):
        with pytest.raises(ServerRefused, match=f"the sweep is `{state}`") as caught:
            check_reopenable(state, sweep_id="s")
        assert "sweep s --resume" in str(caught.value.hint)
    else:
        check_reopenable(state, sweep_id="s")


def test_the_sweep_pauses_after_max_failures() -> None:
    assert pause_reason(4, 5, "x") is None
    assert pause_reason(5, 5, "x") == "5 trials in a row failed (`max_failures` is 5); the last one: x"
    assert pause_reason(1, 1, "x") == "a trial failed (`max_failures` is 1); the last one: x"


@pytest.mark.parametrize(
    ("value", "goal", "target", "met"),
    [(1, "minimize", None, False), (1, "minimize", 1, True), (1.1, "minimize", 1, False), (1.1, "maximize", 1, True)],
)
def test_the_target(value: float, goal: Goal, target: float | None, met: bool) -> None:
    assert is_target_met(value, target=target, goal=goal) == met


def test_better() -> None:
    assert is_better(1, None, goal="minimize")
    assert is_better(1, 2, goal="minimize")
    assert not is_better(2, 2, goal="maximize")
    assert is_better(3, 2, goal="maximize")
