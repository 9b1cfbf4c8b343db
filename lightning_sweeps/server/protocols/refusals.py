"""Gives a refusal the form that the client of another tool reads, also where the request did not reach its routes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIRST_ERROR = 400


@dataclass(frozen=True, slots=True)
class ClientForm:
    """How the clients of a tool read a refusal.

    Attributes:
        is_of_client: returns whether only these clients ask for a path.
        fields: returns the fields that they read, from the status and the `Problem` of a refusal.
        marker: the field that a refusal in their form has already.
    """

    is_of_client: Callable[[str], bool]
    fields: Callable[[int, Mapping[str, Any]], dict[str, Any]]
    marker: str


class ClientRefusals:
    """ASGI middleware that adds the fields that a client reads to every `Problem` that answers it."""

    def __init__(self, app: ASGIApp, forms: Sequence[ClientForm]) -> None:
        self._app = app
        self._forms = forms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            form = next((one for one in self._forms if one.is_of_client(scope["path"])), None)
            if form is not None:
                send = _Rewriter(send, form).send
        await self._app(scope, receive, send)


def in_the_clients_form(form: ClientForm, status: int, body: bytes) -> bytes:
    """Return a `Problem` with the fields that a client reads; another body as it is."""
    try:
        problem: Any = json.loads(body)
    except ValueError:
        return body
    if not isinstance(problem, dict) or form.marker in problem or not problem.get("message"):
        return body
    return json.dumps(problem | form.fields(status, problem)).encode()


def one_line(message: str, hint: str | None) -> str:
    """Return a message with its hint: clients show one text."""
    return f"{message} ({hint})" if hint else message


class _Rewriter:
    """Holds a refusal back until its body is complete."""

    def __init__(self, send: Send, form: ClientForm) -> None:
        self._send = send
        self._form = form
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
        body = in_the_clients_form(self._form, start["status"], self._body)
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
