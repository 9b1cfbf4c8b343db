"""Sessions, login links and streams end when they should, on every server of a database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.messages import AgentRegister, KeyCreate, KeyCreated, SweepCreate
from tests.servers import running_server, wait_until
from tests.store.journals import Journal

END_S = 5.0
HTML = {"Accept": "text/html"}
CONFIG = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [1]}}}


@pytest.fixture
def served(tmp_path: Path, database: str) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(tmp_path / "home", database) as server:
        yield server


def open_stream(server: ServerFile, session: requests.Session) -> requests.Response:
    answer = session.get(f"{server.url}/api/live", stream=True, timeout=30)
    assert answer.status_code == 200
    return answer


def seconds_until_end(stream: requests.Response) -> float:
    started = time.monotonic()
    for _ in stream.iter_content(None):
        assert time.monotonic() - started < 4 * END_S
    return time.monotonic() - started


@contextmanager
def logged_in(client: Client, server: ServerFile) -> Iterator[requests.Session]:
    """Provide a browser that has followed a login link."""
    with requests.Session() as browser:
        assert browser.get(server.url + client.login_link().path, headers=HTML, timeout=10).status_code == 200
        assert browser.cookies
        yield browser


def with_key(made: KeyCreated) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {made.key}"
    return session


@pytest.mark.parametrize("how", ["revoked here", "revoked by another server", "expired"])
def test_a_stream_ends_with_its_key(tmp_path: Path, served: tuple[Client, ServerFile], database: str, how: str) -> None:
    client, server = served
    made = client.create_key(KeyCreate("short", "read", 2.0 if how == "expired" else None))
    with with_key(made) as session, open_stream(server, session) as stream:
        if how == "revoked here":
            client.revoke_key("short")
        elif how == "revoked by another server":
            with running_server(tmp_path / "other", database) as (other, _):
                other.revoke_key("short")
        assert seconds_until_end(stream) < END_S + (2 if how == "expired" else 0)
        assert session.get(f"{server.url}/api/runs", timeout=10).status_code == 401
    client.projects()


def test_a_waiting_agent_is_released_when_its_key_is_revoked(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    sweep = client.create_sweep(SweepCreate(CONFIG, project="p"))
    made = client.create_key(KeyCreate("agent"))
    with Client(server.url, made.key) as agent:
        ids = [agent.register_agent(sweep.id, AgentRegister("host", "node", 1, slot)).agent.id for slot in range(2)]
        client.set_sweep_state(sweep.id, "paused")
        with with_key(made) as session:
            client.revoke_key("agent")
            started = time.monotonic()
            session.post(f"{server.url}/api/agents/{ids[0]}/lease", params={"wait_s": 60}, timeout=30)
            assert time.monotonic() - started < END_S


def test_logout_ends_the_session_and_its_streams(
    tmp_path: Path, served: tuple[Client, ServerFile], database: str
) -> None:
    client, server = served
    with logged_in(client, server) as browser, logged_in(client, server) as other_browser:
        copied = dict(browser.cookies)
        with open_stream(server, browser) as stream:
            headers = {"Origin": server.url}
            assert browser.post(f"{server.url}/api/logout", headers=headers, timeout=10).status_code == 200
            assert seconds_until_end(stream) < END_S
        assert not browser.cookies
        assert requests.get(f"{server.url}/api/runs", cookies=copied, timeout=10).status_code == 401
        assert other_browser.get(f"{server.url}/api/runs", timeout=10).status_code == 200


def test_a_login_link_works_once_over_restarts_and_servers(tmp_path: Path, database: str) -> None:
    with running_server(tmp_path / "home", database) as (client, server):
        used, unused = client.login_link().path, client.login_link().path
        assert requests.get(server.url + used, headers=HTML, timeout=10).status_code == 200
        ticket = requests.post(
            f"{server.url}/api/views", headers={"Authorization": f"Bearer {server.token}"}, timeout=10
        )
        given = ticket.json()["ticket"]
        assert requests.post(f"{server.url}/embed/open", data=given, timeout=10).status_code == 200
        with running_server(tmp_path / "other", database) as (_, other):
            assert requests.get(other.url + used, headers=HTML, timeout=10).status_code == 401
            assert requests.post(f"{other.url}/embed/open", data=given, timeout=10).status_code == 401
    with running_server(tmp_path / "home", database) as (_, server):
        again = requests.get(server.url + used, headers=HTML, timeout=10)
        assert again.status_code == 401 and "used before" in again.text
        assert requests.get(server.url + unused, headers=HTML, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
    ],
    ids=["other origin", "cross-site", "other port", "no origin"],
)
def test_another_site_cannot_log_a_browser_in(served: tuple[Client, ServerFile], headers: dict[str, str]) -> None:
    client, server = served
    form = {"key": server.token}
    refused = requests.post(f"{server.url}/login", data=form, headers=headers, timeout=10)
    assert refused.status_code == 403 and not refused.cookies
    link = client.login_link().path
    if headers.get("Sec-Fetch-Site"):
        asked = requests.get(server.url + link, headers=HTML | headers, timeout=10)
        assert asked.status_code == 200 and not asked.cookies and 'name="link"' in asked.text
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    confirmed = requests.post(f"{server.url}/login", data={"link": link.partition("link=")[2]}, headers=own, timeout=10)
    assert confirmed.status_code == 200 and confirmed.cookies
    assert requests.post(f"{server.url}/login", data=form, headers=own, timeout=10).cookies
    assert requests.post(f"{server.url}/login", data=form, timeout=10).cookies, "a program"


def test_streams_share_what_they_read_and_miss_nothing(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {server.token}"
        streams = [open_stream(server, session) for _ in range(8)]
        journal = Journal().log(0, loss=1.0)
        client.send_journal(journal.id, 0, journal.data)

        def has_run(stream: requests.Response) -> bool:
            return any(b'"run-1"' in line for line in stream.iter_lines())

        try:
            assert all(has_run(stream) for stream in streams)
        finally:
            for stream in streams:
                stream.close()
    wait_until(lambda: client.health().status == "ok")
