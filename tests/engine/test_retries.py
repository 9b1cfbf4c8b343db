"""Trials that run again after their end, and sweeps that continue with them."""

from __future__ import annotations

import pytest

from lightning_sweeps.errors import ServerRefused
from tests.engine.driver import Server, TrialRun

SPACE = {"x": {"values": [1, 2, 3]}}


def test_failed_points_of_a_finished_grid_run_again(server: Server) -> None:
    sweep_id = server.create(parameters=SPACE, retry=0)
    agent = server.agent(sweep_id)
    first = agent.take()
    agent.end(first, "failed", reason="exit code 2", stderr_tail="usage: x\ntrain.py: error: no such file")
    agent.end(agent.take(), "failed", reason="CUDA out of memory", ran_s=5.0)
    third = agent.take()
    TrialRun(server.client, third).log({"loss": 1.0})
    agent.end(third)
    assert agent.lease().sweep_state == "finished"
    assert server.client.trial(first.id).error == "train.py: error: no such file (exit code 2)"
    assert server.client.retry_failed(sweep_id, error="no such text") == []
    assert server.client.sweep(sweep_id).state == "finished"

    (again,) = server.client.retry_failed(sweep_id, error="OUT OF memory")
    assert (again.number, again.state, again.attempt, again.params) == (2, "pending", 2, {"x": 2})
    assert server.client.sweep(sweep_id).state == "running"
    taken = agent.take()
    assert (taken.id, taken.attempt) == (again.id, 2)
    TrialRun(server.client, taken, attempt=2).log({"loss": 0.5})
    agent.end(taken, ran_s=7.0)
    found = server.client.sweep(sweep_id)
    assert found.best is not None
    assert (found.state, found.counts, found.best.number) == ("finished", {"failed": 1, "finished": 2}, 2)
    (old,) = server.client.attempts(again.id)
    assert (old.number, old.state, old.reason, old.gpu_s) == (1, "failed", "CUDA out of memory", 5.0)
    now = server.client.trial(again.id)
    assert (now.error, now.stderr_tail, now.gpu_s, now.objective) == ("", "", 12.0, 0.5)
    changes = server.client.sweep_changes(sweep_id)
    assert [(change.action, change.detail) for change in changes[1:]] == [
        ("retry", {"trials": [2], "error": "OUT OF memory"})
    ]


def test_one_trial_runs_again_and_may_be_preempted_again(server: Server) -> None:
    sweep_id = server.create(parameters=SPACE, max_preemptions=1, run_cap=1)
    agent = server.agent(sweep_id)
    trial = agent.take()
    with pytest.raises(ServerRefused, match="a trial that is `running` cannot `retry`") as caught:
        server.client.retry_trial(trial.id)
    assert caught.value.status == 409
    TrialRun(server.client, trial, attempt=1).log({"loss": 0.1})
    agent.end(trial)
    again = server.client.retry_trial(trial.id)
    assert (again.state, again.objective, again.reports, again.end_number) == ("pending", None, 0, None)
    assert server.client.sweep(sweep_id).best is None
    assert agent.end(agent.take(), "preempted").state == "pending"
    third = agent.take()
    assert third.attempt == 3
    assert agent.end(third, "preempted").state == "preempted"
    attempts = server.client.attempts(trial.id)
    assert [(one.number, one.state, one.objective) for one in attempts] == [
        (1, "finished", 0.1),
        (2, "preempted", None),
    ]
    assert [one.number for one in server.client.retry_failed(sweep_id)] == [1]


def test_a_trial_without_a_value_counts_as_failed(server: Server) -> None:
    sweep_id = server.create(parameters=SPACE)
    agent = server.agent(sweep_id)
    trial = agent.take()
    TrialRun(server.client, trial).log({"other": 1.0})
    agent.end(trial)
    assert [one.id for one in server.client.retry_failed(sweep_id)] == [trial.id]


def test_a_pause_by_failures_ends_with_a_retry_and_a_pause_by_a_user_stays(server: Server) -> None:
    sweep_id = server.create(parameters=SPACE, max_failures=1)
    agent = server.agent(sweep_id)
    trial = agent.take()
    agent.end(trial, "failed")
    assert server.client.sweep(sweep_id).state == "paused"
    server.client.retry_trial(trial.id)
    assert server.client.sweep(sweep_id).state == "running"
    taken = agent.take()
    server.client.set_sweep_state(sweep_id, "paused")
    agent.end(taken, "finished")
    server.client.retry_trial(trial.id)
    assert server.client.sweep(sweep_id).state == "paused"


def test_a_sweep_that_a_user_ended_must_be_resumed_first(server: Server) -> None:
    sweep_id = server.create(parameters=SPACE)
    agent = server.agent(sweep_id)
    trial = agent.take()
    agent.end(trial, "failed")
    server.client.set_sweep_state(sweep_id, "cancelled")
    for retry in (lambda: server.client.retry_trial(trial.id), lambda: server.client.retry_failed(sweep_id)):
        with pytest.raises(ServerRefused, match="the sweep is `cancelled`") as caught:
            retry()
        assert f"sweep {sweep_id} --resume" in str(caught.value.hint)
    server.client.set_sweep_state(sweep_id, "running")
    assert len(server.client.retry_failed(sweep_id)) == 1
    assert [agent.take().params["x"] for _ in range(2)] == [1, 2]
