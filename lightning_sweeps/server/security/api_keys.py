"""Manages the API keys that the server accepts.

A key is a random token of 256 bits, so the database needs to store only its plain SHA-256 digest.
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

from sqlalchemy import delete, or_, select

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.messages import Role
from lightning_sweeps.server.security import sessions
from lightning_sweeps.store.database import Store, insert
from lightning_sweeps.store.schema import api_key

KEY_PREFIX = "ls_"
KEY_BYTES = 32
KNOWN_FOR_S = 5.0
"""How long keys stay in memory. A revoked key is rejected after this time at the latest."""
NEW_AFTER_S = 0.3
"""An unknown key makes the server read the keys again if they are older than this: it may be a new key."""


def new_key() -> str:
    """Return a new API key."""
    return KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)


def digest(key: str) -> str:
    """Return the digest that the database stores for a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def given_key(authorization: str) -> str | None:
    """Return the key in an Authorization header, or None if there is no key in it."""
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
    """Accept `key` under `name`. It replaces another key of this name."""
    row = {"id": derive_id("api_key", name), "digest": digest(key), "name": name, "created": now}
    with store.write() as connection:
        connection.execute(delete(api_key).where(api_key.c.id == row["id"], api_key.c.digest != row["digest"]))
        connection.execute(insert(connection, api_key).values(row).on_conflict_do_nothing())


class ApiKeys:
    """The API keys of the database, read again every `KNOWN_FOR_S`. Threads may share an instance."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known: tuple[float, Mapping[str, str]] = (float("-inf"), {})
        self._roles: Mapping[str, Role] = {}
        self._expires: Mapping[str, float] = {}

    def name_of(self, key: str) -> str | None:
        """Return the name of a valid key, or None. Compares in constant time."""
        wanted = digest(key)
        return self._find(wanted, KNOWN_FOR_S) or self._find(wanted, NEW_AFTER_S)

    def expiry_of(self, key: str) -> tuple[str, float] | None:
        """Return the name and the time of expiry of a key that has expired, or None. Reads the database."""
        asked = select(api_key.c.name, api_key.c.expires).where(
            api_key.c.digest == digest(key), api_key.c.expires <= time.time()
        )
        with self.store.read() as connection:
            found = connection.execute(asked).one_or_none()
        return None if found is None else (found.name, found.expires)

    def cached_name_of(self, key: str) -> str | None:
        """Return the name of a valid key without reading the database, or None if the keys in memory are too old."""
        read_at, _ = self._known
        if time.monotonic() - read_at > KNOWN_FOR_S:
            return None
        return self._find(digest(key), math.inf)

    def digest_of(self, name: str) -> str | None:
        """Return the digest of the key with this name, or None."""
        return next((known for known, other in self._names().items() if other == name), None)

    def forget(self) -> None:
        """Read the keys again at the next request. Call it after a change of the keys."""
        self._known = (float("-inf"), {})

    def role_of(self, name: str) -> Role:
        """Return the role of the key with this name."""
        return self._roles.get(name, "read")

    def name_of_token(self, kind: sessions.Kind, token: str) -> str | None:
        """Return the name of the key behind a signed token such as a login link, or None if it is not valid."""
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
