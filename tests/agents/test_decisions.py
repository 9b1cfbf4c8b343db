"""The agent's decisions: a test feeds events with times and compares the actions."""

from __future__ import annotations

from typing import Any

import pytest

from lightning_sweeps.agents.decisions import (
    AgentState,
    Event,
    Interrupted,
    Kill,
    Leased,
    Ordered,
    Quit,
    Say,
    ShowStacks,
    Start,
    Terminate,
    Terminated,
    Ticked,
    TrialEnded,
    TrialLimits,
    decide,
    end_of,
)
from lightning_sweeps.messages import AgentOrders, Command, Lease, Trial, TrialEnd

TRIAL = Trial(
    id="t1",
    sweep="s1",
    number=3,
    state="leased",
    params={},
    attempt=0,
    agent="a1",
    objective=None,
    last_objective=None,
    reports=0,
    reason="",
    exit_code=None,
    stderr_tail="",
    created=0.0,
    started=None,
    ended=None,
)
GRANT = Leased(Lease(TRIAL, "running"))
STOP = Ordered(AgentOrders("running", [Command("stop", "t1", "bad loss")]))
KILL = Ordered(AgentOrders("running", [Command("kill", "t1", "now")]))
LOST = Ordered(AgentOrders("running", [], lease_lost=True))


class AgentSimulation:
    """Feeds events to an agent's state, stores its messages, and returns its other actions."""

    def __init__(self) -> None:
        self.state = AgentState(limits=TrialLimits(grace_s=30, kill_s=10))
        self.said: list[str] = []

    def tell(self, event: Event, at: float = 0.0) -> list[Any]:
        self.state, actions = decide(self.state, event, now=at)
        self.said += [action.text for action in actions if isinstance(action, Say)]
        return [action for action in actions if not isinstance(action, Say)]


def running() -> AgentSimulation:
    simulation = AgentSimulation()
    assert simulation.tell(GRANT) == [Start(TRIAL)]
    return simulation


@pytest.mark.parametrize("state", ["finished", "stopped", "cancelled"])
def test_the_end_of_the_sweep_ends_the_agent_with_status_0(state: Any) -> None:
    simulation = AgentSimulation()
    assert simulation.tell(Leased(Lease(None, state, "all points tried"))) == [Quit(0)]
    assert simulation.said == [f"the sweep is {state}: all points tried"]


def test_an_agent_waits_while_the_sweep_is_paused_and_reports_it_once() -> None:
    simulation = AgentSimulation()
    for _ in range(3):
        assert simulation.tell(Leased(Lease(None, "paused", "5 failures in a row"))) == []
    assert simulation.said == ["the sweep is paused: 5 failures in a row; waiting until it is resumed or stopped"]
    assert simulation.tell(Leased(Lease(None, "running"))) == []
    assert len(simulation.said) == 1
    simulation.tell(Leased(Lease(None, "paused")))
    assert len(simulation.said) == 2


PAUSED_BY_FAILURES = Leased(Lease(None, "paused", "5 trials in a row failed", has_failed=True))


def test_a_pause_by_failures_ends_the_agent_with_the_commands_to_continue() -> None:
    simulation = AgentSimulation()
    simulation.state = AgentState(sweep_id="s1")
    assert simulation.tell(PAUSED_BY_FAILURES) == [Quit(1)]
    (said,) = simulation.said
    assert said.startswith("the sweep is paused: 5 trials in a row failed; to continue: ")
    assert said.endswith("`lightning-sweeps sweep s1 --resume`, then `lightning-sweeps agent s1`")


def test_an_agent_that_was_asked_to_waits_while_failures_pause_the_sweep() -> None:
    simulation = AgentSimulation()
    simulation.state = AgentState(waits=True)
    assert simulation.tell(PAUSED_BY_FAILURES) == []
    assert "waiting until it is resumed" in simulation.said[0]


def test_a_program_that_does_not_ask_is_terminated_at_once() -> None:
    simulation = running()
    assert simulation.tell(Ordered(STOP.orders, asks=False), 100.0) == [Terminate()]
    assert simulation.tell(Ordered(STOP.orders, asks=False), 105.0) == []
    assert simulation.tell(Ticked(), 109.9) == []
    assert simulation.tell(Ticked(), 110.0) == [Kill()]
    assert end_of(simulation.state, returncode=-9, reason="x", stderr_tail="y") == TrialEnd("stopped", None, "bad loss")


def test_a_stop_gives_the_ranks_time_then_terminates_then_kills() -> None:
    simulation = running()
    assert simulation.tell(STOP, 100.0) == []
    assert simulation.tell(STOP, 105.0) == []
    assert simulation.tell(Ticked(), 129.9) == []
    assert simulation.tell(Ticked(), 130.0) == [Terminate()]
    assert simulation.tell(Ticked(), 139.9) == []
    assert simulation.tell(Ticked(), 140.0) == [Kill()]
    assert simulation.tell(Ticked(), 999.0) == []
    assert end_of(simulation.state, returncode=-9, reason="x", stderr_tail="y") == TrialEnd("stopped", None, "bad loss")
    assert simulation.tell(TrialEnded()) == []
    assert simulation.state.trial is None


