"""Bad requests of wandb clients end in errors in the clients' form, at once."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from lightning_sweeps.messages import KeyCreate
from tests.server.protocols.wandb_server import WandbServer
from tests.servers import running_server

VIEWER = "query Viewer { viewer { entity } }"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WandbServer]:
    with running_server(tmp_path_factory.mktemp("server")) as (client, server):
        yield WandbServer(client, server)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("{", "Syntax Error"),
        ("query A { nothing }", "Cannot query field 'nothing'"),
        ("query A { " + "viewer { teams { edges { node { " * 30 + "}" * 120 + "}", "nested too deeply"),
        ("{" * 50_000, "Syntax Error"),
        ("{a " * 1_900, "nested too deeply"),
        ("query A { " + "viewer { id } " * 5_000 + "}", "more than"),
        ("fragment F on User { ...F } query A { viewer { ...F } }", "nested too deeply"),
        ("", "Syntax Error"),
    ],
)
def test_a_document_that_is_not_allowed_is_refused(served: WandbServer, query: str, part: str) -> None:
    answer = served.post("/graphql", {"query": query})
    assert answer.status_code == 400
    assert part in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"query": 1}'])
def test_a_body_that_is_no_request_is_refused(served: WandbServer, body: bytes) -> None:
    answer = served.post("/graphql", body)
    assert answer.status_code in (400, 422)
    assert "body" in str(answer.json())


def test_a_wrong_key_is_refused(served: WandbServer) -> None:
    for answer in (served.post("/graphql", {"query": VIEWER}, key="x" * 40), served.stream("abc", {}, key="x" * 40)):
        assert answer.status_code == 401
        assert "does not know this API key" in answer.json()["errors"][0]["message"]


def test_an_unknown_entity_a_bad_project_and_a_missing_run_are_named(served: WandbServer) -> None:
    named = """mutation A($e: String, $p: String, $n: String) {
        upsertBucket(input: {entityName: $e, modelName: $p, name: $n}) { inserted } }"""
    assert "there is no entity `acme`" in str(served.ask(named, e="acme", p="p", n="a")["errors"])
    assert "the project is named `a/b`" in str(served.ask(named, p="a/b", n="a")["errors"])
    assert "the id of the run is `a/b`" in str(served.ask(named, p="p", n="a/b")["errors"])
    missing = served.stream("missing", {})
    assert missing.status_code == 404
    assert "there is no run `missing`" in missing.json()["errors"][0]["message"]


def test_a_stream_that_is_damaged_or_a_bomb_is_refused(served: WandbServer) -> None:
    served.upsert("bad")
    for body in (b"[", b"[]", b'{"files": 1}', b"[" * 100_000):
        assert served.stream("bad", body).status_code == 422
    packed = {"Content-Encoding": "gzip"}
    assert served.stream("bad", b"no gzip", headers=packed).status_code == 422
    assert served.stream("bad", gzip.compress(b" " * 80_000_000), headers=packed).status_code == 413


def test_roles_and_project_limits_hold(served: WandbServer) -> None:
    reader = served.client.create_key(KeyCreate("reader", role="read")).key
    limited = served.client.create_key(KeyCreate("limited", projects=["other"])).key
    change = {"query": 'mutation A { upsertBucket(input: {name: "a", modelName: "digits"}) { inserted } }'}
    assert "has the role `read`" in str(served.post("/graphql", change, key=reader).json()["errors"])
    assert "is limited to" in str(served.post("/graphql", change, key=limited).json()["errors"])
    assert served.post("/graphql", {"query": VIEWER}, key=reader).ok
    assert served.stream("bad", {}, key=reader).status_code == 403


def test_telemetry_needs_no_key_and_is_dropped(served: WandbServer) -> None:
    assert served.post("/sdk/otel/v1/metrics", b"\x00\x01", key="x").ok
