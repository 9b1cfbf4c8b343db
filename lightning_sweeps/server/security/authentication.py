"""Authenticates every request by an API key.

The key is a bearer token, the password of HTTP Basic, or the cookie of a logged-in browser. A framed view
(`routes/views.py`) sends a token that stands for the key and can only read.

The cookie does not contain the key (see `sessions.py`), and it is valid only for requests that our own pages make.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightning_sweeps.messages import AuditEntry, Problem
from lightning_sweeps.server.security import permissions, sessions
from lightning_sweeps.server.security.api_keys import ApiKeys, given_key
from lightning_sweeps.server.security.hosts import Hosts
from lightning_sweeps.server.web import pages
from lightning_sweeps.server.web.problems import answer
from lightning_sweeps.store import api_keys as key_table

CHALLENGE = 'Bearer realm="lightning-sweeps", Basic realm="lightning-sweeps (any name, the API key as password)"'


class KeyRequired:
    """ASGI middleware that answers 401 to every request without a valid API key."""

    def __init__(self, app: ASGIApp, keys: ApiKeys, hosts: Hosts) -> None:
        self._app = app
        self._keys = keys
        self._hosts = hosts
        self._failures = permissions.FailedAttempts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._is_known_host(headers):
            problem = Problem("this server does not answer under that host name", "allow it with `--allowed-host`")
            await answer(421, problem)(scope, receive, send)
            return
        given = given_key(headers.get("authorization", ""))
        name, is_view = await self._name_and_view(given, scope)
        if name is not None:
            await self._authorize(name, scope, receive, send, is_view=is_view)
        elif pages.is_open(scope.get("path", "")):
            scope.setdefault("state", {})["key_name"] = None
            await self._app(scope, receive, send)
        elif pages.is_navigation(scope):
            await pages.not_logged_in(scope)(scope, receive, send)
        elif given is None or not await self._is_over_limit(scope, receive, send):
            message = await run_in_threadpool(self._why_refused, given)
            hint = "send `Authorization: Bearer <key>`; clients read the key from LIGHTNING_SWEEPS_API_KEY"
            await answer(401, Problem(message, hint), {"WWW-Authenticate": CHALLENGE})(scope, receive, send)

    def _is_known_host(self, headers: Headers) -> bool:
        """Return whether the Host header is allowed. Requests with a bearer token may use any: see `hosts.py`."""
        has_token = headers.get("authorization", "").lower().startswith("bearer ")
        return has_token or self._hosts.allow(headers.get("host", ""))

    async def _name_and_view(self, given: str | None, scope: Scope) -> tuple[str | None, bool]:
        """Return the name of the key behind a request, or None, and whether the request is from a framed view."""
        name = None if given is None else self._keys.cached_name_of(given)
        if name is None and given is not None and given.startswith(sessions.VIEW_PREFIX):
            token = given.removeprefix(sessions.VIEW_PREFIX)
            name = await run_in_threadpool(self._keys.name_of_token, "view", token)
            if name is not None:
                return name, True
        return name or await run_in_threadpool(self._name, scope), False

    async def _authorize(self, name: str, scope: Scope, receive: Receive, send: Send, *, is_view: bool) -> None:
        """Pass on a request whose key is valid, if the role of the key allows it."""
        method, path, role = scope.get("method", "GET"), scope.get("path", ""), self._keys.role_of(name)
        if is_view and not permissions.may_view(method, path):
            problem = Problem("a framed view can only read", "open the dashboard itself: `lightning-sweeps ui`")
            await answer(403, problem)(scope, receive, send)
            return
        if not permissions.may(role, method, path):
            wanted = permissions.needed(method, path)
            message = f"the API key `{name}` has the role `{role}`, this request needs `{wanted}`"
            await answer(403, Problem(message, "use a key with that role"))(scope, receive, send)
            return
        scope.setdefault("state", {}).update(key_name=name, role="read" if is_view else role)
        if permissions.is_audited(method, path):
            await self._call_audited(name, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _call_audited(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, and write it with its status into the audit log."""
        status = 0

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            entry = AuditEntry(time.time(), name, scope.get("method", "GET"), scope.get("path", ""), status)
            await run_in_threadpool(self._note, entry)

    def _why_refused(self, given: str | None) -> str:
        if given is None:
            return "the request carries no API key"
        expired = self._keys.expiry_of(given)
        if expired is None:
            return "this server does not know this API key"
        moment = datetime.fromtimestamp(expired[1], timezone.utc)
        return f"the API key `{expired[0]}` expired at {moment:%Y-%m-%d %H:%M} UTC"

    async def _is_over_limit(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Count a wrong key. Answer 429 and return True if its address has sent too many."""
        address, now = (scope.get("client") or ("", 0))[0], time.monotonic()
        is_over = self._failures.is_over(address, now=now)
        self._failures.note(address, now=now)
        if is_over:
            problem = Problem("this address has sent too many wrong API keys", "wait a minute, then try again")
            await answer(429, problem, {"Retry-After": f"{permissions.WITHIN_S:.0f}"})(scope, receive, send)
        return is_over

    def _note(self, entry: AuditEntry) -> None:
        with self._keys.store.write() as connection:
            key_table.add_audit_entry(connection, entry)

    def _name(self, scope: Scope) -> str | None:
        """Return the name of the key in the request's header, or else of the key behind its cookie."""
        authorization = Headers(scope=scope).get("authorization", "")
        if authorization:
            key = given_key(authorization)
            return None if key is None else self._keys.name_of(key)
        connection = HTTPConnection(scope)
        token = connection.cookies.get(sessions.cookie_name(pages.port(scope)), "")
        if not token or not is_from_own_page(scope.get("method", "GET"), connection.headers):
            return None
        return self._keys.name_of_token("session", token)


def is_from_own_page(method: str, headers: Headers) -> bool:
    """Return whether a request with a cookie comes from this server's pages or from the browser's address bar.

    The cookie is SameSite=Strict. This check also keeps out other ports of the same host, which are the same site.
    """
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    if method in ("GET", "HEAD"):
        return True
    return urlsplit(headers.get("origin", "")).netloc == headers.get("host", "") != ""
