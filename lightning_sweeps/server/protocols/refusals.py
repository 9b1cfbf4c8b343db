"""Gives a refusal the form that the client of another tool reads, also where the request did not reach its routes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightning_sweeps.server.web import problems

FIRST_ERROR = 400
NOT_IMPLEMENTED = 501
FINAL_STATUSES = {500: NOT_IMPLEMENTED, 507: NOT_IMPLEMENTED}
"""What clients of other tools get instead of a status that they would repeat the request for, some for hours.

A fault of this server is still there when the request is repeated, and a project over its quota is, too. All these
clients repeat a request after 500 and 507, and none does after 501. After 503 they do, and may: the database returns.
"""

_log = logging.getLogger(__name__)


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
    """ASGI middleware that adds the fields that a client reads to every `Problem` that answers it.

    A fault of this server becomes a `Problem` here, so that the client can read that, too.
    """

    def __init__(self, app: ASGIApp, forms: Sequence[ClientForm]) -> None:
        self._app = app
        self._forms = forms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = None
        if scope["type"] == "http":
            form = next((one for one in self._forms if one.is_of_client(scope["path"])), None)
        if form is None:
            await self._app(scope, receive, send)
            return
        rewriter = _Rewriter(send, form)
        try:
            await self._app(scope, receive, rewriter.send)
        except Exception:
            if rewriter.has_begun:
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            await rewriter.send_problem(500, asdict(problems.fault(scope["method"], scope["path"])))


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
        self.has_begun = False
        """Whether the client has got a part of the response."""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= FIRST_ERROR:
            self._start = message
        elif self._start is None:
            self.has_begun = True
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_all(self._start)

    async def send_problem(self, status: int, problem: dict[str, Any]) -> None:
        """Answer with a `Problem`."""
        self._body = json.dumps(problem).encode()
        headers = [(b"content-type", b"application/json")]
        await self._send_all({"type": "http.response.start", "status": status, "headers": headers})

    async def _send_all(self, start: Message) -> None:
        body = in_the_clients_form(self._form, start["status"], self._body)
        start["status"] = FINAL_STATUSES.get(start["status"], start["status"])
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        self.has_begun = True
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
