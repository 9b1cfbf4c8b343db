"""Logs browsers in and out of the dashboard: a login link or an API key is exchanged for a cookie."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, quote

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from lightning_sweeps import __version__
from lightning_sweeps.errors import NotFound
from lightning_sweeps.messages import LoginLink, Session
from lightning_sweeps.server.context import KeyNameDep, KeysDep, StoreDep
from lightning_sweeps.server.routes.static_files import browser_url, index_file
from lightning_sweeps.server.security import sessions
from lightning_sweeps.server.security.api_keys import ApiKeys
from lightning_sweeps.server.security.authentication import (
    address_of,
    given_credential,
    is_from_own_page,
    is_from_program,
    too_many_failures,
)
from lightning_sweeps.server.security.permissions import FailedAttempts
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web import pages

MAX_FORM_BYTES = 10_000
OWN_SITES = ("same-origin", "none")
"""Values of Sec-Fetch-Site: a page of this server, or no page at all, such as the address bar or a terminal."""

router = scoped_router("dashboard")


@router.post("/api/login")
def make_login_link(request: Request, keys: KeysDep, key_name: KeyNameDep) -> LoginLink:
    """Make a link that logs a browser in once, with the role of the API key of this request."""
    key_digest = keys.digest_of(key_name)
    if key_digest is None:
        raise NotFound("this API key was revoked a moment ago")
    expires = time.time() + sessions.LINK_S
    link = sessions.issue("link", key_digest, expires=expires)
    path = f"{pages.LOGIN_PATH}?link={quote(link)}"
    return LoginLink(path, expires, index_file().exists(), browser_url(request))


@router.get("/api/session")
def get_session(request: Request, key_name: KeyNameDep) -> Session:
    """Return the name and the role of the API key of this request."""
    return Session(key_name, __version__, request.state.role)


@router.get(pages.LOGIN_PATH, include_in_schema=False)
def log_in(request: Request, keys: KeysDep, link: str = "", to: str = "/") -> Response:
    """Exchange a login link for a cookie and redirect to the dashboard.

    A link on another site could log its reader in as somebody else, so its reader must confirm it.
    """
    if link and request.headers.get("sec-fetch-site", "none") not in OWN_SITES:
        return pages.confirm_login_page(link, request.app.state.root_path)
    return _exchange(request, keys, link, to)


@router.post(pages.LOGIN_PATH, include_in_schema=False)
async def log_in_by_form(request: Request, keys: KeysDep) -> Response:
    """Exchange an API key, typed into the login page, or a link that the user has confirmed, for a cookie."""
    if not is_from_own_page(request.method, request.headers) and not is_from_program(request.headers):
        return pages.login_page(
            "Another site sent this form. Enter the key here.", status=403, root=request.app.state.root_path
        )
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            return pages.login_page("That is not an API key.", root=request.app.state.root_path)
    form = parse_qs(body.decode("utf-8", "replace"))
    if "link" in form:
        return await run_in_threadpool(_exchange, request, keys, form["link"][0], "/")
    address, now = address_of(request.scope), time.monotonic()
    failures: FailedAttempts = request.app.state.failures
    if failures.is_over(address, now=now):
        return too_many_failures()
    name = await run_in_threadpool(keys.name_of, form.get("key", [""])[0].strip())
    if name is None:
        failures.note(address, now=now)
        return pages.login_page("This server does not know that API key.", root=request.app.state.root_path)
    return _logged_in(request, keys, name, "/")


@router.post("/api/logout")
def log_out(request: Request, store: StoreDep, keys: KeysDep) -> Response:
    """End the session of this browser, on every server of the database, and delete its cookie."""
    given = given_credential(request.scope)
    if given is not None and given.kind == "session":
        sessions.spend(store, "session", given.secret, now=time.time())
        keys.forget()
    answer = Response(status_code=200, content="{}", media_type="application/json")
    answer.delete_cookie(sessions.cookie_name(pages.port(request.scope)), httponly=True, samesite="strict")
    return answer


def _exchange(request: Request, keys: ApiKeys, link: str, to: str) -> Response:
    """Log in by a link, which works once."""
    name = keys.name_of_token("link", link)
    if name is None:
        return pages.login_page(
            "This link is not valid, or it has expired." if link else "", root=request.app.state.root_path
        )
    if not sessions.spend(keys.store, "link", link, now=time.time()):
        return pages.login_page("This link was used before. Each link works once.", root=request.app.state.root_path)
    return _logged_in(request, keys, name, to)


def _logged_in(request: Request, keys: ApiKeys, name: str, to: str) -> Response:
    """Set the browser's cookie and redirect it to a page of this server."""
    key_digest = keys.digest_of(name)
    if key_digest is None:
        return pages.login_page("This API key was revoked a moment ago.", root=request.app.state.root_path)
    own = to if re.fullmatch(r"/(?![/\\])[^\s\\]*", to) else "/"
    answer = pages.redirect_page(request.app.state.root_path + own)
    answer.set_cookie(
        sessions.cookie_name(pages.port(request.scope)),
        sessions.issue("session", key_digest, expires=time.time() + sessions.SESSION_S),
        max_age=int(sessions.SESSION_S),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer
