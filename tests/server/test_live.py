"""Changes, on request and as server-sent events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.messages import AgentRegister, RunsQuery, SortKey, SweepCreate
from tests.servers import end_server, running_server, start_server, wait_for_server
from tests.store.journals import Journal


@pytest.fixture
def served(tmp_path: Path, database: str) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(tmp_path / "home", database) as server:
        yield server


def events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def listen(server: ServerFile, **params: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {server.token}"}
    return requests.get(f"{server.url}/api/live", params=params, headers=headers, stream=True, timeout=20)


def test_a_stream_sends_each_change_once_and_resumes_from_its_last_id(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    journal = Journal().log(0, loss=1.0)
    with listen(server, project="project-1") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        client.send_journal(journal.id, 0, journal.data)
        told = events(answer)
        first = next(told)
        assert [(run["id"], run["state"], run["rows"]) for run in first["runs"]] == [("run-1", "running", 1)]
        end = len(journal.data)
        journal.finish()
        client.send_journal(journal.id, end, journal.data[end:])
        assert [run["state"] for run in next(told)["runs"]] == ["finished"]
    with listen(server, since=str(first["cursor"])) as answer:
        assert [run["id"] for run in next(events(answer))["runs"]] == ["run-1"]
    assert [run.id for run in client.changes(since=first["cursor"]).runs] == ["run-1"]


def test_a_changed_sweep_is_sent_once(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    config = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [1, 2]}}}
    with listen(server) as answer:
        sweep = client.create_sweep(SweepCreate(config, project="project-1"))
        told = events(answer)
        assert [one["id"] for one in next(told)["sweeps"]] == [sweep.id]
        journal = Journal().log(0, loss=1.0)
        client.send_journal(journal.id, 0, journal.data)
        second = next(told)
        assert ([run["id"] for run in second["runs"]], second["sweeps"]) == (["run-1"], [])
        agent = client.register_agent(sweep.id, AgentRegister("host", "node", 1, 0, []))
        assert [one["id"] for one in next(told)["sweeps"]] == [sweep.id]
        client.leave(agent.agent.id)


def test_the_runs_table_over_http(served: tuple[Client, ServerFile]) -> None:
    client, _ = served
    for number in range(3):
        journal = Journal(id=f"j{number}", run=f"r{number}").log(0, loss=float(number))
        client.send_journal(journal.id, 0, journal.data)
    query = RunsQuery(filter="summary.loss > 0", sort=[SortKey("summary.loss", True)], columns=["summary.loss"])
    page = client.query_runs(query)
    assert (page.total, page.rows) == (2, [{"id": "r2", "summary.loss": 2.0}, {"id": "r1", "summary.loss": 1.0}])


def test_a_shutdown_ends_streams(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = start_server(home)
    server = wait_for_server(home, process)
    with listen(server) as answer:
        next(answer.iter_lines())
        began = time.monotonic()
        end_server(process)
        assert time.monotonic() - began < 5 and process.returncode == 0
