"""Trials that finish without a value of the metric: what the server says, and when the sweep pauses."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.engine.driver import Server, TrialRun
from tests.servers import wait_until


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ({"test_loss": 1.0}, "did you mean `test_loss`?"),
        ({"loss": "0.5"}, "it was the text '0.5'"),
        ({"loss": float("nan")}, "the only value was NaN or infinite"),
    ],
)
def test_the_trial_says_why_it_has_no_value(server: Server, row: dict[str, Any], part: str) -> None:
    agent = server.agent(server.create())
    trial = agent.take()
    TrialRun(agent.client, trial).log(row)
    ended = agent.end(trial)
    assert (ended.state, ended.objective) == ("finished", None)
    assert ended.reason.startswith("no value of `loss` was logged")
    assert part in ended.reason


def test_a_number_in_the_summary_is_the_value(server: Server) -> None:
    sweep_id = server.create(metric={"name": "val/loss", "goal": "minimize", "target": 0.1})
    agent = server.agent(sweep_id)
    trial = agent.take()
    run = TrialRun(agent.client, trial)
    run.log({"epoch": 1})
    run.summarize({"val": {"loss": 0.05}})
    ended = agent.end(trial)
    assert (ended.state, ended.objective, ended.reports, ended.reason) == ("finished", 0.05, 1, "")
    assert server.client.sweep(sweep_id).reason.startswith("trial 1 met the target")


def test_a_row_counts_more_than_the_summary(server: Server) -> None:
    agent = server.agent(server.create())
    trial = agent.take()
    run = TrialRun(agent.client, trial)
    run.log({"loss": 1.0})
    run.summarize({"loss": 7.0})
    assert agent.end(trial).objective == 1.0


def test_trials_without_a_value_pause_the_sweep_as_failures_do(server: Server) -> None:
    sweep_id = server.create(max_failures=2)
    agent = server.agent(sweep_id)
    for _ in range(2):
        trial = agent.take()
        TrialRun(agent.client, trial).log({"lss": 1.0})
        agent.end(trial)
    sweep = server.client.sweep(sweep_id)
    assert sweep.state == "paused"
    assert sweep.reason.startswith("2 trials in a row had no value of the metric (`max_failures` is 2); the last one: ")
    assert sweep.reason.endswith("did you mean `lss`?")
    assert agent.lease().has_failed


def test_a_value_resets_the_count(server: Server) -> None:
    sweep_id = server.create(max_failures=2)
    agent = server.agent(sweep_id)
    for rows in ({"lss": 1.0}, {"loss": 1.0}, {"lss": 1.0}):
        trial = agent.take()
        TrialRun(agent.client, trial).log(rows)
        agent.end(trial)
    assert server.client.sweep(sweep_id).state == "running"


def test_trials_whose_rows_may_still_be_on_their_machine_do_not_pause_the_sweep(server: Server) -> None:
    sweep_id = server.create(max_failures=2)
    agent = server.agent(sweep_id)
    for _ in range(3):
        ended = agent.end(agent.take())
        assert ended.reason == "no value of `loss` was logged; the server has no rows of this trial"
    assert server.client.sweep(sweep_id).state == "running"


def test_a_waiting_agent_hears_that_failures_have_paused_the_sweep(server: Server) -> None:
    """Its request ends then. A request that begins while the sweep is paused waits, so that nobody asks in a loop."""
    sweep_id = server.create(max_failures=1, run_cap=2)
    first, second, third = (server.agent(sweep_id, slot=slot) for slot in range(3))
    trial, _ = first.take(), second.take()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(third.lease, wait_s=120)
        wait_until(lambda: is_waiting(server, sweep_id), what="the third agent's request")
        first.end(trial, "failed")
        lease = waiting.result(timeout=60)
    assert (lease.trial, lease.sweep_state, lease.has_failed) == (None, "paused", True)
    began = time.monotonic()
    assert third.lease(wait_s=1).has_failed
    assert time.monotonic() - began >= 1


def is_waiting(server: Server, sweep_id: str) -> bool:
    """Return whether the agent of slot 2 has asked for a trial."""
    return any(agent.slot == 2 and agent.state == "idle" for agent in server.client.agents(sweep_id))
