"""Compressed answers, ETags and deltas of a real server."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.messages import KeyCreate, LineRequest, SeriesQuery
from tests.servers import running_server
from tests.store.journals import Journal

TABLE = {"columns": ["name", "rows", "summary.loss"], "sort": [{"column": "name"}]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(tmp_path_factory.mktemp("home")) as server:
        yield server


class Page:
    """A client that remembers the version of what it asks for, as the dashboard does."""

    def __init__(self, server: ServerFile, path: str, body: Any = None) -> None:
        self._url, self._body = server.url + path, body
        self._headers = {"Authorization": f"Bearer {server.token}", "A-IM": "json-delta"}

    def ask(self) -> requests.Response:
        method = "GET" if self._body is None else "POST"
        answer = requests.request(method, self._url, json=self._body, headers=self._headers, timeout=20)
        self._headers["If-None-Match"] = answer.headers["ETag"]
        return answer


def send(client: Client, journal: Journal, offset: int = 0) -> int:
    return client.send_journal(journal.id, offset, journal.data[offset:]).offset


def test_a_table_sends_only_cells_that_changed(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    runs = [Journal(id=f"j-{at}", run=f"run-{at}").log(0, loss=float(at)) for at in range(8)]
    offsets = [send(client, run) for run in runs]
    page = Page(server, "/api/runs/query", TABLE)
    whole = page.ask()
    assert (whole.status_code, len(whole.json()["rows"]), whole.headers["Content-Encoding"]) == (200, 8, "gzip")
    assert page.ask().status_code == 304
    send(client, runs[3].log(1, loss=0.25), offsets[3])
    changed = page.ask()
    assert (changed.status_code, changed.headers["IM"]) == (226, "json-delta")
    at = next(at for at, row in enumerate(whole.json()["rows"]) if row["id"] == "run-3")
    assert changed.json() == {"in": {"rows": {"in": {str(at): {"in": {"rows": [2], "summary.loss": [0.25]}}}}}}
    assert page.ask().status_code == 304


def test_a_band_sends_only_its_last_buckets(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    members = [Journal(id=f"band-{at}", run=f"band-{at}") for at in range(3)]
    for step in range(2000):
        for member in members:
            member.log(step, loss=1 / (step + 1))
    offsets = [send(client, member) for member in members]
    lines = [{"owner": f"band-{at}", "key": "loss", "group": "all"} for at in range(3)]
    page = Page(server, "/api/series/query", {"lines": lines, "points": 500})
    whole = page.ask()
    for step in range(2000, 2004):
        send(client, members[0].log(step, loss=0.1), offsets[0])
        offsets[0] = len(members[0].data)
    changed = page.ask()
    assert changed.status_code == 226
    assert len(changed.content) * 20 < len(whole.content)
    (group,) = client.query_series(SeriesQuery([LineRequest(**line) for line in lines], points=500)).groups
    assert 250 < len(group.x) <= 500
    assert group.x[0] == pytest.approx(1.0, abs=2.0)
    assert max(one for one in group.maximum if one is not None) == 1.0


def test_another_key_gets_whole_answers(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    send(client, Journal(id="mine", run="mine").log(0, loss=1.0))
    page = Page(server, "/api/runs/query", TABLE)
    tag = page.ask().headers["ETag"]
    send(client, Journal(id="later", run="later").log(0, loss=1.0))
    secret = client.create_key(KeyCreate("other", "read")).key
    headers = {"Authorization": f"Bearer {secret}", "A-IM": "json-delta", "If-None-Match": tag}
    answer = requests.post(f"{server.url}/api/runs/query", json=TABLE, headers=headers, timeout=20)
    assert answer.status_code == 200
    assert page.ask().status_code == 226


def test_answers_to_get_have_tags_and_others_have_none(served: tuple[Client, ServerFile]) -> None:
    _, server = served
    headers = {"Authorization": f"Bearer {server.token}"}
    first = requests.get(f"{server.url}/api/projects", headers=headers, timeout=20)
    again = requests.get(
        f"{server.url}/api/projects", headers=headers | {"If-None-Match": first.headers["ETag"]}, timeout=20
    )
    assert (again.status_code, again.content) == (304, b"")
    plain = requests.post(f"{server.url}/api/runs/query", json=TABLE, headers=headers, timeout=20)
    assert "ETag" not in plain.headers
    missing = requests.get(f"{server.url}/api/runs/nobody", headers=headers, timeout=20)
    assert (missing.status_code, "ETag" in missing.headers) == (404, False)


def test_compressed_events_arrive_at_once(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    headers = {"Authorization": f"Bearer {server.token}", "Accept-Encoding": "gzip"}
    with requests.get(f"{server.url}/api/live", headers=headers, stream=True, timeout=20) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        text = b""
        send(client, Journal(id="live", run="live").log(0, loss=1.0))
        while b'"id":"live"' not in text:  # the timeout ends it
            text += inflater.decompress(answer.raw.read1(65536, decode_content=False))
