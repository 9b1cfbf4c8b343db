"""Serves one view of the dashboard inside another page, such as a notebook cell.

Browsers send no cookie to a frame of another site. The notebook therefore holds a ticket. The framed page exchanges
the ticket, once and soon, for a token that it keeps in memory and that can only read. A notebook that is saved or
shared holds a ticket that was already used.
"""

from __future__ import annotations

import time

import msgspec
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.errors import NotFound, ServerRefused, UsageError
from lightning_sweeps.messages import ViewTicket, ViewToken
from lightning_sweeps.server.context import KeyNameDep, KeysDep
from lightning_sweeps.server.routes.static_files import browser_url, built_page, index_file
from lightning_sweeps.server.security import sessions
from lightning_sweeps.server.security.api_keys import ApiKeys
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web import pages

OPEN_PATH = f"{pages.VIEW_PREFIX}open"
MAX_TICKET_BYTES = 1000

router = scoped_router("dashboard")


@router.post("/api/views")
def make_ticket(request: Request, keys: KeysDep, key_name: KeyNameDep) -> ViewTicket:
    """Make a ticket that opens one read-only view in another page, once."""
    key_digest = keys.digest_of(key_name)
    if key_digest is None:
        raise NotFound("this API key was revoked a moment ago")
    expires = time.time() + sessions.TICKET_S
    ticket = sessions.issue("ticket", key_digest, expires=expires)
    return ViewTicket(pages.VIEW_PREFIX, ticket, expires, browser_url(request))


@router.post(OPEN_PATH, include_in_schema=False)
async def open_view(request: Request, keys: KeysDep) -> Response:
    """Exchange a ticket for a token."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_TICKET_BYTES:
            raise UsageError("the request does not carry a ticket")
    ticket = body.decode("utf-8", "replace")
    key_digest = await run_in_threadpool(_spend, keys, ticket)
    if key_digest is None:
        raise ServerRefused("This view was opened before, or it has expired.", status=401)
    expires = time.time() + sessions.VIEW_S
    token = ViewToken(sessions.VIEW_PREFIX + sessions.issue("view", key_digest, expires=expires), expires)
    return Response(msgspec.json.encode(token), media_type="application/json", headers={"Cache-Control": "no-store"})


def _spend(keys: ApiKeys, ticket: str) -> str | None:
    """Return the digest of the key that made a ticket, or None if the ticket is not valid any more."""
    name = keys.name_of_token("ticket", ticket)
    if name is None or not sessions.spend(keys.store, "ticket", ticket, now=time.time()):
        return None
    return keys.digest_of(name)


@router.get(pages.VIEW_PREFIX + "{path:path}", include_in_schema=False)
def framed_page(request: Request) -> Response:
    """Return the dashboard's page, which then shows only the one view."""
    if not index_file().exists():
        answer: Response = pages.not_built_page()
        style = answer.headers["Content-Security-Policy"]
        ancestors = request.app.state.framing.partition("frame-ancestors")[2]
        answer.headers["Content-Security-Policy"] = style.replace(
            "frame-ancestors 'none'", f"frame-ancestors{ancestors}"
        )
        return answer
    return built_page(request, request.app.state.framing)
