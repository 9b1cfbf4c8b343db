"""Two server processes on one PostgreSQL lease each point once, even if one of them is killed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.errors import ServerUnreachable
from tests.engine.driver import Server
from tests.engine.test_lifecycle import work_to_the_end
from tests.servers import PostgreSQL, end_server, running_server, start_server, wait_for_server


def test_two_servers_lease_each_point_once(postgres: PostgreSQL, tmp_path: Path) -> None:
    database = postgres.new_database()
    with ExitStack() as stack:
        servers = [
            Server(*stack.enter_context(running_server(tmp_path / name, database)), stack) for name in ("one", "two")
        ]
        parameters = {"x": {"min": 1, "max": 10}, "y": {"min": 1, "max": 4}}
        sweep_id = servers[0].create(parameters=parameters, early_terminate={"type": "hyperband", "min_iter": 1})
        agents = [server.agent(sweep_id, slot=slot) for server in servers for slot in range(4)]
        with ThreadPoolExecutor(len(agents)) as pool:
            given = [trial for trials in pool.map(work_to_the_end, agents) for trial in trials]
        points = sorted((trial.params["x"], trial.params["y"]) for trial in given)
        assert points == [(x, y) for x in range(1, 11) for y in range(1, 5)]
        sweep = servers[1].client.sweep(sweep_id)
        assert sweep.state == "finished"
        assert sum(sweep.counts.values()) == 40
        assert sweep.counts.keys() <= {"finished", "stopped"}
    postgres.drop(database)


T = TypeVar("T")

AGENTS, TRIALS = 50, 1000
TIMEOUT_S = 300
"""Ten times the usual duration."""


class FailoverAgent:
    """An agent that repeats a request at the other server if its server is gone."""

    def __init__(self, servers: list[ServerFile], sweep_id: str, slot: int) -> None:
        self._clients = [Client(server.url, server.token) for server in servers]
        self._at = slot % len(servers)
        register = m.AgentRegister("host", "node", 1, slot, [])
        self._id = self._ask(lambda client: client.register_agent(sweep_id, register)).agent.id

    def work(self, ended: list[str], middle: threading.Event) -> None:
        """Run trials until the sweep is over; set `middle` when half of them have ended."""
        done = m.TrialEnd("finished", exit_code=0)
        while (lease := self._ask(lambda client: client.lease(self._id, wait_s=5))).sweep_state != "finished":
            if lease.trial is None:
                continue
            trial = lease.trial.id
            self._ask(lambda client, trial=trial: client.start_trial(self._id, trial))  # type: ignore[misc]
            self._ask(lambda client, trial=trial: client.end_trial(self._id, trial, done))  # type: ignore[misc]
            ended.append(trial)
            if len(ended) >= TRIALS // 2:
                middle.set()
        for client in self._clients:
            client.close()

    def _ask(self, call: Callable[[Client], T]) -> T:
        for _ in range(20):
            try:
                return call(self._clients[self._at])
            except ServerUnreachable:
                self._at = (self._at + 1) % len(self._clients)
        raise AssertionError("no server answers")


@pytest.mark.slow
@pytest.mark.fault
def test_a_killed_server_loses_and_repeats_no_trial(postgres: PostgreSQL, tmp_path: Path) -> None:
    database = postgres.new_database()
    homes = [tmp_path / "one", tmp_path / "two"]
    processes = [start_server(home, database=database) for home in homes]
    try:
        files = [wait_for_server(home, process) for home, process in zip(homes, processes, strict=True)]
        with Client(files[1].url, files[1].token) as client:
            config = {"method": "grid", "program": "x.py", "parameters": {"x": {"min": 1, "max": TRIALS}}}
            sweep_id = client.create_sweep(m.SweepCreate(config, project="tests")).id
            agents = [FailoverAgent(files, sweep_id, slot) for slot in range(AGENTS)]
            ended: list[str] = []
            middle = threading.Event()
            with ThreadPoolExecutor(AGENTS) as pool:
                work = [pool.submit(agent.work, ended, middle) for agent in agents]
                assert middle.wait(TIMEOUT_S)
                processes[0].kill()
                for task in work:
                    task.result(timeout=TIMEOUT_S)
            trials = client.trials(sweep_id)
            assert sorted(trial.params["x"] for trial in trials) == list(range(1, TRIALS + 1))
            assert {trial.state for trial in trials} == {"finished"}
            assert {trial.attempt for trial in trials} == {1}
            assert max(Counter(ended).values()) == 1
            assert client.sweep(sweep_id).state == "finished"
    finally:
        for process in processes:
            end_server(process)
        postgres.drop(database)
