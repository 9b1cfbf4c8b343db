"""A team's load on one server: live runs that send a batch every second, and agents that take trials meanwhile.

    python -m benchmarks.load [--seconds 30] [--runs 1000] [--agents 100]

Real server, SQLite. Services of 16 ranks each send all their journals in one request a second, 10 rows of 10 keys
a journal; each agent holds a trial for `--trial-s` and takes the next. At the end every row is counted. What makes the
load runs on the same machine as the server.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.store import cpu_s, journal_of, rows_of, say
from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from tests.servers import running_server

RANKS = 16
ROWS, KEYS = 10, 10
SENDERS = 4
"""Threads that send for the services."""
WAIT_S = 10.0
SWEEP = {
    "program": "train.py",
    "method": "random",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {f"p{number}": {"min": 0.0, "max": 1.0} for number in range(6)},
}


@dataclass(slots=True)
class Service:
    """A node's service: its journals, how much of them the server has, and what the server's answers took."""

    journals: dict[str, int]
    took_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    sent: int = 0

    def send(self, client: Client, data: bytes, *, is_first: bool) -> None:
        parts = [(name, at, journal_of(name, 0, 0) + data if is_first else data) for name, at in self.journals.items()]
        began = time.perf_counter()
        outcomes = client.send_journals(parts)
        self.took_ms.append((time.perf_counter() - began) * 1000)
        for outcome in outcomes:
            assert outcome.status == 200, outcome
            self.journals[outcome.journal] = outcome.offset
        self.sent += 1


def send_all(server: ServerFile, services: list[Service], *, seconds: int, began: float) -> None:
    """Send for some services: each once a second, at a moment of its own."""
    order = sorted((random.random(), number) for number in range(len(services)))
    with Client(server.url, server.token) as client:
        for second in range(seconds):
            data = rows_of(ROWS, KEYS, first=second * ROWS)
            for moment, number in order:
                due = began + second + moment
                time.sleep(max(0.0, due - time.monotonic()))
                services[number].late_ms.append((time.monotonic() - due) * 1000)
                services[number].send(client, data, is_first=second == 0)


def be_agent(
    server: ServerFile, sweep: str, slot: int, *, trial_s: float, until: float, leases_ms: list[float]
) -> None:
    """Take trials and end them until the time is over."""
    with Client(server.url, server.token) as client:
        agent = client.register_agent(sweep, m.AgentRegister("host", "node", 1, slot, ["0"])).agent.id
        time.sleep(random.random() * trial_s)
        while time.monotonic() < until:
            began = time.perf_counter()
            trial = client.lease(agent, wait_s=WAIT_S).trial
            leases_ms.append((time.perf_counter() - began) * 1000)
            assert trial is not None
            client.start_trial(agent, trial.id)
            client.heartbeat(agent, trial=trial.id)
            time.sleep(max(0.0, min(trial_s, until - time.monotonic())))
            client.end_trial(agent, trial.id, m.TrialEnd("finished", 0))
        client.leave(agent)


def load(folder: Path, *, seconds: int, runs: int, agents: int, trial_s: float) -> None:
    random.seed(0)
    names = [f"j{number}" for number in range(runs)]
    services = [Service(dict.fromkeys(names[at : at + RANKS], 0)) for at in range(0, runs, RANKS)]
    leases_ms: list[float] = []
    with running_server(folder) as (client, server):
        sweep = client.create_sweep(m.SweepCreate(SWEEP)).id
        began = time.monotonic() + 1
        threads = [
            threading.Thread(
                target=send_all, args=(server, services[at::SENDERS]), kwargs={"seconds": seconds, "began": began}
            )
            for at in range(SENDERS)
        ]
        times = {"trial_s": trial_s, "until": began + seconds}
        threads += [
            threading.Thread(target=be_agent, args=(server, sweep, slot), kwargs={**times, "leases_ms": leases_ms})
            for slot in range(agents)
        ]
        before = cpu_s(server)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall, cpu = time.monotonic() - began, cpu_s(server) - before
        lost = sum(service.sent * len(service.journals) * ROWS for service in services) - _rows_of_all(client)
    took, late = ([one for service in services for one in getattr(service, name)] for name in ("took_ms", "late_ms"))
    batches = sum(service.sent * len(service.journals) for service in services)
    say(f"{runs:,} live runs: batches taken", batches / wall, "a second")
    say("rows lost", lost, "rows", "aim 0")
    say("the server's share of a core", cpu / wall * 100, "%")
    say("a request of 16 journals: median", float(np.median(took)), "ms wall")
    say("the same: p99", float(np.quantile(took, 0.99)), "ms wall")
    say("how late a sender got to it: p99", float(np.quantile(late, 0.99)), "ms wall")
    say(f"{len(leases_ms)} leases of {agents} agents: median", float(np.median(leases_ms)), "ms wall")
    say("the same: p99", float(np.quantile(leases_ms, 0.99)), "ms wall", "aim 100")
    print(f"load average of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _rows_of_all(client: Client) -> int:
    found, total = 0, 1
    offset = 0
    while offset < total:
        page = client.query_runs(m.RunsQuery("bench", columns=["rows"], limit=1000, offset=offset))
        found, total, offset = found + sum(row["rows"] for row in page.rows), page.total, offset + 1000
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--trial-s", type=float, default=10.0, help="how long an agent has a trial")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        load(Path(name), seconds=given.seconds, runs=given.runs, agents=given.agents, trial_s=given.trial_s)


if __name__ == "__main__":
    main()
