"""The importance of parameters, and the values of several metrics."""

from __future__ import annotations

import pytest
import requests

from lightning_sweeps.messages import SweepImportance
from tests.engine.driver import Server, TrialRun

SPACE = {"x": {"values": list(range(6))}, "y": {"values": list(range(4))}}
METRICS = [{"name": "loss", "goal": "minimize"}, {"name": "size", "goal": "maximize"}]


def test_importance_of_each_metric_over_chosen_trials(new_server: Server) -> None:
    sweep = new_server.create(parameters=SPACE, metric=None, metrics=METRICS)
    agent = new_server.agent(sweep)
    for _ in range(24):
        trial = agent.take()
        run = TrialRun(new_server.client, trial)
        run.log({"loss": (trial.params["x"] - 2) ** 2, "size": float(trial.params["y"])})
        run.end()
        agent.end(trial)

    def ask(**params: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {new_server.described.token}"}
        url = f"{new_server.described.url}/api/sweeps/{sweep}/importance"
        return requests.get(url, params=params, headers=headers, timeout=60)

    found = ask().json()
    assert (found["trials"], found["metric"], found["shares"][0]["name"]) == (24, "loss", "x")
    assert sum(one["share"] for one in found["shares"]) == pytest.approx(1)
    assert ask(metric="size").json()["shares"][0]["name"] == "y"
    assert ask(trials="1-10,24").json()["trials"] == 11
    few = ask(trials="1-3").json()
    assert few == {"trials": 3, "metric": "loss", "shares": [], "pairs": []}
    assert SweepImportance(**few).shares == []
    wrong = ask(metric="time")
    assert (wrong.status_code, wrong.json()["message"]) == (
        422,
        "the sweep has no metric `time`, allowed: `loss`, `size`",
    )
    assert ask(trials="x").status_code == 422
    assert {frozenset(trial.values) for trial in new_server.client.trials(sweep)} == {frozenset({"loss", "size"})}
