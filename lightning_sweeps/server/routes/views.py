"""One view of the dashboard inside another page, such as a notebook's cell: who may frame it, and who may read in it.

A cookie is of no use there: browsers send none to a frame of another site. What a notebook holds is a ticket, which is
exchanged once, soon, for a token that the framed page keeps to itself; the token reads, and nothing else. A notebook
that was saved or sent around holds a ticket that is used up.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse

from lightning_sweeps.errors import NotFound, ServerRefused, UsageError
from lightning_sweeps.messages import ViewTicket, ViewToken
from lightning_sweeps.server.context import KeyNameDep
from lightning_sweeps.server.routes.dashboard import KeysDep, UsedLinksDep, index_file
from lightning_sweeps.server.security import sessions
from lightning_sweeps.server.web import pages

OPEN_PATH = f"{pages.VIEW_PREFIX}open"
NEAR = ("http://localhost:*", "https://localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*")
EDITOR = ("vscode-webview:", "vscode-file:")
"""The pages of this machine's own Jupyter and editors; no site of the web has one of these origins."""
ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:(\d{1,5}|\*))?")
MOST_BYTES = 1000

router = APIRouter(tags=["dashboard"])


def framing(given: Iterable[str] = ()) -> str:
    """Return the Content-Security-Policy of a framed view: `given` origins may frame it besides this machine's own.

    Raises:
        UsageError: one of them is no origin.
    """
    others = list(given)
    for origin in others:
        if ORIGIN.fullmatch(origin) is None:
            hint = "allowed are `https://host`, `https://*.host`, with `:port` or `:*` behind it"
            raise UsageError(f"`{origin}` is no origin of pages that may show a view", hint=hint)
    policy = pages.SECURITY_HEADERS["Content-Security-Policy"]
    policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join([*NEAR, *EDITOR, *others])}")
    return policy.replace("media-src 'self'", "media-src 'self' blob:")


@router.post("/api/views")
def make_ticket(keys: KeysDep, key_name: KeyNameDep) -> ViewTicket:
    """Make a ticket that opens one view in a page that frames it, once and soon; what it opens only reads."""
    key_digest = keys.digest_of(key_name)
    if key_digest is None:
        raise NotFound("this API key was just taken away")
    expires = time.time() + sessions.TICKET_S
    return ViewTicket(pages.VIEW_PREFIX, sessions.issue("ticket", key_digest, expires=expires), expires)


@router.post(OPEN_PATH, include_in_schema=False)
async def open_view(request: Request, keys: KeysDep, used: UsedLinksDep) -> Response:
    """Exchange a ticket for a token."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise UsageError("that is no ticket")
    ticket = body.decode("utf-8", "replace")
    name = keys.name_of_token("ticket", ticket)
    key_digest = None if name is None else keys.digest_of(name)
    if key_digest is None or not used.use(ticket, now=time.time()):
        raise ServerRefused("This view was opened before, or its time is over.", status=401)
    expires = time.time() + sessions.VIEW_S
    token = ViewToken(sessions.VIEW_PREFIX + sessions.issue("view", key_digest, expires=expires), expires)
    return Response(msgspec.json.encode(token), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get(pages.VIEW_PREFIX + "{path:path}", include_in_schema=False)
def framed_page(request: Request) -> Response:
    """Answer with the dashboard's page, which shows the one view and nothing around it."""
    if not index_file().exists():
        answer: Response = pages.not_built_page()
        style = answer.headers["Content-Security-Policy"]
        ancestors = request.app.state.framing.partition("frame-ancestors")[2]
        answer.headers["Content-Security-Policy"] = style.replace(
            "frame-ancestors 'none'", f"frame-ancestors{ancestors}"
        )
        return answer
    policy = {"Content-Security-Policy": request.app.state.framing, "Cache-Control": "no-cache"}
    return FileResponse(index_file(), headers=pages.SECURITY_HEADERS | policy)
