"""Every route needs an API key."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import requests

from lightning_sweeps.server.security.api_keys import KNOWN_FOR_S, ApiKeys, digest, given_key, keep_key, new_key
from lightning_sweeps.store.database import open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate
from tests.servers import running_server

EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": "Bearer ls_wrong"},
    {"Authorization": "Bearer"},
    {"Authorization": "Basic !!!"},
    {"Authorization": "Basic " + base64.b64encode(b"user:wrong").decode()},
    {"Authorization": "Digest x"},
)


def test_every_route_rejects_requests_without_a_key(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as (_, server), requests.Session() as session:
        listed = session.get(f"{server.url}/api/openapi.json", headers={"Authorization": f"Bearer {server.token}"})
        paths = ["/", "/api/docs", "/api/openapi.json", "/docs/oauth2-redirect", "/nothing", *listed.json()["paths"]]
        assert len(paths) > 20
        for path in paths:
            for number, method in enumerate(EVERY_METHOD):
                answer = session.request(method, server.url + path, headers=HEADERS[number % len(HEADERS)], timeout=5)
                assert answer.status_code in (401, 429), (method, path)  # 429: so many wrong keys from here
                assert answer.headers["WWW-Authenticate" if answer.status_code == 401 else "Retry-After"]
                if method != "HEAD":
                    assert answer.json().keys() == {"message", "hint", "faults"}


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic " + base64.b64encode(b"me:a:b").decode(), "a:b"),
        ("Basic " + base64.b64encode(b"me").decode(), None),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), None),
        ("Bearer ", None),
        ("abc", None),
        ("", None),
    ],
)
def test_given_key(header: str, key: str | None) -> None:
    assert given_key(header) == key


def test_the_database_stores_no_key_and_a_new_key_replaces_the_old_one(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "test.db"))
    migrate(store)
    first, second = new_key(), new_key()
    assert first != second and len(first) > 40
    keep_key(store, first, name="here", now=0.0)
    keep_key(store, first, name="there", now=0.0)  # two servers with the same key
    assert ApiKeys(store).name_of(first) == "here"
    keep_key(store, second, name="here", now=0.0)
    keys = ApiKeys(store)
    assert (keys.name_of(second), keys.name_of(first), keys.name_of("")) == ("here", None, None)
    store.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("test.db*"))
    assert first.encode() not in stored and second.encode() not in stored and digest(second).encode() in stored
    assert KNOWN_FOR_S <= 10
