"""A sweep with a fitted method, from the first lease to the last, on a real server."""

from __future__ import annotations

import pytest

from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.methods.initial_points import initial_count
from lightning_sweeps.sweeps.space import Space
from tests.engine.driver import Server, TrialRun
from tests.servers import wait_until

TRIALS = 15
QUADRATIC = {
    "method": "bayes",
    "run_cap": TRIALS,
    "seed": 3,
    "parameters": {"x": {"min": -5.0, "max": 5.0}, "y": {"min": -5.0, "max": 5.0}},
}


def test_bayes_beats_its_own_start_and_has_the_next_trial_ready(new_server: Server) -> None:
    sweep_id = new_server.create(**QUADRATIC)
    agent = new_server.agent(sweep_id)
    while (lease := agent.lease(wait_s=60)).trial is not None:
        trial = agent.client.start_trial(agent.id, lease.trial.id)
        loss = (trial.params["x"] - 1) ** 2 + (trial.params["y"] + 2) ** 2
        TrialRun(agent.client, trial).log({"loss": loss})
        agent.end(trial)
    assert lease.sweep_state == "finished"
    trials = new_server.client.trials(sweep_id)
    assert len(trials) == TRIALS
    values = [trial.objective for trial in trials if trial.objective is not None]
    count = initial_count(Space.of(validate({**QUADRATIC, "metric": {"name": "loss"}}).config.parameters))
    assert min(values[count:]) < min(values[:count]) / 4
    assert len({(trial.params["x"], trial.params["y"]) for trial in trials}) == TRIALS


def test_an_agent_that_does_not_wait_finds_its_trial_at_the_next_request(new_server: Server) -> None:
    sweep_id = new_server.create(**QUADRATIC)
    agent, other = new_server.agent(sweep_id), new_server.agent(sweep_id, slot=1)
    for _ in range(8):
        trial = agent.take(wait_s=60)
        TrialRun(agent.client, trial).log({"loss": trial.params["x"] ** 2})
        agent.end(trial)
    running = agent.take(wait_s=60)
    assert not new_server.client.sweep(sweep_id).counts.get("pending")  # no agent asks: nothing is prepared
    assert other.lease(wait_s=0).trial is None
    wait_until(lambda: bool(new_server.client.sweep(sweep_id).counts.get("pending")), what="the fit")
    ready = other.lease(wait_s=0).trial
    assert ready is not None
    assert ready.params != running.params
    assert (ready.chosen_by, ready.known_ends, ready.unseen_ends) == ("model", 8, 0)


@pytest.mark.alone  # a fit that takes longer than 0.25 s would be used although it lacks a result
def test_a_pending_point_that_lacks_a_new_result_is_chosen_again(new_server: Server) -> None:
    sweep_id = new_server.create(**QUADRATIC)
    agent, other = new_server.agent(sweep_id), new_server.agent(sweep_id, slot=1)
    for _ in range(8):
        trial = agent.take(wait_s=60)
        TrialRun(agent.client, trial).log({"loss": trial.params["x"] ** 2})
        agent.end(trial)
    running = agent.take(wait_s=60)
    assert other.lease(wait_s=0).trial is None
    wait_until(lambda: bool(new_server.client.sweep(sweep_id).counts.get("pending")), what="the fit")
    TrialRun(agent.client, running).log({"loss": -100.0})
    agent.end(running)
    (outdated,) = [trial for trial in new_server.client.trials(sweep_id) if trial.state == "pending"]
    leased = other.lease(wait_s=60).trial
    assert leased is not None
    assert (leased.id, leased.known_ends, leased.unseen_ends) == (outdated.id, 9, 0)
    assert leased.params != outdated.params
    assert new_server.client.sweep(sweep_id).origins == {"method": 4, "model": 6}
