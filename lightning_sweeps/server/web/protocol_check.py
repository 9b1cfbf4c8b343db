"""Rejects clients that speak none of the server's protocols, and tells all others which ones it speaks."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from lightning_sweeps.core import protocol
from lightning_sweeps.errors import Incompatible
from lightning_sweeps.messages import Problem
from lightning_sweeps.server.web.answer_headers import with_headers
from lightning_sweeps.server.web.problems import answer


class ProtocolCheck:
    """ASGI middleware. A request without the header, for example of a browser, is accepted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def add(headers: MutableHeaders) -> None:
            headers[protocol.HEADER] = protocol.THIS.header

        send_with_header = with_headers(send, add)
        given = Headers(scope=scope).get(protocol.HEADER)
        try:
            if given is not None:
                protocol.check(client=protocol.read_header(given), server=protocol.THIS)
        except Incompatible as error:
            refusal = answer(protocol.STATUS, Problem(error.message, error.hint or ""))
            await refusal(scope, receive, send_with_header)
            return
        await self._app(scope, receive, send_with_header)
