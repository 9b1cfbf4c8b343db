"""Sweeps and agents of wandb clients: they run our trials, exactly one at a time, and hear what to do with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import yaml

from lightning_sweeps import messages as m
from lightning_sweeps.core.ids import new_id
from tests.server.protocols.wandb_server import WandbServer
from tests.servers import running_server

CONFIG = {
    "program": "train.py",
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"lr": {"values": [0.1, 0.2]}},
}
CREATE = """
mutation UpsertSweep($id: ID, $config: String, $state: String, $project: String) {
  upsertSweep(input: {id: $id, config: $config, state: $state, projectName: $project}) {
    sweep { name state project { name } } configValidationWarnings
  }
}
"""
AGENT = """
mutation CreateAgent($sweep: String!) { createAgent(input: {host: "gpu1", sweep: $sweep}) { agent { id } } }
"""
HEARTBEAT = """
mutation Heartbeat($id: ID!, $runState: JSONString) {
  agentHeartbeat(input: {id: $id, runState: $runState}) { agent { id } commands }
}
"""
BEGIN = """
mutation UpsertBucket($name: String, $project: String, $sweep: String) {
  upsertBucket(input: {name: $name, modelName: $project, sweep: $sweep, host: "gpu1"}) { inserted }
}
"""
STOPPED = """
query RunStoppedStatus($project: String, $run: String!) { project(name: $project) { run(name: $run) { stopped } } }
"""


@dataclass(frozen=True, slots=True)
class SweepClient:
    """A sweep of a wandb client, and one agent of it."""

    served: WandbServer
    sweep: str
    agent: str

    def beat(self, *running: str) -> list[dict[str, Any]]:
        """Send a heartbeat with the runs that the agent runs, and return its commands."""
        state = json.dumps(dict.fromkeys(running, True))
        answer = self.served.ask(HEARTBEAT, id=self.agent, runState=state)
        commands: list[dict[str, Any]] = json.loads(answer["data"]["agentHeartbeat"]["commands"])
        return commands

    def begin(self, run: str) -> None:
        self.served.ask(BEGIN, name=run, project=self.served.project, sweep=self.sweep)

    def end(self, run: str, *, code: int = 0) -> None:
        assert self.served.stream(run, {"complete": True, "exitcode": code}).ok

    def change(self, state: str) -> dict[str, Any]:
        return self.served.ask(CREATE, id=self.sweep, state=state)

    def trials(self) -> list[m.Trial]:
        return self.served.client.trials(self.sweep)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WandbServer]:
    with running_server(tmp_path_factory.mktemp("server")) as (client, described):
        yield WandbServer(client, described)


@pytest.fixture
def sweep(server: WandbServer) -> SweepClient:
    served = replace(server, project=new_id("p-"))
    made = served.ask(CREATE, config=yaml.safe_dump(CONFIG), project=served.project)["data"]["upsertSweep"]["sweep"]
    assert (made["state"], made["project"]["name"]) == ("RUNNING", served.project)
    return SweepClient(served, made["name"], register(served, made["name"]))


def register(served: WandbServer, sweep: str) -> str:
    agent: str = served.ask(AGENT, sweep=sweep)["data"]["createAgent"]["agent"]["id"]
    return agent


def test_an_agent_runs_all_trials_and_is_told_to_exit(sweep: SweepClient) -> None:
    for value in (0.1, 0.2):
        (command,) = sweep.beat()
        assert (command["type"], command["program"]) == ("run", "train.py")
        assert command["args"] == {"lr": {"value": value}}
        run = command["run_id"]
        assert sweep.beat(run) == []
        sweep.begin(run)
        sweep.served.log(run, 0, [3 * value, 2 * value])
        assert sweep.beat(run) == []
        sweep.end(run)
        assert sweep.beat(run) == [], "the process has not ended yet"
    assert sweep.beat() == [{"type": "exit"}]
    assert [(one.state, one.objective, one.attempt) for one in sweep.trials()] == [
        ("finished", 0.2, 1),
        ("finished", 0.4, 1),
    ]
    assert sweep.served.client.sweep(sweep.sweep).state == "finished"


def test_an_answer_that_was_lost_is_sent_again(sweep: SweepClient) -> None:
    first = sweep.beat()
    assert sweep.beat() == first
    assert [one.state for one in sweep.trials()] == ["leased"]


def test_two_agents_run_different_trials(sweep: SweepClient) -> None:
    other = replace(sweep, agent=register(sweep.served, sweep.sweep))
    (first,), (second,) = sweep.beat(), other.beat()
    assert first["run_id"] != second["run_id"]


def test_a_run_that_fails_fails_its_trial(sweep: SweepClient) -> None:
    run = sweep.beat()[0]["run_id"]
    sweep.begin(run)
    sweep.end(run, code=2)
    first = sweep.trials()[0]
    assert (first.state, first.exit_code, first.reason) == ("failed", 2, "exit status 2")


def test_a_trial_that_is_ordered_to_stop_is_stopped(sweep: SweepClient) -> None:
    run = sweep.beat()[0]["run_id"]
    sweep.begin(run)
    asked = {"project": sweep.served.project, "run": run}
    assert sweep.served.ask(STOPPED, **asked)["data"]["project"]["run"]["stopped"] is False
    sweep.served.client.stop_trial(run)
    assert sweep.beat(run) == [{"type": "stop", "run_id": run}]
    assert sweep.served.ask(STOPPED, **asked)["data"]["project"]["run"]["stopped"] is True
    sweep.end(run, code=255)
    assert (sweep.trials()[0].state, sweep.served.run().state) == ("stopped", "stopped")


def test_pause_resume_and_stop(sweep: SweepClient) -> None:
    assert sweep.change("PAUSED")["data"]["upsertSweep"]["sweep"]["state"] == "PAUSED"
    assert sweep.beat() == []
    sweep.change("RUNNING")
    run = sweep.beat()[0]["run_id"]
    sweep.begin(run)
    sweep.change("FINISHED")
    assert sweep.beat(run) == []
    sweep.end(run)
    assert sweep.beat() == [{"type": "exit"}]


def test_a_cancelled_sweep_stops_its_runs(sweep: SweepClient) -> None:
    run = sweep.beat()[0]["run_id"]
    sweep.begin(run)
    sweep.change("CANCELED")
    assert sweep.beat(run) == [{"type": "stop", "run_id": run}]


def test_bad_sweeps_and_agents_are_named(sweep: SweepClient) -> None:
    bad = yaml.safe_dump(CONFIG | {"method": "magic"})
    assert "magic" in str(sweep.served.ask(CREATE, config=bad)["errors"])
    assert "not YAML" in str(sweep.served.ask(CREATE, config="{")["errors"])
    assert "local controller" in str(sweep.served.ask(CREATE, config="controller: {type: local}")["errors"])
    assert "`ASLEEP`" in str(sweep.change("ASLEEP")["errors"])
    assert "no sweep" in str(sweep.served.ask(AGENT, sweep="missing")["errors"])
    body = {"query": HEARTBEAT, "variables": {"id": "missing"}}
    assert sweep.served.post("/graphql", body).status_code == 404
