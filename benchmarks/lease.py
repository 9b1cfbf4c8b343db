"""Measures how long an agent waits for a trial (1,000 finished trials, 100 agents), and what waiting agents cost.

    python -m benchmarks.lease [--trials 1000] [--agents 100] [--leases 100]

The server is real and uses SQLite. Every agent leases a trial, and the sweep gets finished trials. Then the agents
take turns: one ends its trial and asks for the next, and its wait is measured. The worker process prepares trials of
`bayes` ahead, so its turns are `--pause-s` apart. Finally the sweep is paused, all agents wait, and the changes of
their rows are counted: each change is a write transaction.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select

from benchmarks.store import cpu_s, say
from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.store import schema
from lightning_sweeps.store.database import open_store, sqlite_url
from lightning_sweeps.sweeps.config import read_config
from lightning_sweeps.sweeps.methods import METHODS
from lightning_sweeps.sweeps.space import Space
from tests.servers import running_server

WAIT_S = 30.0
LOOK_S = 0.02
FIRST = 10_000
"""Number of the first finished trial, after the trials of the agents."""


def sweep_of(method: str) -> dict[str, Any]:
    return {
        "program": "train.py",
        "method": method,
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {f"p{number}": {"min": 0.0, "max": 1.0} for number in range(6)},
    }


def add_history(connection: Connection, sweep: str, *, trials: int) -> None:
    """Write finished trials with random points."""
    config = read_config(sweep_of("random"))
    space = Space.of(config.parameters, config.constraints)
    method = METHODS.get("random")()
    same = {"sweep_id": sweep, "state": "finished", "attempt": 1, "reports": 1, "reason": "", "stderr_tail": ""}
    rows = []
    for number in range(FIRST, FIRST + trials):
        params = method.suggest(space, [], number=number, seed=0)
        assert params is not None
        value = sum((point - 0.3) ** 2 for point in params.values())
        times = {"created": 1.7e9 + number, "started": 1.7e9 + number, "ended": 1.7e9 + number + 60}
        objective = {"objective": value, "last_objective": value, "judged": {}, "exit_code": 0}
        rows.append(same | times | objective | {"id": f"{sweep}-{number}", "number": number, "params": params})
    connection.execute(insert(schema.trial), rows)


def take_turns(
    folder: Path, server: ServerFile, sweep: str, *, trials: int, agents: int, leases: int, pause_s: float
) -> list[float]:
    """Let every agent lease a trial, end them one by one, and return the times of the next leases in milliseconds."""
    taken: list[float] = []
    with Client(server.url, server.token) as client:
        ids = [
            client.register_agent(sweep, m.AgentRegister("host", "node", 1, slot, ["0"])).agent.id
            for slot in range(agents)
        ]
        held = {}
        for agent in ids:
            trial = client.lease(agent, wait_s=WAIT_S).trial
            assert trial is not None
            held[agent] = trial.id
            client.start_trial(agent, trial.id)
        store = open_store(sqlite_url(Home(folder).server_database))
        with store.write() as connection:
            add_history(connection, sweep, trials=trials)
        store.close()
        for turn in range(leases):
            time.sleep(pause_s)
            agent = ids[turn % len(ids)]
            client.end_trial(agent, held[agent], m.TrialEnd("failed" if turn % 3 == 2 else "finished", 0))
            began = time.perf_counter()
            trial = client.lease(agent, wait_s=WAIT_S).trial
            taken.append((time.perf_counter() - began) * 1000)
            assert trial is not None
            held[agent] = trial.id
            client.start_trial(agent, trial.id)
    return taken


def wait_idle(folder: Path, server: ServerFile, sweep: str, *, agents: int, seconds: float) -> None:
    """Let agents wait for a paused sweep, and measure the cost."""
    with Client(server.url, server.token) as client:
        client.set_sweep_state(sweep, "paused")

    def wait(slot: int) -> None:
        with Client(server.url, server.token) as client:
            agent = client.register_agent(sweep, m.AgentRegister("host", "idle", 1, slot, ["0"])).agent.id
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                client.lease(agent, wait_s=max(0.1, until - time.monotonic()))

    threads = [threading.Thread(target=wait, args=(slot,)) for slot in range(agents)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    store = open_store(sqlite_url(Home(folder).server_database))
    agent = schema.agent
    changed = select(agent.c.id, agent.c.changed).where(agent.c.node == "idle")
    seen: set[tuple[str, float]] = set()
    before, began = cpu_s(server), time.monotonic()
    while time.monotonic() < began + seconds - 4:
        with store.read() as connection:
            seen |= {(row[0], row[1]) for row in connection.execute(changed)}
        time.sleep(LOOK_S)
    wall, cpu = time.monotonic() - began, cpu_s(server) - before
    store.close()
    for thread in threads:
        thread.join()
    say(f"{agents} waiting agents: write transactions of one", (len(seen) / agents - 1) / wall, "a second", "aim 1")
    say("the same: the server's share of a core", cpu / wall * 100, "%")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000, help="finished trials")
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--leases", type=int, default=100, help="leases that are measured")
    parser.add_argument("--pause-s", type=float, default=1.0, help="pause between two leases of `bayes`")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as (client, server):
        folder = Path(name)
        for method, pause_s in (("random", 0.0), ("bayes", given.pause_s)):
            sweep = client.create_sweep(m.SweepCreate(sweep_of(method))).id
            counts = {"trials": given.trials, "agents": given.agents, "leases": given.leases}
            taken = take_turns(folder, server, sweep, pause_s=pause_s, **counts)
            what = f"{method}, {given.trials:,} trials, {given.agents} agents: a lease"
            say(f"{what}, the first one after so many results at once", taken[0], "ms wall")
            say(f"{what}, median of the others", float(np.median(taken[1:])), "ms wall", "aim 10")
            say(f"{what}, p99 of the others", float(np.quantile(taken[1:], 0.99)), "ms wall", "aim 50")
        wait_idle(folder, server, sweep, agents=given.agents, seconds=15)
    print(f"load average of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
