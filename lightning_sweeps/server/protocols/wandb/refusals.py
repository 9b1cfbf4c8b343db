"""Gives a refusal the form that wandb clients read, also where the request did not reach a route of theirs."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIRST_ERROR = 400


class ClientRefusals:
    """ASGI middleware that adds `errors` and `error` to every `Problem` that answers a wandb client.

    Without them, a client whose key is not accepted says "no message".
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_of_client(scope["path"]):
            send = _Rewriter(send).send
        await self._app(scope, receive, send)


def is_of_client(path: str) -> bool:
    """Return whether only wandb clients ask for a path."""
    return path == "/graphql" or path.endswith("/file_stream")


def in_the_clients_form(body: bytes) -> bytes:
    """Return a `Problem` with the fields that a client reads; another body as it is."""
    try:
        problem: Any = json.loads(body)
    except ValueError:
        return body
    if not isinstance(problem, dict) or "errors" in problem or not problem.get("message"):
        return body
    return json.dumps(problem | error_fields(problem["message"], problem.get("hint"))).encode()


def error_fields(message: str, hint: str | None) -> dict[str, Any]:
    """Return the fields of a body that say what was wrong, as clients read them."""
    said = one_line(message, hint)
    return {"errors": [{"message": said}], "error": said}


def one_line(message: str, hint: str | None) -> str:
    """Return a message with its hint: clients show one text."""
    return f"{message} ({hint})" if hint else message


class _Rewriter:
    """Holds a refusal back until its body is complete."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= FIRST_ERROR:
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_all(self._start)

    async def _send_all(self, start: Message) -> None:
        body = in_the_clients_form(self._body)
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
