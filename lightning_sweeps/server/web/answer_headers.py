"""Sends the headers of every answer: which start of the server it is from, and what browsers may not do with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightning_sweeps.core import protocol
from lightning_sweeps.server.web.pages import API_PREFIX


class AnswerHeaders:
    """ASGI middleware: `nosniff` on every answer, and `no-store` on those of the API that say nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._start = secrets.token_hex(8)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def add(headers: MutableHeaders) -> None:
            headers["X-Content-Type-Options"] = "nosniff"
            if scope["path"].startswith(API_PREFIX):
                headers[protocol.START_HEADER] = self._start
                headers.setdefault("Cache-Control", "no-store")

        await self._app(scope, receive, with_headers(send, add))


def with_headers(send: Send, add: Callable[[MutableHeaders], None]) -> Send:
    """Return a `send` that lets `add` change the headers of the answer."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            add(MutableHeaders(scope=message))
        await send(message)

    return send_with_headers
