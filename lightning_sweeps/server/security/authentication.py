"""Every request carries an API key: a bearer token, the password of HTTP Basic, or the cookie of a logged-in browser.

In a page that frames a view (`views.py`) a token stands for the key, as bearer token too, and only reads.

The cookie is no key of its own (see `sessions.py`), and counts only for requests that our own pages make.

Keys are random tokens of 256 bits, so a plain SHA-256 of them is all that the database needs to hold.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from sqlalchemy import delete, or_, select
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.messages import AuditEntry, Problem, Role
from lightning_sweeps.server.security import permissions, sessions
from lightning_sweeps.server.security.hosts import Hosts
from lightning_sweeps.server.web import pages
from lightning_sweeps.server.web.problems import answer
from lightning_sweeps.store import api_keys
from lightning_sweeps.store.database import Store, insert
from lightning_sweeps.store.schema import api_key

KEY_PREFIX = "ls_"
KEY_BYTES = 32
KNOWN_FOR_S = 5.0
"""How long the keys are kept in memory: a key that was taken away is refused after this time at the latest."""
NEW_AFTER_S = 0.3
"""A key that is not known has the keys read again if they are older than this: it may just have been made."""
CHALLENGE = 'Bearer realm="lightning-sweeps", Basic realm="lightning-sweeps (any name, the API key as password)"'


def new_key() -> str:
    """Return a new API key."""
    return KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)


def digest(key: str) -> str:
    """Return what the database holds of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def given_key(authorization: str) -> str | None:
    """Return the key in an Authorization header, or None where it holds none."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return pair.partition(":")[2] or None


def keep_key(store: Store, key: str, *, name: str, now: float) -> None:
    """Let `key` in from now on under `name`; another key that had this name is let in no more."""
    row = {"id": derive_id("api_key", name), "digest": digest(key), "name": name, "created": now}
    with store.write() as connection:
        connection.execute(delete(api_key).where(api_key.c.id == row["id"], api_key.c.digest != row["digest"]))
        connection.execute(insert(connection, api_key).values(row).on_conflict_do_nothing())


class Keys:
    """The keys of the database, read again every `KNOWN_FOR_S`. Shared between threads."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known: tuple[float, Mapping[str, str]] = (float("-inf"), {})
        self._roles: Mapping[str, Role] = {}
        self._expires: Mapping[str, float] = {}

    def name_of(self, key: str) -> str | None:
        """Return the name of a key that is let in, else None; compares in constant time."""
        wanted = digest(key)
        return self._find(wanted, KNOWN_FOR_S) or self._find(wanted, NEW_AFTER_S)

    def name_at_hand(self, key: str) -> str | None:
        """Return the name of a key that is let in by what is in memory; None where that is too old."""
        read_at, _ = self._known
        if time.monotonic() - read_at > KNOWN_FOR_S:
            return None
        return self._find(digest(key), math.inf)

    def digest_of(self, name: str) -> str | None:
        """Return the digest of the key of this name."""
        return next((known for known, other in self._names().items() if other == name), None)

    def forget(self) -> None:
        """Read the keys again at the next request: they were changed here."""
        self._known = (float("-inf"), {})

    def role_of(self, name: str) -> Role:
        """Return what the key of this name may do."""
        return self._roles.get(name, "read")

    def name_of_token(self, kind: sessions.Kind, token: str) -> str | None:
        """Return the name of the key that a login link or a session stands for, else None."""
        names = self._names()
        found = sessions.holder(kind, token, names, now=time.time())
        return None if found is None else names[found]

    def _find(self, wanted: str, known_for_s: float) -> str | None:
        found = None
        for known, name in self._names(known_for_s).items():
            if hmac.compare_digest(known, wanted):
                found = name
        return found

    def _names(self, known_for_s: float = KNOWN_FOR_S) -> Mapping[str, str]:
        read_at, names = self._known
        now = time.monotonic()
        if now - read_at > known_for_s:
            names = self._read()
            self._known = (now, names)
        if not self._expires:
            return names
        return {known: name for known, name in names.items() if self._expires.get(name, math.inf) > time.time()}

    def _read(self) -> Mapping[str, str]:
        is_valid = or_(api_key.c.expires.is_(None), api_key.c.expires > time.time())
        with self.store.read() as connection:
            rows = connection.execute(select(api_key).where(is_valid)).all()
        self._roles = {row.name: row.role or "admin" for row in rows}
        self._expires = {row.name: row.expires for row in rows if row.expires is not None}
        return {row.digest: row.name for row in rows}


