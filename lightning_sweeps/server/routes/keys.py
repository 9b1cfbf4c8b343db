"""Creates, lists and revokes API keys, and returns the audit log. Every route here needs the role `admin`."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Query, Request

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import ApiKey, AuditEntry, KeyCreate, KeyCreated, Problem
from lightning_sweeps.server.context import KeyNameDep, StoreDep
from lightning_sweeps.server.security.api_keys import digest, new_key
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import api_keys

MAX_LIFETIME_S = 100 * 365 * 86400.0
MAX_ENTRIES = 10_000

KeyName = Annotated[str, Query(max_length=4 * api_keys.MAX_NAME_LENGTH)]

router = scoped_router("keys")


@router.get("/api/keys")
def list_keys(store: StoreDep) -> list[ApiKey]:
    """List the keys by name. The server does not store the keys themselves."""
    with store.read() as connection:
        return api_keys.list_api_keys(connection)


@router.post("/api/keys", responses={422: {"model": Problem}})
def create_key(request: Request, store: StoreDep, wanted: KeyCreate) -> KeyCreated:
    """Create a key. Only this response ever contains it."""
    lasts_s = wanted.lasts_s
    if lasts_s is not None and not 0 < lasts_s <= MAX_LIFETIME_S:
        raise UsageError(
            f"`lasts_s` is {lasts_s}, allowed: more than 0 and at most {MAX_LIFETIME_S:.0f} seconds, or null"
        )
    key, now = new_key(), time.time()
    expires = None if lasts_s is None else now + lasts_s
    with store.write() as connection:
        made = api_keys.create_api_key(
            connection,
            digest(key),
            name=wanted.name,
            role=wanted.role,
            expires=expires,
            now=now,
            projects=wanted.projects,
        )
    request.app.state.keys.forget()
    return KeyCreated(key, made, request.app.state.public_url)


@router.post("/api/keys/revoke", responses={404: {"model": Problem}, 422: {"model": Problem}})
def revoke_key(request: Request, store: StoreDep, own: KeyNameDep, name: KeyName) -> list[ApiKey]:
    """Revoke a key, which takes effect within seconds, and return the remaining keys."""
    if name == own:
        raise UsageError(f"`{name}` is the API key of this request", hint="revoke it with another admin key")
    with store.write() as connection:
        api_keys.revoke_api_key(connection, name)
        left = api_keys.list_api_keys(connection)
    request.app.state.keys.forget()
    return left


@router.get("/api/audit")
def audit(store: StoreDep, last: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 200) -> list[AuditEntry]:
    """Return the last requests of people that changed something, oldest first."""
    with store.read() as connection:
        return api_keys.list_audit(connection, last=last)
