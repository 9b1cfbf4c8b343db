"""No route of the OpenAPI document fails with a server error, whatever the request."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from tests.servers import running_server
from tests.store.journals import Journal

EXAMPLES = 6
"""Requests for each route."""
ODD_TEXTS = ["\0", "\ud800", "x" * 5000, "%", "'; --", "\u202e"]
ENDLESS = {"/api/live", "/api/agents/{agent_id}/lease"}
"""Routes that keep the request open."""

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    schemathesis = pytest.importorskip("schemathesis", reason="the fuzzer is not installed")

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow]


@pytest.fixture
def server(tmp_path: Path, database: str) -> Iterator[tuple[ServerFile, Home]]:
    """A server with a run, a node, an image and an artifact."""
    home = Home(tmp_path / "home")
    with running_server(home.root, database) as (client, file):
        fill(client)
        yield file, home


def fill(client: Client) -> None:
    journal = (
        Journal(id="0", run="0", config={"lr": 0.1}).log(0, loss=1.0).show("img", b"picture").keep("set", {"a": b"1"})
    )
    client.send_journal(journal.id, 0, journal.data)
    samples = Journal(id="00", node="00").log(0, cpu=3.0)
    client.send_journal(samples.id, 0, samples.data)


def test_no_route_fails_with_a_server_error(server: tuple[ServerFile, Home]) -> None:
    file, home = server
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {file.token}"
    description = session.get(f"{file.url}/api/openapi.json", timeout=10).json()
    for route in description["paths"].values():
        for operation in route.values():
            content = operation.get("requestBody", {}).get("content", {})
            for kind in content.keys() - {"application/json", "application/x-www-form-urlencoded"}:
                del content[kind]  # our own formats take any bytes
                content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    schema = schemathesis.openapi.from_dict(description)
    schema.config.update(base_url=file.url)
    failures: list[str] = []
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in ENDLESS:
            continue

        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,  # the same requests in every run
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            answer = case.call(session=session, timeout=60)
            if answer.status_code >= 500:
                failures.append(f"{answer.status_code}: {case.as_curl_command()}")

        ask()
    session.close()
    assert not failures, "\n".join(failures[:5])
    assert asked > 150
    assert "Traceback" not in home.server_log.read_text()


def test_unusual_texts_in_every_parameter(server: tuple[ServerFile, Home]) -> None:
    for text in ODD_TEXTS:
        assert {path: status for path, status in statuses_with(server[0], text).items() if status >= 500} == {}


def statuses_with(file: ServerFile, text: str) -> dict[str, int]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {file.token}"
        given = quote(text, errors="surrogatepass")
        paths = ["runs/{}", "runs/{}/media", "runs/{}/console", "series/{}", "trials/{}", "sweeps/{}", "journals/{}"]
        paths += ["blobs/{}", "artifacts/{}/files", "runs?project={}", "series/0/buckets?key={}", "artifacts?name={}"]
        statuses = {path: session.get(f"{file.url}/api/{path.format(given)}", timeout=30).status_code for path in paths}
        queries = [{"project": text}, {"filter": f'name = "{text}"'}, {"columns": [text]}, {"sort": [{"column": text}]}]
        for query in queries:
            answer = session.post(f"{file.url}/api/runs/query", data=json.dumps(query), timeout=30)
            statuses[str(query)] = answer.status_code
    return statuses
