"""Limits the size of every request before anything parses it: its query, its ranges, and its JSON body.

A body in a format of our own (journals, blobs) is not JSON. Its route reads it with a limit of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import Problem
from lightning_sweeps.server.web.intake import Intake
from lightning_sweeps.server.web.json_shape import json_shape
from lightning_sweeps.server.web.problems import answer

MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_HELD_BYTES = 16 * 1024 * 1024
"""Limit of the JSON bodies that one API key may have in memory at the same time."""
MAX_DEPTH = 64
"""How deep lists and objects may be nested in each other."""
MAX_VALUES = 100_000
MAX_QUERY_BYTES = 16_384
MAX_PARAMETERS = 100
MAX_RANGES = 10
CHECKED_AT_ONCE_BYTES = 65_536
"""Larger bodies are checked in a thread, so that other requests do not wait."""

OWN_FORMATS = (
    *("/api/journals", "/api/blobs/", "/files/", "/wandb/files/", "/wandb/artifacts/", "/sdk/otel/"),
    "/api/2.0/mlflow-artifacts/artifacts/",
)


class RequestLimits:
    """ASGI middleware that rejects requests that are too large or nested too deeply."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._intakes: defaultdict[str | None, Intake] = defaultdict(lambda: Intake(MAX_HELD_BYTES))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_head(scope)
            if scope["path"].startswith(OWN_FORMATS):
                await self._app(scope, receive, send)
                return
            key_name = scope.get("state", {}).get("key_name")
            async with _body(receive, self._intakes[key_name]) as body:
                await _check(body)
                await self._app(scope, _replay(body, receive), send)
        except _TooLarge as refused:
            problem = Problem(refused.message, refused.hint or "/api/docs describes every request")
            await answer(refused.status, problem)(scope, receive, send)
        except ClientDisconnect:
            return


class _TooLarge(ServerRefused):
    """The request is too large. Only this file raises it, before the application starts."""


def _check_head(scope: Scope) -> None:
    """Check the query and the Range header.

    Raises:
        _TooLarge: one of them is too long.
    """
    query: bytes = scope["query_string"]
    if len(query) > MAX_QUERY_BYTES or query.count(b"&") >= MAX_PARAMETERS:
        raise _TooLarge(
            f"the query has {len(query)} bytes and {query.count(b'&') + 1} parameters, allowed: {MAX_QUERY_BYTES} bytes"
            f" and {MAX_PARAMETERS} parameters",
            status=422,
        )
    ranges = Headers(scope=scope).get("range", "").count(",") + 1
    if ranges > MAX_RANGES:
        raise _TooLarge(f"the request asks for {ranges} ranges, allowed: {MAX_RANGES}", status=422)


@asynccontextmanager
async def _body(receive: Receive, intake: Intake) -> AsyncIterator[bytes]:
    """Read the body of a request. Its bytes count toward the limit of the intake until the end of the block.

    The rest of a body that is too long is read and dropped, so that the sender can read the response.

    Raises:
        _TooLarge: the body is too long (413), or the intake is full (429).
        ClientDisconnect: the client is gone.
    """
    parts: list[bytes] = []
    size_bytes = held_bytes = 0
    refusal: _TooLarge | None = None
    try:
        is_complete = False
        while not is_complete:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part: bytes = message.get("body", b"")
            is_complete = not message.get("more_body", False)
            size_bytes += len(part)
            if refusal is None and size_bytes <= MAX_BODY_BYTES:
                try:
                    intake.take(len(part))
                except ServerRefused as full:
                    refusal = _TooLarge(full.message, status=full.status, hint=full.hint)
                    continue
                held_bytes += len(part)
                parts.append(part)
        if size_bytes > MAX_BODY_BYTES:
            raise _TooLarge(f"the body has {size_bytes} bytes, allowed: {MAX_BODY_BYTES}", status=413)
        if refusal is not None:
            raise refusal
        yield b"".join(parts)
    finally:
        intake.give_back(held_bytes)


async def _check(body: bytes) -> None:
    """Check the shape of a body as if it were JSON; other bodies are short.

    Raises:
        _TooLarge: it is not UTF-8, is nested too deeply, or has too many values.
    """
    if b"\0" in body:  # UTF-16 would hide brackets from the check; valid JSON in UTF-8 contains no NUL byte
        raise _TooLarge("the body is not JSON in UTF-8", status=422)
    measure_in_thread = len(body) > CHECKED_AT_ONCE_BYTES
    shape = await run_in_threadpool(json_shape, body) if measure_in_thread else json_shape(body)
    if shape.depth > MAX_DEPTH or shape.values > MAX_VALUES:
        raise _TooLarge(
            f"the body is nested {shape.depth} levels deep and has {shape.values} values,"
            f" allowed: {MAX_DEPTH} levels and {MAX_VALUES} values",
            status=422,
        )


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that delivers a body that was read already, and then what follows."""
    is_delivered = False

    async def deliver() -> Message:
        nonlocal is_delivered
        if is_delivered:
            return await receive()
        is_delivered = True
        return {"type": "http.request", "body": body, "more_body": False}

    return deliver