class KeyRequired:
    """ASGI middleware before everything else of the app: without a known key there is nothing but 401."""

    def __init__(self, app: ASGIApp, keys: Keys, hosts: Hosts) -> None:
        self._app = app
        self._keys = keys
        self._hosts = hosts
        self._failures = permissions.Failures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not headers.get("authorization", "").lower().startswith("bearer ") and not self._hosts.allow(
            headers.get("host", "")
        ):
            problem = Problem("this server is not asked under that name", "who runs it names it: `--allowed-host`")
            await answer(421, problem)(scope, receive, send)
            return
        given = given_key(headers.get("authorization", ""))
        name = None if given is None else self._keys.name_at_hand(given)
        is_view = False
        if name is None and given is not None and given.startswith(sessions.VIEW_PREFIX):
            token = given.removeprefix(sessions.VIEW_PREFIX)
            name = await run_in_threadpool(self._keys.name_of_token, "view", token)
            is_view = name is not None
        if name is None:
            name = await run_in_threadpool(self._name, scope)
        if name is None and pages.is_open(scope.get("path", "")):
            scope.setdefault("state", {})["key_name"] = None
            await self._app(scope, receive, send)
            return
        if name is not None:
            await self._let_in(name, scope, receive, send, is_view=is_view)
            return
        if pages.is_navigation(scope):
            await pages.not_logged_in(scope)(scope, receive, send)
            return
        if given is not None and await self._is_over(scope, receive, send):
            return
        said = "this API key is not known here" if given else "the request carries no API key"
        problem = Problem(said, "send `Authorization: Bearer <key>`; clients take it from LIGHTNING_SWEEPS_API_KEY")
        await answer(401, problem, {"WWW-Authenticate": CHALLENGE})(scope, receive, send)

    async def _let_in(self, name: str, scope: Scope, receive: Receive, send: Send, *, is_view: bool) -> None:
        """Answer a request whose key is known, if the key's role allows it; a framed view of that key only reads."""
        method, path, role = scope.get("method", "GET"), scope.get("path", ""), self._keys.role_of(name)
        if is_view and not permissions.may_view(method, path):
            problem = Problem("a framed view only reads", "open the dashboard itself: `lightning-sweeps ui`")
            await answer(403, problem)(scope, receive, send)
            return
        if not permissions.may(role, method, path):
            wanted = permissions.needed(method, path)
            problem = Problem(f"the key `{name}` has the role `{role}`, this takes `{wanted}`", "ask for another key")
            await answer(403, problem)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(key_name=name, role="read" if is_view else role)
        if not permissions.is_told(method, path):
            await self._app(scope, receive, send)
            return
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            await run_in_threadpool(self._note, AuditEntry(time.time(), name, method, path, status))

    async def _is_over(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Count a wrong key; answer 429 where its address has tried too many."""
        address, now = (scope.get("client") or ("", 0))[0], time.monotonic()
        is_over = self._failures.is_over(address, now=now)
        self._failures.note(address, now=now)
        if is_over:
            problem = Problem("too many wrong API keys came from this address", "wait a minute")
            await answer(429, problem, {"Retry-After": f"{permissions.WITHIN_S:.0f}"})(scope, receive, send)
        return is_over

    def _note(self, entry: AuditEntry) -> None:
        with self._keys.store.write() as connection:
            api_keys.add_audit_entry(connection, entry)

    def _name(self, scope: Scope) -> str | None:
        """Return the name of the key behind the request: of its header, else of its cookie."""
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
    """Return whether a request with a cookie was made by this server's pages or by the person at the browser.

    The cookie is SameSite=Strict already; this also holds off other ports of the same host, which are the same site.
    """
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    if method in ("GET", "HEAD"):
        return True
    return urlsplit(headers.get("origin", "")).netloc == headers.get("host", "") != ""
