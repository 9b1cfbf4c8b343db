"""A trial whose attempt is lost or preempted: who may run it, when, and how often."""

from __future__ import annotations

import time

import pytest

from lightning_sweeps.errors import ServerRefused
from tests.engine.driver import Server, TrialRun
from tests.servers import wait_until


def test_the_trial_of_a_silent_agent_runs_again_and_is_then_lost(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"value": 1}})
    first, second, third = (server.agent(sweep_id) for _ in range(3))
    trial = first.take()
    TrialRun(first.client, trial).log({"loss": 1})
    again = second.take(wait_s=30)
    assert (again.id, again.attempt, again.reports, again.objective) == (trial.id, 2, 0, None)
    orders = first.beat(trial)
    assert orders.lease_lost
    assert orders.commands[0].kind == "kill"
    assert first.end(trial).agent == second.id  # too late: nothing changes
    with pytest.raises(ServerRefused, match="no longer has trial") as caught:
        first.client.start_trial(first.id, trial.id)
    assert caught.value.status == 409
    assert third.lease(wait_s=30).sweep_state == "finished"
    lost = server.client.trial(trial.id)
    assert (lost.state, lost.reason) == ("lost", "its agent sent no heartbeat for 2 s (loss 2, `retry` is 1, no more)")
    assert {agent.state for agent in server.client.agents(sweep_id)} >= {"lost"}


def test_a_silent_agent_keeps_a_trial_that_may_still_run_for_a_while(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"value": 1}})
    first, second = server.agent(sweep_id), server.agent(sweep_id)
    trial = first.take()
    wait_until(lambda: server.client.agents(sweep_id)[0].state == "lost")
    kept = server.client.trial(trial.id)
    assert (kept.state, kept.attempt, kept.agent) == ("running", 1, first.id)
    assert kept.reason == (
        "its agent has sent no heartbeat for 2 s; the trial runs again once it is known to be gone, "
        "at the latest in 2 s"
    )
    assert second.lease().trial is None
    assert not first.beat(trial).lease_lost
    back = server.client.trial(trial.id)
    assert (back.state, back.attempt, back.reason) == ("running", 1, "")
    assert first.end(trial).state == "finished"


def test_a_trial_that_logs_stays_with_its_silent_agent(server: Server) -> None:
    agent = server.agent(server.create(parameters={"x": {"value": 1}}))
    trial = agent.take()
    run = TrialRun(agent.client, trial)
    until = time.monotonic() + 3 * agent.lease_s
    wait_until(lambda: run.log({"loss": 1}).offset == 0 or time.monotonic() > until)
    kept = server.client.trial(trial.id)
    assert (kept.state, kept.attempt) == ("running", 1)
    assert kept.reason == "its agent has sent no heartbeat for 2 s, but the trial still logs"
    assert agent.end(trial).state == "finished"


def test_a_silent_agents_trial_that_was_ordered_to_stop_is_stopped_when_the_lease_expires(server: Server) -> None:
    agent = server.agent(server.create(parameters={"x": {"value": 1}}))
    trial = agent.take()
    server.client.stop_trial(trial.id)
    wait_until(lambda: server.client.trial(trial.id).state == "stopped", what="the end of the trial")
    assert server.client.trial(trial.id).reason == "stopped by hand; its agent sent no heartbeat for 2 s"


def test_a_trial_whose_process_is_dead_runs_again_when_the_lease_expires(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"value": 1}})
    agent, other = server.agent(sweep_id), server.agent(sweep_id)
    TrialRun(agent.client, agent.take()).end("killed")
    again = other.take(wait_s=30)
    assert again.attempt == 2
    assert again.reason == ""
    lost = next(found for found in server.client.agents(sweep_id) if found.id == agent.id)
    assert lost.state == "lost"


def test_heartbeats_keep_a_trial(server: Server) -> None:
    agent = server.agent(server.create())
    trial = agent.take()
    until = time.monotonic() + 2 * agent.lease_s
    wait_until(lambda: agent.beat(trial).lease_lost or time.monotonic() > until)
    assert server.client.trial(trial.id).state == "running"


def test_the_trial_of_an_agent_that_leaves_is_pending_again(server: Server) -> None:
    sweep_id = server.create()
    agent, other = server.agent(sweep_id), server.agent(sweep_id)
    trial = agent.take()
    assert agent.client.leave(agent.id).state == "gone"
    again = other.take()
    assert (again.id, again.attempt) == (trial.id, 2)


def test_a_trial_may_be_preempted_as_often_as_it_likes(server: Server) -> None:
    agent = server.agent(server.create())
    for attempt in range(1, 7):
        trial = agent.take()
        assert (trial.number, trial.attempt) == (1, attempt)
        ended = agent.end(trial, "preempted", reason="SIGTERM")
        assert (ended.state, ended.reason) == (
            "pending",
            f"runs again: SIGTERM (preemption {attempt}, without a limit)",
        )


def test_max_preemptions_limits_it_and_each_message_says_how_many_are_left(server: Server) -> None:
    agent = server.agent(server.create(max_preemptions=2, retry=0))
    ended = [agent.end(agent.take(), "preempted", reason="SIGTERM") for _ in range(3)]
    assert [trial.state for trial in ended] == ["pending", "pending", "preempted"]
    assert [trial.reason for trial in ended] == [
        "runs again: SIGTERM (preemption 1, `max_preemptions` is 2, 1 left)",
        "runs again: SIGTERM (preemption 2, `max_preemptions` is 2, 0 left)",
        "SIGTERM (preemption 3, `max_preemptions` is 2, no more)",
    ]


def test_preemptions_and_losses_are_counted_apart(server: Server) -> None:
    sweep_id = server.create(retry=1)
    for _ in range(2):
        agent = server.agent(sweep_id)
        agent.end(agent.take(), "preempted", reason="SIGTERM")
        trial = agent.take()
        agent.client.leave(agent.id)
    lost = server.client.trial(trial.id)
    assert lost.state == "lost"
    assert lost.reason == "its agent left (loss 2, `retry` is 1, no more)"


def test_losses_after_which_a_later_checkpoint_was_resumed_do_not_count(server: Server) -> None:
    sweep_id = server.create(retry=1)
    states = []
    for attempt, step in enumerate((None, 10, 20, 20)):
        agent = server.agent(sweep_id)
        trial = agent.take()
        TrialRun(agent.client, trial, attempt=attempt, resumed_step=step)
        agent.client.leave(agent.id)
        states.append(server.client.trial(trial.id).state)
    assert states == ["pending", "pending", "pending", "lost"]
