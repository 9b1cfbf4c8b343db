"""API keys, of which only digests are kept, and the audit log of what was done with them."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import ApiKey, AuditEntry, Role
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import text

_key = schema.api_key
_audit = schema.audit

MAX_NAME_LENGTH = 100


def create_api_key(
    connection: Connection, digest: str, *, name: str, role: Role, expires: float | None, now: float
) -> ApiKey:
    """Let the key of this digest in from now on.

    Raises:
        UsageError: the name is empty, too long or taken.
    """
    name = text(name).strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise UsageError(
            f"`{name[:MAX_NAME_LENGTH]}` is no name for a key, allowed are 1 to {MAX_NAME_LENGTH} characters"
        )
    if connection.scalar(select(_key.c.id).where(_key.c.name == name)) is not None:
        raise UsageError(f"there is a key `{name}` already", hint="revoke it first, or take another name")
    row = {"id": derive_id("api_key", name), "digest": digest, "name": name, "created": now}
    connection.execute(insert(_key).values(**row, role=role, expires=expires))
    return ApiKey(name, role, now, expires)


def list_api_keys(connection: Connection) -> list[ApiKey]:
    """Return every key that is let in or has expired, the oldest first."""
    rows = connection.execute(select(_key).order_by(_key.c.created, _key.c.name))
    return [ApiKey(row.name, row.role or "admin", row.created, row.expires) for row in rows]


def revoke_api_key(connection: Connection, name: str) -> None:
    """Let a key in no more.

    Raises:
        NotFound: there is none of this name.
    """
    if not connection.execute(delete(_key).where(_key.c.name == name)).rowcount:
        raise NotFound(f"there is no key `{name}`", hint="`lightning-sweeps key list` shows them")


def add_audit_entry(connection: Connection, entry: AuditEntry) -> None:
    """Write a line into the audit log."""
    row = {"time": entry.time, "key_name": entry.key, "method": entry.method, "path": text(entry.path)}
    connection.execute(insert(_audit).values(**row, status=entry.status))


def list_audit(connection: Connection, *, last: int) -> list[AuditEntry]:
    """Return the last lines of the audit log, oldest first."""
    columns = (_audit.c.time, _audit.c.key_name, _audit.c.method, _audit.c.path, _audit.c.status)
    rows = connection.execute(select(*columns).order_by(_audit.c.id.desc()).limit(last)).all()
    return [AuditEntry(*row) for row in reversed(rows)]
