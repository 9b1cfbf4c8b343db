"""Measures what the rows of wandb clients cost the server, beside ours, and lets 1,000 of them log at once.

    python -m benchmarks.wandb_clients [--runs 300] [--clients 1000]

The clients are simulated: threads send requests of the shapes that the client 0.31 sends, in the order in which it
sends them, and repeat a request after 429 and 503 as it does. Both kinds of rows have the same values, and every row is
counted at the end. The server is a real process with SQLite. The load comes from the same machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import requests

from benchmarks.store import BEGAN, cpu_s, journal_of, rows_of, say
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.messages import RunsQuery
from lightning_sweeps.server.protocols.wandb.names import ENTITY
from tests.server.protocols.wandb_server import UPSERT
from tests.servers import running_server

ROWS, KEYS = 100, 10
LIVE_ROWS = 10
PROJECT = "bench"
TIMEOUT_S = 180
WAITS_S = (2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""How long a client waits before it repeats a request."""


@dataclass(slots=True)
class Answers:
    """What the clients heard."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    wall_s: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def history(rows: int, *, first: int = 0) -> list[str]:
    """Return lines of a history, with the values of `rows_of`."""
    values = np.random.default_rng(0).random((rows, KEYS)).tolist()
    return [
        json.dumps(
            {f"train/metric_{number}": value for number, value in enumerate(row)}
            | {"_step": step, "_timestamp": BEGAN + step, "_runtime": float(step)}
        )
        for step, row in enumerate(values, first)
    ]


class WandbRun:
    """One client: it creates a run, streams its rows, and finishes."""

    def __init__(self, server: ServerFile, name: str, answers: Answers) -> None:
        self._session = requests.Session()
        self._session.auth = ("api", server.token)
        self._url = server.url
        self._name = name
        self._answers = answers

    def start(self) -> None:
        config = json.dumps({"lr": {"value": 0.1}})
        variables = {"name": self._name, "project": PROJECT, "config": config, "host": "gpu1"}
        self._post("/graphql", {"query": UPSERT, "variables": variables})

    def log(self, lines: list[str], *, first: int = 0) -> None:
        summary = lines[-1]
        self._stream(
            {
                "files": {
                    "wandb-history.jsonl": {"offset": first, "content": lines},
                    "wandb-summary.json": {"offset": 0, "content": [summary]},
                }
            }
        )

    def finish(self) -> None:
        self._stream({"complete": True, "exitcode": 0})
        self._session.close()

    def _stream(self, body: dict[str, Any]) -> None:
        self._post(f"/files/{ENTITY}/{PROJECT}/{self._name}/file_stream", body)

    def _post(self, path: str, body: dict[str, Any]) -> None:
        for wait_s in (*WAITS_S, None):
            began = time.perf_counter()
            try:
                answer = self._session.post(self._url + path, data=json.dumps(body), timeout=TIMEOUT_S)
            except requests.RequestException as error:
                self._note(0, f"{type(error).__name__}", began)
            else:
                said = "" if answer.ok else str(answer.json().get("error"))
                self._note(answer.status_code, said, began)
                if answer.status_code not in (429, 503):
                    return
            if wait_s is not None:
                time.sleep(wait_s)

    def _note(self, status: int, failure: str, began: float) -> None:
        with self._answers.lock:
            self._answers.statuses[status] += 1
            self._answers.wall_s.append(time.perf_counter() - began)
            if failure:
                self._answers.failures[failure] += 1


def costs(folder: Path, *, runs: int) -> None:
    """Compare the server's CPU time for rows of our client with that for rows of wandb's."""
    lines, live = history(ROWS), history(LIVE_ROWS, first=ROWS)
    with running_server(folder) as (client, server):
        found = Answers()
        clients = [WandbRun(server, f"wandb-{number}", found) for number in range(runs)]
        for one in clients:
            one.start()
        theirs = _rate(server, lambda: _log(clients, lines, first=0), runs * ROWS * KEYS)
        their_live = _rate(server, lambda: _log(clients, live, first=ROWS), runs * LIVE_ROWS * KEYS)
        for one in clients:
            one.finish()
        journals = {f"j{number}": journal_of(f"j{number}", 0, KEYS) for number in range(runs)}
        for name, header in journals.items():
            client.send_journal(name, 0, header)
        sent = {name: len(header) for name, header in journals.items()}
        bulk, more = rows_of(ROWS, KEYS), rows_of(LIVE_ROWS, KEYS, first=ROWS)
        ours = _rate(
            server,
            lambda: [client.send_journal(name, offset, bulk) for name, offset in sent.items()],
            runs * ROWS * KEYS,
        )
        our_live = _rate(
            server,
            lambda: [client.send_journal(name, offset + len(bulk), more) for name, offset in sent.items()],
            runs * LIVE_ROWS * KEYS,
        )
        assert set(found.statuses) == {200}, found
        check_rows(client, runs * 2, ROWS + LIVE_ROWS)
        for what, theirs_, ours_ in (
            (f"{ROWS} rows x {KEYS} keys a request", theirs, ours),
            (f"{LIVE_ROWS} rows x {KEYS} keys a request", their_live, our_live),
        ):
            say(f"ours, {what}", ours_, "points/s", "of the server's CPU")
            say(f"wandb's, {what}", theirs_, "points/s", "of the server's CPU")
            say("the same, times the cost of ours", ours_ / theirs_, "times", "aim 3")


def _log(clients: list[WandbRun], lines: list[str], *, first: int) -> None:
    for one in clients:
        one.log(lines, first=first)


def _rate(server: ServerFile, work: Any, points: int) -> float:
    before = cpu_s(server)
    work()
    return points / (cpu_s(server) - before)


def crowd(folder: Path, *, count: int) -> None:
    """Let clients log at once: each creates a run, sends three requests with rows, and finishes."""
    parts = [(at, history(LIVE_ROWS, first=at)) for at in range(0, 3 * LIVE_ROWS, LIVE_ROWS)]
    begin = threading.Barrier(count)
    with running_server(folder) as (client, server), ThreadPoolExecutor(count) as pool:
        found = Answers()

        def work(number: int) -> None:
            run = WandbRun(server, f"crowd-{number}", found)
            begin.wait()
            run.start()
            for first, lines in parts:
                run.log(lines, first=first)
            run.finish()

        began = time.perf_counter()
        list(pool.map(work, range(count)))
        wall_s = time.perf_counter() - began
        check_rows(client, count, 3 * LIVE_ROWS)
        say(f"{count:,} clients at once: all have finished after", wall_s, "s")
        say("requests", len(found.wall_s), "", f"by status: {dict(found.statuses)}")
        say("a request, median", statistics.median(found.wall_s), "s")
        say("a request, 99th percentile", sorted(found.wall_s)[int(len(found.wall_s) * 0.99)], "s")
        print("errors that clients heard:", dict(found.failures) or "none")


def check_rows(client: Client, runs: int, rows: int) -> None:
    """Check that every run has its rows, each once."""
    pages = client.all_runs(RunsQuery(PROJECT, columns=["rows"]))
    found = Counter(row["rows"] for page in pages for row in page)
    assert found == {rows: runs}, f"rows of runs: {dict(found)}, expected {runs} runs with {rows}"
    print(f"every row is stored once: {runs:,} runs with {rows} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300, help="runs of each kind, to compare the costs")
    parser.add_argument("--clients", type=int, default=1000, help="clients that log at once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        costs(Path(name) / "costs", runs=given.runs)
        crowd(Path(name) / "crowd", count=given.clients)


if __name__ == "__main__":
    main()
