"""Sweeps that end because a budget is used up or little is left to gain, and that continue afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.engine import agents, leases, suggest, sweeps, trial_ends
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import SweepUpdate
from lightning_sweeps.store.database import Store
from tests.engine.driver import Agent, Server, TrialRun

NOW = 1.7e9
LINE = {"x": {"min": 0.0, "max": 1.0}}
SWEEP: dict[str, Any] = {"program": "train.py", "method": "random", "metric": {"name": "loss"}, "parameters": LINE}


def run(server: Server, agent: Agent, loss: float) -> m.Trial:
    trial = agent.take(wait_s=60)
    TrialRun(server.client, trial).log({"loss": loss})
    return agent.end(trial)


def test_gpu_hours_and_hours_of_running_trials_count(store: Store) -> None:
    with store.write() as connection:
        budget = {"gpu_hours": 6, "hours": 10, "cost_per_gpu_hour": 2.5}
        sweep_id = sweeps.create_sweep(connection, m.SweepCreate(SWEEP | {"budget": budget}), now=NOW).id
        ids = [
            agents.register_agent(
                connection, sweep_id, m.AgentRegister("host", "node", 1, slot, ["0", "1"]), now=NOW
            ).id
            for slot in range(2)
        ]

    def take(agent_id: str, now: float) -> m.Trial | None:
        with store.write() as connection:
            if sweeps.finish_if_done(connection, sweep_id, now=now):
                return None
            suggest.suggest_at_once(connection, sweep_id, needed=0, now=now)
            trial = leases.take_lease(connection, agent_id, needed=0, now=now, lease_s=1e6)
            return trial and leases.start_trial(connection, agent_id, trial.id, now=now)

    def state() -> m.Sweep:
        with store.read() as connection:
            return sweeps.get_sweep(connection, sweep_id)

    first, second = take(ids[0], NOW), take(ids[1], NOW + 1800)
    assert first is not None
    assert second is not None
    with store.write() as connection:
        end = m.TrialEnd("finished", 0, ran_s=3600.0)
        trial_ends.end_trial(connection, ids[0], first.id, end, now=NOW + 3600, wait_s=1)
    assert state().state == "running", "2 GPU hours are used, and 1 by the running trial"
    third = take(ids[0], NOW + 3600)
    assert third is not None
    with store.write() as connection:
        trial_ends.end_trial(connection, ids[0], third.id, end, now=NOW + 7200, wait_s=1)
    assert take(ids[0], NOW + 7300) is None, "4 GPU hours are used, and 3 by the running trial"
    assert state().state == "running", "the running trial continues to its end"
    with store.write() as connection:
        end = m.TrialEnd("finished", 0, ran_s=5400.0)
        trial_ends.end_trial(connection, ids[1], second.id, end, now=NOW + 7200, wait_s=1)
    found = state()
    assert (found.state, found.reason) == ("finished", "the budget of 6 GPU hours is used: 7")
    assert found.usage == m.SweepUsage(3, 7.0, 2.0, 17.5)


def test_a_sweep_continues_with_a_larger_budget(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=LINE, budget={"trials": 1})
    agent = server.agent(sweep_id)
    run(server, agent, 1.0)
    found = server.client.sweep(sweep_id)
    assert (found.state, found.reason) == ("finished", "the budget of 1 trials is used")
    with pytest.raises(ServerRefused, match="nothing left to do: the budget of 1 trials is used"):
        server.client.set_sweep_state(sweep_id, "running")
    again = server.client.retry_trial(server.client.trials(sweep_id)[0].id)
    assert server.client.sweep(sweep_id).state == "running"
    assert run(server, agent, 0.5).id == again.id
    assert server.client.sweep(sweep_id).state == "finished", "only the trial that was asked for ran again"
    larger = found.config | {"budget": {"trials": 2}}
    assert server.client.update_sweep(sweep_id, SweepUpdate(larger)).state == "running"
    run(server, agent, 1.0)
    assert server.client.sweep(sweep_id).state == "finished"


def test_a_sweep_without_progress_ends_and_continues(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=LINE, stop_when={"no_improvement": "2 trials"})
    agent = server.agent(sweep_id)
    for loss in (1.0, 2.0):
        run(server, agent, loss)
    agent.end(agent.take(), "failed")
    assert server.client.sweep(sweep_id).state == "running", "a failed trial is no evidence"
    run(server, agent, 3.0)
    found = server.client.sweep(sweep_id)
    reason = "no better value in the last 2 trials: the best is 1, of trial 1"
    assert (found.state, found.reason) == ("finished", reason)
    assert server.client.set_sweep_state(sweep_id, "running").state == "running"
    for loss in (4.0, 5.0):
        assert server.client.sweep(sweep_id).state == "running"
        run(server, agent, loss)
    assert server.client.sweep(sweep_id).state == "finished"


def test_bayes_ends_when_little_is_left_to_gain(new_server: Server) -> None:
    sweep_id = new_server.create(
        method="bayes", parameters=LINE, seed=1, run_cap=40, stop_when={"expected_improvement": "0.1 %"}
    )
    agent = new_server.agent(sweep_id)
    while (trial := agent.lease(wait_s=60).trial) is not None:
        trial = agent.client.start_trial(agent.id, trial.id)
        TrialRun(new_server.client, trial).log({"loss": 1.0 + (trial.params["x"] - 0.3) ** 2})
        agent.end(trial)
    found = new_server.client.sweep(sweep_id)
    assert found.state == "finished"
    assert "the next trial is expected to improve the metric by" in found.reason
    assert "less than 0.1 % of the best value 1" in found.reason
    assert 10 <= sum(found.counts.values()) < 20
    assert found.best is not None
    assert found.best.objective == pytest.approx(1.0, abs=0.01)
    stricter = found.config | {"stop_when": {"expected_improvement": 1e-12}}
    assert new_server.client.update_sweep(sweep_id, SweepUpdate(stricter)).state == "running"
    assert agent.lease(wait_s=60).trial is not None
