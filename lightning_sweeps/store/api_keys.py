"""Stores the digests of API keys, tokens that are not accepted again, and the audit log of requests."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import ApiKey, AuditEntry, Role
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import text
from lightning_sweeps.store.database import insert as insert_or_keep

_key = schema.api_key
_audit = schema.audit
_spent = schema.spent_token

MAX_NAME_LENGTH = 100
MAX_PROJECTS = 100


def create_api_key(
    connection: Connection,
    digest: str,
    *,
    name: str,
    role: Role,
    expires: float | None,
    now: float,
    projects: list[str] | None = None,
) -> ApiKey:
    """Create an API key.

    Args:
        connection: the transaction.
        digest: SHA-256 of the key, in hexadecimal form.
        name: a unique name.
        role: what the key allows.
        expires: when it expires, in seconds since the epoch; None: never.
        now: the server's time.
        projects: names of the projects that the key is limited to; None: it is not limited.

    Raises:
        UsageError: the name is empty, too long or taken; a project is empty or too long, or there are none; or the role
            is `admin` and the key is limited.
    """
    name = text(name).strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise UsageError(
            f"the key name `{name[:MAX_NAME_LENGTH]}` is not allowed, allowed: 1 to {MAX_NAME_LENGTH} characters"
        )
    if connection.scalar(select(_key.c.id).where(_key.c.name == name)) is not None:
        raise UsageError(f"the key `{name}` already exists", hint="revoke it first, or choose another name")
    if projects is not None:
        projects = _checked(projects, role)
    row = {"id": derive_id("api_key", name), "projects": projects, "digest": digest, "name": name, "created": now}
    connection.execute(insert(_key).values(**row, role=role, expires=expires))
    return ApiKey(name, role, now, expires, projects)


def list_api_keys(connection: Connection) -> list[ApiKey]:
    """Return every API key that was not revoked, including expired ones, oldest first."""
    rows = connection.execute(select(_key).order_by(_key.c.created, _key.c.name))
    return [ApiKey(row.name, row.role or "admin", row.created, row.expires, row.projects) for row in rows]


def revoke_api_key(connection: Connection, name: str) -> None:
    """Revoke an API key.

    Raises:
        NotFound: there is no key of this name.
    """
    if not connection.execute(delete(_key).where(_key.c.name == name)).rowcount:
        raise NotFound(f"there is no key `{name}`", hint="`lightning-sweeps key list` shows them")


def spend_token(connection: Connection, digest: str, *, kind: str, expires: float, now: float) -> bool:
    """Note that a token must not be accepted again. Return False if it was noted before.

    Args:
        connection: the transaction.
        digest: SHA-256 of the token, in hexadecimal form.
        kind: the kind of the token.
        expires: when the token expires by itself; later it is forgotten.
        now: the server's time.
    """
    connection.execute(delete(_spent).where(_spent.c.expires < now))
    row = {"digest": digest, "kind": kind, "expires": expires}
    noted = insert_or_keep(connection, _spent).values(row).on_conflict_do_nothing()
    return connection.execute(noted.execution_options(preserve_rowcount=True)).rowcount == 1


def spent_tokens(connection: Connection, *, kind: str) -> frozenset[str]:
    """Return the digests of all tokens of a kind that must not be accepted again."""
    return frozenset(connection.scalars(select(_spent.c.digest).where(_spent.c.kind == kind)))


def _checked(projects: list[str], role: Role) -> list[str]:
    names = list(dict.fromkeys(text(name) for name in projects))
    if role == "admin":
        raise UsageError("a key with the role `admin` cannot be limited to projects", hint="use `write` or `read`")
    if not 0 < len(names) <= MAX_PROJECTS or not all(0 < len(name) <= MAX_NAME_LENGTH for name in names):
        raise UsageError(
            f"the projects are not allowed, allowed: 1 to {MAX_PROJECTS} names of 1 to {MAX_NAME_LENGTH} characters"
        )
    return names


def add_audit_entry(connection: Connection, entry: AuditEntry) -> None:
    """Add an entry to the audit log."""
    row = {"time": entry.time, "key_name": entry.key, "method": entry.method, "path": text(entry.path)}
    connection.execute(insert(_audit).values(**row, status=entry.status))


def list_audit(connection: Connection, *, last: int) -> list[AuditEntry]:
    """Return the last entries of the audit log, oldest first."""
    columns = (_audit.c.time, _audit.c.key_name, _audit.c.method, _audit.c.path, _audit.c.status)
    rows = connection.execute(select(*columns).order_by(_audit.c.id.desc()).limit(last)).all()
    return [AuditEntry(*row) for row in reversed(rows)]
