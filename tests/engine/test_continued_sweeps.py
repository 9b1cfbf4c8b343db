"""Sweeps that continue after their end: more trials, a larger space, another search."""

from __future__ import annotations

from typing import Any

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import SweepUpdate
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.replay import last_search_change, replay
from tests.engine.driver import GRID, Agent, Server, TrialRun

LINE = {"x": {"min": 0.0, "max": 1.0}}


def update(server: Server, sweep_id: str, **changes: Any) -> m.Sweep:
    config = server.client.sweep(sweep_id).config | changes
    return server.client.update_sweep(sweep_id, SweepUpdate(config))


def run(server: Server, agent: Agent, *, loss: float = 1.0) -> m.Trial:
    trial = agent.take(wait_s=60)
    TrialRun(server.client, trial, attempt=trial.attempt).log({"loss": loss})
    return agent.end(trial)


def test_a_finished_sweep_is_extended(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=LINE, run_cap=1)
    agent = server.agent(sweep_id)
    run(server, agent)
    assert server.client.sweep(sweep_id).state == "finished"
    with pytest.raises(ServerRefused, match="nothing left to do: `run_cap` of 1 trials is reached"):
        server.client.set_sweep_state(sweep_id, "running")
    extended = server.client.extend_sweep(sweep_id, 2)
    assert (extended.state, extended.run_cap, extended.config["run_cap"], extended.ended) == ("running", 3, 3, None)
    assert [run(server, agent).number for _ in range(2)] == [2, 3]
    assert server.client.sweep(sweep_id).state == "finished"
    assert update(server, sweep_id, run_cap=4).state == "running"
    assert server.client.extend_sweep(sweep_id, 1).run_cap == 5
    with pytest.raises(ServerRefused, match="allowed: 1 or more"):
        server.client.extend_sweep(sweep_id, 0)
    assert [change.action for change in server.client.sweep_changes(sweep_id)] == [
        "create", "extend", "update", "extend",
    ]  # fmt: skip


def test_what_cannot_be_extended_says_why(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"values": [1]}})
    agent = server.agent(sweep_id)
    with pytest.raises(ServerRefused, match="no `run_cap`"):
        server.client.extend_sweep(sweep_id, 5)
    agent.end(agent.take())
    assert agent.lease().sweep_state == "finished"
    with pytest.raises(ServerRefused, match="finished because every point of the space has been tried"):
        server.client.extend_sweep(sweep_id, 5)
    capped = server.create(parameters={"x": {"values": [1]}}, run_cap=3)
    second = server.agent(capped)
    second.end(second.take())
    assert second.lease().sweep_state == "finished"
    with pytest.raises(ServerRefused, match="nothing left to do: every point of the space has been tried"):
        server.client.extend_sweep(capped, 5)
    assert server.client.sweep(capped).run_cap == 3, "a refused change changes nothing"


def test_a_finished_grid_tries_new_values(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"values": [2, 4]}})
    agent = server.agent(sweep_id)
    assert [run(server, agent).params["x"] for _ in range(2)] == [2, 4]
    assert agent.lease().sweep_state == "finished"
    assert update(server, sweep_id, parameters={"x": {"values": [1, 2, 3, 4]}}).state == "running"
    assert [run(server, agent).params["x"] for _ in range(2)] == [1, 3]
    assert agent.lease().sweep_state == "finished"
    assert update(server, sweep_id, parameters={"x": {"values": [1, 2]}}).state == "running"
    assert agent.lease().sweep_state == "finished"
    assert update(server, sweep_id, parameters={"x": {"values": [1, 2]}, "seed": {"values": [0, 1]}}).state == "running"
    assert [run(server, agent).params for _ in range(4)] == [{"seed": seed, "x": x} for seed in (0, 1) for x in (1, 2)]


