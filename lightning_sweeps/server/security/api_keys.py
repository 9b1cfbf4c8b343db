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
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from sqlalchemy import Row, delete, select

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.messages import Role
from lightning_sweeps.server.security import sessions
from lightning_sweeps.store.api_keys import spent_tokens
from lightning_sweeps.store.database import Store, insert
from lightning_sweeps.store.schema import api_key

KEY_PREFIX = "ls_"
KEY_BYTES = 32
KNOWN_FOR_S = 3.0
"""How long keys stay in memory. A revoked key is rejected after this time at the latest."""
NEW_AFTER_S = 0.3
"""An unknown key makes the server read the keys again if they are older than this: it may be a new key."""


def new_key() -> str:
    """Return a new API key. It has no `-`, which wandb clients take for the end of a prefix."""
    return KEY_PREFIX + secrets.token_hex(KEY_BYTES)


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


CredentialKind: TypeAlias = Literal["key", "session", "view"]


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request carries: an API key, the session of a browser, or the token of a framed view."""

    kind: CredentialKind
    secret: str


@dataclass(frozen=True, slots=True)
class KnownKey:
    """An API key as the database has it. `projects`: None means all."""

    name: str
    role: Role
    expires: float
    projects: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class _Known:
    """The keys at a time (monotonic): by digest, and the digests of sessions that were logged out."""

    read_at: float
    keys: Mapping[str, KnownKey]
    ended_sessions: frozenset[str]


class ApiKeys:
    """The API keys of the database, read again every `KNOWN_FOR_S`. Threads may share an instance."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known = _Known(float("-inf"), {}, frozenset())

    def holder(self, given: Credential) -> KnownKey | None:
        """Return the valid key behind a credential, or None. Compares in constant time."""
        found = _holder(self._read(KNOWN_FOR_S), given)
        if found is None and given.kind == "key":
            return _holder(self._read(NEW_AFTER_S), given)
        return found

    def cached_holder(self, given: Credential) -> KnownKey | None:
        """Return the valid key behind a credential without reading the database, or None if it is not in memory."""
        known = self._known
        return None if time.monotonic() - known.read_at > KNOWN_FOR_S else _holder(known, given)

    def is_valid(self, given: Credential) -> bool:
        """Return whether a credential was valid when the database was last read. Never reads it."""
        return _holder(self._known, given) is not None

    def refresh(self) -> None:
        """Read the keys if those in memory are older than `KNOWN_FOR_S`."""
        self._read(KNOWN_FOR_S)

    def name_of(self, key: str) -> str | None:
        """Return the name of a valid key, or None."""
        found = self.holder(Credential("key", key))
        return None if found is None else found.name

    def expiry_of(self, key: str) -> tuple[str, float] | None:
        """Return the name and the time of expiry of a key that has expired, or None. Reads the database."""
        asked = select(api_key.c.name, api_key.c.expires).where(
            api_key.c.digest == digest(key), api_key.c.expires <= time.time()
        )
        with self.store.read() as connection:
            found = connection.execute(asked).one_or_none()
        return None if found is None else (found.name, found.expires)

    def digest_of(self, name: str) -> str | None:
        """Return the digest of the valid key with this name, or None."""
        keys = self._read(KNOWN_FOR_S).keys
        return next((digest for digest, key in keys.items() if key.name == name and _is_valid(key)), None)

    def forget(self) -> None:
        """Read the keys again at the next request. Call it after a change of keys or sessions."""
        self._known = replace(self._known, read_at=float("-inf"))

    def name_of_token(self, kind: sessions.Kind, token: str) -> str | None:
        """Return the name of the key behind a signed token such as a login link, or None if it is not valid."""
        found = _signer(self._read(KNOWN_FOR_S), kind, token)
        return None if found is None else found.name

    def _read(self, known_for_s: float) -> _Known:
        known = self._known
        now = time.monotonic()
        if now - known.read_at > known_for_s:
            with self.store.read() as connection:
                rows = connection.execute(select(api_key)).all()
                ended = spent_tokens(connection, kind="session")
            keys = {row.digest: _known_key(row) for row in rows}
            self._known = known = _Known(now, keys, ended)
        return known


def _known_key(row: Row[Any]) -> KnownKey:
    projects = None if row.projects is None else frozenset(row.projects)
    return KnownKey(row.name, row.role or "admin", math.inf if row.expires is None else row.expires, projects)


def _holder(known: _Known, given: Credential) -> KnownKey | None:
    if given.kind == "session" and sessions.digest_of(given.secret) in known.ended_sessions:
        return None
    if given.kind != "key":
        return _signer(known, given.kind, given.secret)
    wanted = digest(given.secret)
    found = None
    for kept, key in known.keys.items():
        if hmac.compare_digest(kept, wanted):
            found = key
    return found if found is not None and _is_valid(found) else None


def _signer(known: _Known, kind: sessions.Kind, token: str) -> KnownKey | None:
    """Return the valid key that a token was made with, or None."""
    signed_by = sessions.holder(kind, token, known.keys, now=time.time())
    return known.keys[signed_by] if signed_by is not None and _is_valid(known.keys[signed_by]) else None


def _is_valid(key: KnownKey) -> bool:
    return key.expires > time.time()
