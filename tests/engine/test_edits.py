"""Changes that users make to a running sweep: settings and extra points."""

from __future__ import annotations

import pytest

from lightning_sweeps.errors import ServerRefused, SweepFileError
from lightning_sweeps.messages import SweepUpdate
from tests.engine.driver import GRID, Server

SPACE = {
    "x": {"min": 0.0, "max": 1.0},
    "width": {"min": 1, "max": 8},
    "opt": {"parameters": {"kind": {"values": ["sgd", True, 1]}, "fixed": {"value": 3}}},
}


def test_an_extra_point_is_leased_and_counts(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=SPACE, run_cap=1)
    server.client.set_sweep_state(sweep_id, "paused")
    given = server.client.enqueue_trial(sweep_id, {"x": 0.5, "width": 3, "opt.kind": True})
    assert given.params == {"opt": {"fixed": 3, "kind": True}, "width": 3, "x": 0.5}
    with pytest.raises(ServerRefused, match="`run_cap` of 1 trials is reached"):
        server.client.enqueue_trial(sweep_id, given.params)
    server.client.set_sweep_state(sweep_id, "running")
    agent = server.agent(sweep_id)
    taken = agent.take(wait_s=20)
    assert (taken.id, taken.params) == (given.id, given.params)
    agent.end(taken)
    assert server.client.sweep(sweep_id).state == "finished"


def test_a_point_outside_the_space_is_refused_with_every_reason(server: Server) -> None:
    sweep_id = server.create(method="random", parameters=SPACE)
    with pytest.raises(ServerRefused) as caught:
        server.client.enqueue_trial(sweep_id, {"x": 2, "opt": {"kind": 1.0, "fixed": 4}, "lr": 1})
    assert caught.value.status == 422
    for problem in (
        "`x` is 2, allowed: numbers from 0.0 to 1.0",
        "`width` is missing",
        '`opt.kind` is 1.0, allowed: "sgd", true, 1',
        "`opt.fixed` is 4, allowed: 3",
        "`lr` is not a parameter of this sweep",
    ):
        assert problem in str(caught.value)


def test_a_grid_tries_an_extra_point_once(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"values": [1, 2, 3]}})
    assert server.client.enqueue_trial(sweep_id, {"x": 2}).params == {"x": 2}
    agent = server.agent(sweep_id)
    points = []
    while (trial := agent.lease().trial) is not None:
        points.append(trial.params["x"])
        agent.end(trial)
    assert points == [2, 1, 3]
    server.client.enqueue_trial(sweep_id, {"x": 3})
    assert server.client.sweep(sweep_id).state == "running", "a finished sweep continues with the point"
    agent.end(agent.take())
    assert server.client.sweep(sweep_id).state == "finished"


def test_a_sweep_that_a_user_ended_accepts_no_points(server: Server) -> None:
    sweep_id = server.create()
    server.client.set_sweep_state(sweep_id, "cancelled")
    with pytest.raises(ServerRefused, match="the sweep is `cancelled`"):
        server.client.enqueue_trial(sweep_id, {"x": 1, "y": 1})


def test_an_update_changes_the_settings_and_refuses_another_metric(server: Server) -> None:
    sweep_id = server.create(run_cap=1)
    agent = server.agent(sweep_id)
    trial = agent.take()
    updated = server.client.update_sweep(sweep_id, SweepUpdate(GRID | {"run_cap": 2, "name": "renamed"}, "text"))
    assert (updated.run_cap, updated.name, updated.config["run_cap"]) == (2, "renamed", 2)
    agent.end(trial)
    second = agent.take()
    with pytest.raises(ServerRefused, match="`project`, `metric` cannot be changed") as caught:
        server.client.update_sweep(sweep_id, SweepUpdate(GRID | {"project": "x", "metric": {"name": "other"}}))
    assert caught.value.status == 409
    with pytest.raises(SweepFileError, match="run_cap"):
        server.client.update_sweep(sweep_id, SweepUpdate(GRID | {"run_cap": 0}))
    agent.end(second)
    assert server.client.sweep(sweep_id).state == "finished"