def test_a_point_that_was_pending_at_the_end_is_tried_after_it(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"values": [1, 2, 3]}})
    agents = [server.agent(sweep_id, slot=slot) for slot in range(2)]
    first, second = agents[0].take(), agents[1].take()
    assert (first.params, second.params) == ({"x": 1}, {"x": 2})
    agents[0].end(first)
    server.client.set_sweep_state(sweep_id, "stopped")
    agents[1].end(second)
    server.client.set_sweep_state(sweep_id, "running")
    assert agents[0].take().params == {"x": 3}


def test_bayes_uses_the_trials_that_lie_in_the_changed_space(new_server: Server) -> None:
    server, client = new_server, new_server.client
    sweep_id = server.create(method="random", parameters=LINE | {"size": {"values": [1, 2]}}, run_cap=20)
    agent = server.agent(sweep_id)
    client.set_sweep_state(sweep_id, "paused")
    points = [(x / 10 + 0.01, size) for x in range(10) for size in (1, 2) if x % 2 == size - 1]
    for x, size in points:
        client.enqueue_trial(sweep_id, {"x": x, "size": size})
    client.set_sweep_state(sweep_id, "running")
    for x, size in points:
        run(server, agent, loss=(x - 0.3) ** 2 if size == 1 else -x)
    wide = {"x": {"min": 0.0, "max": 4.0}, "size": {"value": 1}, "kind": {"value": "a"}}
    assert update(server, sweep_id, method="bayes", parameters=wide, seed=7).method == "bayes"
    chosen = agent.take(wait_s=60)
    assert (chosen.params["kind"], chosen.params["size"], chosen.chosen_by) == ("a", 1, "model")
    assert 0.1 < chosen.params["x"] < 0.6, "it knows the five trials with `size: 1`, and no others"
    again = list(
        replay(
            define_sweep(client.sweep(sweep_id).config),
            client.search_inputs(sweep_id),
            client.trials(sweep_id),
            since=last_search_change(client.sweep_changes(sweep_id)),
        )
    )
    assert again[0].trial.number == chosen.number and all(one.is_same for one in again), (
        "one more may be prepared ahead"
    )


def test_a_suggestion_of_the_old_space_is_dropped(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=LINE, retry=1)
    agent = server.agent(sweep_id)
    trial = agent.take()
    agent.client.leave(agent.id)
    mine = server.client.enqueue_trial(sweep_id, {"x": 0.5})
    update(server, sweep_id, parameters={"x": {"min": 2.0, "max": 3.0}})
    pending = [(one.number, one.attempt) for one in server.client.trials(sweep_id) if one.state == "pending"]
    assert pending == [(trial.number, 2), (mine.number, 1)], "a retry and a point of a user stay"
    again = server.agent(sweep_id, slot=1)
    assert [again.end(again.take()).number for _ in range(2)] == [1, 2]
    assert 2.0 <= again.take().params["x"] <= 3.0


def test_a_sweep_that_met_its_target_continues_with_another_target(server: Server) -> None:
    sweep_id = server.create(metric={"name": "loss", "target": 0.5})
    agent = server.agent(sweep_id)
    run(server, agent, loss=0.4)
    assert server.client.sweep(sweep_id).state == "finished"
    with pytest.raises(ServerRefused, match="nothing left to do: trial 1 met the target"):
        server.client.set_sweep_state(sweep_id, "running")
    assert update(server, sweep_id, metric={"name": "loss", "target": 0.1}).state == "running"
    run(server, agent, loss=0.2)
    assert server.client.sweep(sweep_id).state == "running"
    run(server, agent, loss=0.05)
    assert server.client.sweep(sweep_id).state == "finished"


def test_an_update_leaves_a_sweep_that_a_user_ended(server: Server) -> None:
    sweep_id = server.create(run_cap=1)
    server.client.set_sweep_state(sweep_id, "stopped")
    assert server.client.update_sweep(sweep_id, SweepUpdate(GRID | {"run_cap": 5})).state == "stopped"
    assert server.client.set_sweep_state(sweep_id, "running").state == "running"
