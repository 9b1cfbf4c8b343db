"""Points that the server looks up in its database are those that the method chooses from the whole history."""

from __future__ import annotations

from typing import Any

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.sweeps.config import read_config
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.replay import replay
from tests.engine.driver import Server

PARAMETERS: dict[str, Any] = {
    "opt": {"values": ["adam", "sgd", "lion"]},
    "layers": {"min": 1, "max": 4},
    "momentum": {"values": [0.0, 0.9], "when": "opt == 'sgd'"},
}


@pytest.mark.parametrize("method", ["grid", "random"])
def test_every_point_once_until_the_space_is_exhausted(server: Server, method: str) -> None:
    weights = {"probabilities": [0.8, 0.15, 0.05]} if method == "random" else {}
    parameters = PARAMETERS | {"opt": PARAMETERS["opt"] | weights}
    sweep_id = server.create(method=method, parameters=parameters, constraints=["layers < 4 or opt == 'adam'"], seed=7)
    agent = server.agent(sweep_id)
    for params in ({"opt": "sgd", "layers": 1, "momentum": 0.9}, {"opt": "adam", "layers": 4}):
        server.client.enqueue_trial(sweep_id, params)
    while (trial := agent.lease().trial) is not None:
        agent.client.start_trial(agent.id, trial.id)
        agent.end(trial)
    trials = server.client.trials(sweep_id)
    assert len({str(trial.params) for trial in trials}) == len(trials) == 4 + 3 * 2 + 3
    assert all(one.is_same for one in replayed(server, sweep_id, trials))


def test_a_grid_goes_on_where_it_was_after_a_change_of_its_space(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"values": [1, 2, 3, 4]}})
    agent = server.agent(sweep_id)
    for expected in (1, 2):
        trial = agent.take()
        assert trial.params == {"x": expected}
        agent.end(trial)
    config = server.client.sweep(sweep_id).config | {"parameters": {"x": {"values": [5, 1, 2, 6]}}}
    server.client.update_sweep(sweep_id, m.SweepUpdate(config))
    found = []
    while (following := agent.lease().trial) is not None:
        found.append(following.params["x"])
        agent.end(agent.client.start_trial(agent.id, following.id))
    assert found == [5, 6]


def test_trials_come_page_by_page(server: Server) -> None:
    sweep_id = server.create(parameters={"x": {"min": 1, "max": 300}})
    for x in range(1, 161):
        server.client.enqueue_trial(sweep_id, {"x": x})
    pages = list(server.client.trial_pages(sweep_id))
    assert [len(page) for page in pages] == [150, 10]
    assert [trial.number for trial in server.client.trials(sweep_id)] == list(range(1, 161))


def replayed(server: Server, sweep_id: str, trials: list[m.Trial]) -> list[Any]:
    """Return each trial with the point that the method gives for the whole history."""
    definition = SweepDefinition.of(read_config(server.client.sweep(sweep_id).config))
    return list(replay(definition, server.client.search_inputs(sweep_id), trials))
