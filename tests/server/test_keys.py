"""Roles, expiry, revocation and the audit log of API keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from lightning_sweeps.cli.key import app as key_command
from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.errors import NotFound, ServerRefused, Unauthorized
from lightning_sweeps.messages import KeyCreate, Role, RunsQuery
from lightning_sweeps.server.security import permissions
from tests.servers import running_server, wait_until
from tests.store.journals import Journal


@pytest.fixture
def served(home: Path, database: str) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(home, database) as server:
        yield server


def is_accepted(client: Client) -> bool:
    try:
        client.projects()
    except Unauthorized:
        return False
    return True


@pytest.mark.parametrize(
    ("role", "method", "path", "is_allowed"),
    [
        ("read", "GET", "/api/runs", True),
        ("read", "POST", "/api/runs/query", True),
        ("read", "POST", "/api/series/query", True),
        ("read", "GET", "/", True),
        ("read", "POST", "/api/journals/j", False),
        ("read", "POST", "/api/sweeps", False),
        ("read", "DELETE", "/api/anything", False),
        ("read", "GET", "/api/keys", False),
        ("write", "POST", "/api/journals/j", True),
        ("write", "POST", "/api/sweeps/x/state", True),
        ("write", "POST", "/api/keys", False),
        ("write", "GET", "/api/audit", False),
        ("admin", "POST", "/api/keys/revoke", True),
    ],
)
def test_permissions_of_each_role(role: Role, method: str, path: str, is_allowed: bool) -> None:
    assert permissions.may(role, method, path) == is_allowed


def test_wrong_keys_are_counted_per_address_for_a_minute() -> None:
    failures = permissions.FailedAttempts()
    for number in range(permissions.MAX_FAILURES):
        assert not failures.is_over("here", now=number)
        failures.note("here", now=number)
    assert failures.is_over("here", now=20) and not failures.is_over("there", now=20)
    assert not failures.is_over("here", now=20 + permissions.WITHIN_S)


def test_a_key_is_accepted_by_its_role_until_it_is_revoked(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    journal = Journal().log(0, loss=1.0)
    made = {role: client.create_key(KeyCreate(f"my {role}", role)) for role in permissions.RANKS}
    with Client(server.url, made["read"].key) as reader, Client(server.url, made["write"].key) as writer:
        with pytest.raises(ServerRefused, match="`my read` has the role `read`, this request needs `write`") as refusal:
            reader.send_journal(journal.id, 0, journal.data)
        assert refusal.value.status == 403
        writer.send_journal(journal.id, 0, journal.data)
        assert reader.query_runs(RunsQuery()).total == 1
        with pytest.raises(ServerRefused, match="needs `admin`"):
            writer.api_keys()
        assert [key.role for key in client.api_keys()] == ["admin", "read", "write", "admin"]
        client.revoke_key("my read")
        wait_until(lambda: not is_accepted(reader), timeout_s=10, what="the revocation")
    with pytest.raises(NotFound, match="no key `nobody`"):
        client.revoke_key("nobody")
    own = client.api_keys()[0].name
    with pytest.raises(ServerRefused, match="the API key of this request"):
        client.revoke_key(own)
    with pytest.raises(ServerRefused, match="already"):
        client.create_key(KeyCreate("my write"))
    headers = {"Authorization": f"Bearer {server.token}"}
    told = requests.get(f"{server.url}/api/audit", headers=headers, timeout=5).json()
    assert [(entry["path"], entry["status"]) for entry in told][:4] == [("/api/keys", 200)] * 3 + [
        ("/api/keys/revoke", 200)
    ]
    assert {entry["key"] for entry in told} == {own}


def test_an_expired_key_is_rejected(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    made = client.create_key(KeyCreate("short", "read", lasts_s=1.0))
    assert made.made.expires is not None
    with Client(server.url, made.key) as late:
        wait_until(lambda: not is_accepted(late), timeout_s=10, what="the expiry")
    with pytest.raises(ServerRefused, match="lasts_s"):
        client.create_key(KeyCreate("never", "read", lasts_s=-1))


def test_too_many_wrong_keys_are_rejected(served: tuple[Client, ServerFile]) -> None:
    client, server = served
    headers = {"Authorization": "Bearer ls_wrong"}
    codes = [requests.get(f"{server.url}/api/runs", headers=headers, timeout=5).status_code for _ in range(25)]
    assert codes[: permissions.MAX_FAILURES] == [401] * permissions.MAX_FAILURES and codes[-1] == 429
    client.projects()  # a request with a valid key is still accepted


def test_the_key_command(home: Path) -> None:
    run = CliRunner()
    with running_server(home):
        made = run.invoke(key_command, ["create", "ann", "--role", "read", "--days", "7"], catch_exceptions=False)
        assert made.exit_code == 0 and "LIGHTNING_SWEEPS_API_KEY=ls_" in made.output
        listed = run.invoke(key_command, ["list"], catch_exceptions=False).output
        assert "ann" in listed and "ls_" not in listed
        assert run.invoke(key_command, ["revoke", "ann"], catch_exceptions=False).exit_code == 0
        assert "ann" not in run.invoke(key_command, ["list"], catch_exceptions=False).output
