"""A server that holds too many journal bytes rejects more, and accepts the same bytes later."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI, Request
from starlette.types import Message

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.server.routes import journals
from lightning_sweeps.server.web.intake import Intake


def test_one_part_is_always_taken_and_more_must_wait() -> None:
    intake = Intake(limit_bytes=100)
    intake.take(150)  # alone: it could never be taken otherwise
    with pytest.raises(ServerRefused) as refusal:
        intake.take(1)
    assert refusal.value.status == 429 and refusal.value.hint
    intake.give_back(150)
    intake.take(60)
    intake.take(40)
    assert intake.held_bytes == 100


def request(app: FastAPI, *parts: bytes) -> Request:
    messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b""})

    async def receive() -> Message:
        return messages.pop(0)

    return Request({"type": "http", "method": "POST", "headers": [], "app": app}, receive)


def test_held_bytes_are_released_even_if_the_request_is_rejected() -> None:
    app = FastAPI()
    app.state.intake = intake = Intake(limit_bytes=1000)

    async def read() -> bytes:
        bodies = journals.read_body(request(app, b"a" * 40, b"b" * 60))
        body = await anext(bodies)
        assert intake.held_bytes == 100
        await bodies.aclose()  # type: ignore[attr-defined]  # as FastAPI does after the answer
        return body

    intake.take(950)
    with pytest.raises(ServerRefused) as refusal:
        asyncio.run(read())
    assert refusal.value.status == 429 and intake.held_bytes == 950
    intake.give_back(950)
    assert asyncio.run(read()) == b"a" * 40 + b"b" * 60
    assert intake.held_bytes == 0
