"""Stores artifacts that are being uploaded file by file: what was said about them, their list of files, their blobs.

A draft keeps its blobs from being collected. When all files are there, it becomes a version, and remembers which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from lightning_sweeps.core.ids import new_id
from lightning_sweeps.errors import NotFound
from lightning_sweeps.store import schema
from lightning_sweeps.store.blobs.blob_storage import STALE_UPLOAD_S
from lightning_sweeps.store.database import insert

ID_PREFIX = "d-"

_draft = schema.artifact_draft
_kept = schema.draft_blob
_blob = schema.blob


@dataclass(frozen=True, slots=True)
class Draft:
    """An artifact that is being uploaded.

    Attributes:
        id: its id.
        given: what was said about it.
        entries: the files that it lists, by path; None: not listed yet.
        artifact_id: the version that it became; None: it is not complete.
    """

    id: str
    given: dict[str, Any]
    entries: dict[str, Any] | None
    artifact_id: str | None


def create(
    connection: Connection, given: dict[str, Any], *, client_id: str, now: float, artifact_id: str | None = None
) -> Draft:
    """Create a draft, or one that is complete because the server has the version."""
    draft_id = new_id(ID_PREFIX)
    row = {"id": draft_id, "client_id": client_id, "given": given, "artifact_id": artifact_id, "created": now}
    connection.execute(insert(connection, _draft).values(row))
    return Draft(draft_id, given, None, artifact_id)


def get(connection: Connection, draft_id: str) -> Draft:
    """Return a draft.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(select(_draft).where(_draft.c.id == draft_id)).first()
    if row is None:
        raise NotFound(f"there is no artifact `{draft_id[:80]}`", hint="log it again")
    return _draft_of(row)


def find_by_client_id(connection: Connection, client_id: str) -> Draft | None:
    """Return the newest draft that a client calls this, or None."""
    asked = select(_draft).where(_draft.c.client_id == client_id).order_by(_draft.c.created.desc()).limit(1)
    row = connection.execute(asked).first()
    return None if row is None else _draft_of(row)


def list_entries(connection: Connection, draft_id: str, entries: dict[str, Any]) -> None:
    """Store the list of a draft's files."""
    connection.execute(update(_draft).where(_draft.c.id == draft_id).values(entries=entries))


def keep_blob(connection: Connection, draft_id: str, digest: str) -> None:
    """Keep a blob until the draft is a version."""
    row = {"draft_id": draft_id, "digest": digest}
    connection.execute(insert(connection, _kept).values(row).on_conflict_do_nothing())


def kept_blobs(connection: Connection, draft_id: str) -> dict[str, tuple[str, int]]:
    """Return digest and size of the blobs of a draft that the server has, by their MD5."""
    asked = select(_blob.c.md5, _blob.c.digest, _blob.c.size_bytes).join(_kept, _kept.c.digest == _blob.c.digest)
    rows = connection.execute(asked.where(_kept.c.draft_id == draft_id, _blob.c.md5.is_not(None)))
    return {row.md5: (row.digest, row.size_bytes) for row in rows}


def complete(connection: Connection, draft_id: str, artifact_id: str) -> None:
    """Note the version that a draft became. The version keeps the blobs from now on."""
    changed = update(_draft).where(_draft.c.id == draft_id).values(artifact_id=artifact_id, entries=None)
    connection.execute(changed)
    connection.execute(delete(_kept).where(_kept.c.draft_id == draft_id))


def forget_version(connection: Connection, artifact_id: str) -> None:
    """Remove the drafts of a version that is being removed."""
    connection.execute(delete(_draft).where(_draft.c.artifact_id == artifact_id))


def remove_stale(connection: Connection, *, now: float) -> None:
    """Remove drafts that nobody has completed for a week."""
    is_stale = (_draft.c.artifact_id.is_(None)) & (_draft.c.created < now - STALE_UPLOAD_S)
    connection.execute(delete(_kept).where(_kept.c.draft_id.in_(select(_draft.c.id).where(is_stale))))
    connection.execute(delete(_draft).where(is_stale))


def _draft_of(row: Row[Any]) -> Draft:
    return Draft(row.id, row.given, row.entries, row.artifact_id)
