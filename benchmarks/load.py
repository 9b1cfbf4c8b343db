"""Measures a server under the load of a team: runs that upload every second, and agents that run trials.

    python -m benchmarks.load [--seconds 30] [--runs 1000] [--agents 100]

The server is a real process with SQLite. Each service has 16 ranks and uploads all their journals in one request per
second, with 10 rows of 10 keys in each journal. Each agent runs a trial for `--trial-s` seconds and leases the next
one. At the end the benchmark counts every row. The load comes from the same machine as the server.
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
from lightning_sweeps.journal.closing import SentPart
from tests.servers import running_server

RANKS = 16
ROWS, KEYS = 10, 10
SENDERS = 4
"""Threads that send the requests of all services."""
WAIT_S = 10.0
SWEEP = {
    "program": "train.py",
    "method": "random",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {f"p{number}": {"min": 0.0, "max": 1.0} for number in range(6)},
}


@dataclass(slots=True)
class LoadService:
    """The service of a node: committed bytes of its journals, and durations and delays of its requests."""

    journals: dict[str, int]
    duration_ms: list[float] = field(default_factory=list)
    delay_ms: list[float] = field(default_factory=list)
    sent: int = 0

    def send(self, client: Client, data: bytes, *, is_first: bool) -> None:
        parts = [
            SentPart(name, at, journal_of(name, 0, 0) + data if is_first else data)
            for name, at in self.journals.items()
        ]
        started = time.perf_counter()
        outcomes = client.send_journals(parts)
        self.duration_ms.append((time.perf_counter() - started) * 1000)
        for outcome in outcomes:
            assert outcome.status == 200, outcome
            self.journals[outcome.journal] = outcome.offset
        self.sent += 1


def send_all(server: ServerFile, services: list[LoadService], *, seconds: int, started: float) -> None:
    """Send the requests of some services, each once per second at its own moment."""
    order = sorted((random.random(), number) for number in range(len(services)))
    with Client(server.url, server.token) as client:
        for second in range(seconds):
            data = rows_of(ROWS, KEYS, first=second * ROWS)
            for moment, number in order:
                due = started + second + moment
                time.sleep(max(0.0, due - time.monotonic()))
                services[number].delay_ms.append((time.monotonic() - due) * 1000)
                services[number].send(client, data, is_first=second == 0)


def run_agent(
    server: ServerFile, sweep: str, slot: int, *, trial_s: float, until: float, leases_ms: list[float]
) -> None:
    """Lease and end trials until the time is over."""
    with Client(server.url, server.token) as client:
        agent = client.register_agent(sweep, m.AgentRegister("host", "node", 1, slot, ["0"])).agent.id
        time.sleep(random.random() * trial_s)
        while time.monotonic() < until:
            started = time.perf_counter()
            trial = client.lease(agent, wait_s=WAIT_S).trial
            leases_ms.append((time.perf_counter() - started) * 1000)
            assert trial is not None
            client.start_trial(agent, trial.id)
            client.heartbeat(agent, trial=trial.id)
            time.sleep(max(0.0, min(trial_s, until - time.monotonic())))
            client.end_trial(agent, trial.id, m.TrialEnd("finished", 0))
        client.leave(agent)


def load(folder: Path, *, seconds: int, runs: int, agents: int, trial_s: float) -> None:
    random.seed(0)
    names = [f"j{number}" for number in range(runs)]
    services = [LoadService(dict.fromkeys(names[at : at + RANKS], 0)) for at in range(0, runs, RANKS)]
    leases_ms: list[float] = []
    with running_server(folder) as (client, server):
        sweep = client.create_sweep(m.SweepCreate(SWEEP)).id
        started = time.monotonic() + 1
        threads = [
            threading.Thread(
                target=send_all, args=(server, services[at::SENDERS]), kwargs={"seconds": seconds, "started": started}
            )
            for at in range(SENDERS)
        ]
        times = {"trial_s": trial_s, "until": started + seconds}
        threads += [
            threading.Thread(target=run_agent, args=(server, sweep, slot), kwargs={**times, "leases_ms": leases_ms})
            for slot in range(agents)
        ]
        before = cpu_s(server)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall, cpu = time.monotonic() - started, cpu_s(server) - before
        lost = sum(service.sent * len(service.journals) * ROWS for service in services) - _rows_of_all(client)
    durations, delays = (
        [one for service in services for one in getattr(service, name)] for name in ("duration_ms", "delay_ms")
    )
    batches = sum(service.sent * len(service.journals) for service in services)
    say(f"{runs:,} running runs: stored batches", batches / wall, "per second")
    say("rows lost", lost, "rows", "aim 0")
    say("CPU of the server, share of one core", cpu / wall * 100, "%")
    say("request of 16 journals: median", float(np.median(durations)), "ms wall")
    say("request of 16 journals: p99", float(np.quantile(durations, 0.99)), "ms wall")
    say("delay of a request in the sender: p99", float(np.quantile(delays, 0.99)), "ms wall")
    say(f"{len(leases_ms)} leases of {agents} agents: median", float(np.median(leases_ms)), "ms wall")
    say("leases: p99", float(np.quantile(leases_ms, 0.99)), "ms wall", "aim 100")
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
    parser.add_argument("--trial-s", type=float, default=10.0, help="duration of a trial in seconds")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        load(Path(name), seconds=given.seconds, runs=given.runs, agents=given.agents, trial_s=given.trial_s)


if __name__ == "__main__":
    main()