def test_a_kill_order_kills_at_once_and_only_once() -> None:
    simulation = running()
    simulation.tell(STOP)
    assert simulation.tell(KILL) == [Kill()]
    assert simulation.tell(KILL) == []
    assert simulation.tell(Ticked(), 1e6) == []


def test_orders_for_another_trial_are_ignored() -> None:
    simulation = running()
    assert simulation.tell(Ordered(AgentOrders("running", [Command("stop", "t0")]))) == []
    assert simulation.state.cause == ""


def test_a_cancelled_sweep_stops_its_trial_and_a_stopped_one_does_not() -> None:
    simulation = running()
    simulation.tell(Ordered(AgentOrders("stopped")))
    assert simulation.state.cause == ""
    simulation.tell(Ordered(AgentOrders("cancelled")))
    assert (simulation.state.cause, simulation.state.reason) == ("stop", "the sweep was cancelled")


def test_a_lost_lease_ends_the_trial_and_reports_nothing() -> None:
    simulation = running()
    assert simulation.tell(LOST) == [Kill()]
    assert simulation.tell(LOST) == []
    assert end_of(simulation.state, returncode=-9, reason="", stderr_tail="") is None
    assert simulation.tell(TrialEnded()) == []
    assert simulation.tell(GRANT) == [Start(TRIAL)]


def test_ctrl_c_in_three_steps() -> None:
    simulation = running()
    assert simulation.tell(Interrupted()) == []
    assert simulation.tell(Interrupted(), 5.0) == [Terminate()]
    assert simulation.tell(Interrupted()) == [Kill()]
    assert simulation.tell(Ticked(), 1e6) == []
    assert end_of(simulation.state, returncode=-9, reason="", stderr_tail="") == TrialEnd(
        "preempted", None, "ended by Ctrl-C", ""
    )
    assert simulation.tell(TrialEnded()) == [Quit(130)]


def test_ctrl_c_once_finishes_the_trial_and_then_ends_the_agent() -> None:
    simulation = running()
    simulation.tell(Interrupted())
    assert end_of(simulation.state, returncode=0, reason="", stderr_tail="") == TrialEnd("finished", 0)
    assert simulation.tell(TrialEnded()) == [Quit(130)]


def test_an_idle_agent_ends_at_once() -> None:
    assert AgentSimulation().tell(Interrupted()) == [Quit(130)]
    assert AgentSimulation().tell(Terminated()) == [Quit(143)]


def test_sigterm_ends_the_trial_as_preempted() -> None:
    simulation = running()
    assert simulation.tell(Terminated(), 5.0) == [Terminate()]
    assert simulation.tell(Terminated(), 6.0) == []
    assert simulation.tell(Ticked(), 34.9) == []
    assert simulation.tell(Ticked(), 35.0) == [Kill()]
    end = end_of(simulation.state, returncode=-15, reason="", stderr_tail="")
    assert end is not None
    assert end.state == "preempted"
    assert simulation.tell(TrialEnded()) == [Quit(143)]


def test_a_trial_that_ends_by_itself_is_reported_by_its_exit_code() -> None:
    state = running().state
    assert end_of(state, returncode=0, reason="", stderr_tail="noise") == TrialEnd("finished", 0)
    assert end_of(state, returncode=3, reason="r", stderr_tail="t") == TrialEnd("failed", 3, "r", "t")
    assert end_of(state, returncode=-11, reason="r", stderr_tail="t") == TrialEnd("failed", None, "r", "t")


def test_a_trial_beyond_its_timeout_fails() -> None:
    state, _ = decide(AgentState(limits=TrialLimits(timeout_s=60)), Leased(Lease(TRIAL, "running")), now=100.0)
    assert decide(state, Ticked(), now=159.9) == (state, ())
    state, actions = decide(state, Ticked(), now=160.0)
    assert [action for action in actions if not isinstance(action, Say)] == [ShowStacks()]
    assert decide(state, Ticked(), now=160.9) == (state, ())
    state, actions = decide(state, Ticked(), now=161.0)
    assert actions == (Terminate(),)
    end = end_of(state, returncode=-15, reason="killed by signal 15", stderr_tail="its stacks")
    assert end == TrialEnd("failed", None, "it ran longer than the sweep's `timeout` of 60 s", "its stacks")
    _, actions = decide(state, Ticked(), now=171.0)
    assert Kill() in actions
    assert decide(state, TrialEnded(), now=171.0)[0].timeout_at is None
