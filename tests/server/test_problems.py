"""Error responses have one form and the right status, and reveal no internals."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from lightning_sweeps.errors import (
    Fault,
    JournalError,
    LightningSweepsError,
    NotFound,
    OffsetConflict,
    ServerRefused,
    SweepFileError,
    UsageError,
)
from lightning_sweeps.server.web import problems


def answer_to(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return the response of an application with one route, which raises `error`."""
    app = FastAPI()
    problems.install(app)

    @app.get("/")
    def fail() -> None:
        raise error

    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    try:
        asyncio.run(app(scope, receive, send))
    except type(error):
        pass  # an unexpected one goes on to the server, which logs it
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (NotFound("no run `x`"), 404, "no run `x`"),
        (ServerRefused("not now", status=409), 409, "not now"),
        (UsageError("bad"), 422, "bad"),
        (JournalError("bad journal"), 422, "bad journal"),
        (LightningSweepsError("busy"), 503, "busy"),
        (OperationalError("SELECT secret", {}, Exception("host 10.0.0.1")), 503, "the server's database"),
        (RuntimeError("secret"), 500, "failed in the server"),
    ],
)
def test_status_and_body(error: Exception, status: int, message: str) -> None:
    found, body = answer_to(error)
    assert found == status and message in body["message"]
    assert body.keys() == {"message", "hint", "faults"} and "secret" not in json.dumps(body)


def test_a_conflict_carries_the_offset() -> None:
    assert answer_to(OffsetConflict(17)) == (409, {"offset": 17, "commands": []})


def test_a_response_lists_every_fault_of_a_sweep_file() -> None:
    status, body = answer_to(SweepFileError([Fault(3, "method", "is `x`"), Fault(0, "", "is empty")]))
    assert status == 422
    assert body["faults"] == [
        {"line": 3, "key": "method", "message": "is `x`"},
        {"line": 0, "key": "", "message": "is empty"},
    ]
