"""Authenticates every request by an API key.

The key is a bearer token, the password of HTTP Basic, or the cookie of a logged-in browser. A framed view
(`routes/views.py`) sends a token that stands for the key and can only read.

The cookie does not contain the key (see `sessions.py`), and it is valid only for requests that our own pages make.
"""

from __future__ import annotations

import ipaddress
import time
from datetime import datetime, timezone
from functools import partial
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightning_sweeps.messages import AuditEntry, Problem
from lightning_sweeps.server.security import permissions, sessions
from lightning_sweeps.server.security.api_keys import ApiKeys, Credential, KnownKey, given_key
from lightning_sweeps.server.security.hosts import Hosts
from lightning_sweeps.server.web import pages
from lightning_sweeps.server.web.problems import answer
from lightning_sweeps.store import api_keys as key_table

CHALLENGE = 'Bearer realm="lightning-sweeps", Basic realm="lightning-sweeps (any name, the API key as password)"'
IPV6_PREFIX = 64


class KeyRequired:
    """ASGI middleware that answers 401 to every request without a valid API key."""

    def __init__(self, app: ASGIApp, keys: ApiKeys, hosts: Hosts, failures: permissions.FailedAttempts) -> None:
        self._app = app
        self._keys = keys
        self._hosts = hosts
        self._failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._is_known_host(headers):
            problem = Problem("this server does not answer under that host name", "allow it with `--allowed-host`")
            await answer(421, problem)(scope, receive, send)
            return
        given = given_credential(scope)
        key = await self._holder(given)
        _note_known(scope, is_known=key is not None)
        if given is not None and key is not None:
            await self._authorize(given, key, scope, receive, send)
        elif pages.is_open(scope.get("path", "")):
            scope.setdefault("state", {})["key_name"] = None
            await self._app(scope, receive, send)
        elif pages.is_navigation(scope):
            await pages.not_logged_in(scope)(scope, receive, send)
        elif given is None or given.kind == "session":
            await _unauthorized("the request carries no API key")(scope, receive, send)
        elif self._failures.is_over(address_of(scope), now=time.monotonic()):
            self._failures.note(address_of(scope), now=time.monotonic())
            await too_many_failures()(scope, receive, send)
        else:
            self._failures.note(address_of(scope), now=time.monotonic())
            await _unauthorized(await run_in_threadpool(self._why_refused, given.secret))(scope, receive, send)

    def _is_known_host(self, headers: Headers) -> bool:
        """Return whether the Host header is allowed. Requests with a bearer token may use any: see `hosts.py`."""
        has_token = headers.get("authorization", "").lower().startswith("bearer ")
        return has_token or self._hosts.allow(headers.get("host", ""))

    async def _holder(self, given: Credential | None) -> KnownKey | None:
        if given is None:
            return None
        return self._keys.cached_holder(given) or await run_in_threadpool(self._keys.holder, given)

    async def _authorize(self, given: Credential, key: KnownKey, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request whose key is valid, if the role of the key allows it."""
        method, path, name, role = scope.get("method", "GET"), scope.get("path", ""), key.name, key.role
        is_view = given.kind == "view"
        if is_view and not permissions.may_view(method, path):
            problem = Problem("a framed view can only read", "open the dashboard itself: `lightning-sweeps ui`")
            await answer(403, problem)(scope, receive, send)
            return
        if not permissions.may(role, method, path):
            problem = permissions.refused_role(name, role, permissions.needed(method, path))
            await answer(403, problem)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(
            key_name=name,
            role="read" if is_view else role,
            projects=key.projects,
            is_still_valid=partial(self._keys.is_valid, given),
        )
        if permissions.is_audited(method, path):
            await self._call_audited(name, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _call_audited(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, and write it with its status into the audit log before it is answered."""
        is_noted = False

        async def note(status: int) -> None:
            nonlocal is_noted
            is_noted = True
            entry = AuditEntry(time.time(), name, scope.get("method", "GET"), scope.get("path", ""), status)
            await run_in_threadpool(self._note, entry)

        async def note_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                await note(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, note_and_send)
        finally:
            if not is_noted:
                await note(0)

    def _why_refused(self, key: str) -> str:
        expired = self._keys.expiry_of(key)
        if expired is None:
            return "this server does not know this API key"
        moment = datetime.fromtimestamp(expired[1], timezone.utc)
        return f"the API key `{expired[0]}` expired at {moment:%Y-%m-%d %H:%M} UTC"

    def _note(self, entry: AuditEntry) -> None:
        with self._keys.store.write() as connection:
            key_table.add_audit_entry(connection, entry)


def given_credential(scope: Scope) -> Credential | None:
    """Return what a request carries: a key or a token in its header, or else the session of a browser."""
    connection = HTTPConnection(scope)
    authorization = connection.headers.get("authorization", "")
    if authorization:
        key = given_key(authorization)
        if key is not None and key.startswith(sessions.VIEW_PREFIX):
            return Credential("view", key.removeprefix(sessions.VIEW_PREFIX))
        return None if key is None else Credential("key", key)
    token = connection.cookies.get(sessions.cookie_name(pages.port(scope)), "")
    if not token or not is_from_own_page(scope.get("method", "GET"), connection.headers):
        return None
    return Credential("session", token)


def address_of(scope: Scope) -> str:
    """Return the address that wrong keys are counted for. Hosts have whole networks of IPv6 addresses."""
    host = str((scope.get("client") or ("", 0))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False)) if address.version == 6 else host


def too_many_failures() -> Response:
    """Return the response to an address that has sent too many wrong keys."""
    problem = Problem("this address has sent too many wrong API keys", "wait a minute, then try again")
    return answer(429, problem, {"Retry-After": f"{permissions.WITHIN_S:.0f}"})


def _unauthorized(message: str) -> Response:
    hint = "send `Authorization: Bearer <key>`; clients read the key from LIGHTNING_SWEEPS_API_KEY"
    return answer(401, Problem(message, hint), {"WWW-Authenticate": CHALLENGE})


def is_from_program(headers: Headers) -> bool:
    """Return whether no browser sent a request: browsers name the origin of every POST."""
    return "origin" not in headers and "sec-fetch-site" not in headers


def _note_known(scope: Scope, *, is_known: bool) -> None:
    """Tell the connection whether its request has a valid key: others may be closed to make room."""
    connection = scope.get("state", {}).get("connection")
    if connection is not None:
        connection.is_known = is_known


def is_from_own_page(method: str, headers: Headers) -> bool:
    """Return whether a request with a cookie comes from this server's pages or from the browser's address bar.

    The cookie is SameSite=Strict. This check also keeps out other ports of the same host, which are the same site.
    """
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    if method in ("GET", "HEAD"):
        return True
    return urlsplit(headers.get("origin", "")).netloc == headers.get("host", "") != ""
