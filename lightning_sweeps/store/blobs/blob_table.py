"""Tracks blobs in the database: which are stored or missing, how much projects use, and which are garbage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, Subquery, delete, exists, func, select, union, update

from lightning_sweeps.messages import BlobState
from lightning_sweeps.store import schema
from lightning_sweeps.store.blobs import drafts
from lightning_sweeps.store.blobs.blob_storage import BlobStorage
from lightning_sweeps.store.database import Store, insert

_blob = schema.blob
_media = schema.media
_file = schema.artifact_file
_use = schema.artifact_use
_artifact = schema.artifact

GRACE_S = 3600.0
"""A blob is kept for this long after it was stored, even if nothing refers to it."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class CollectedBlobs:
    """What a garbage collection removed: blobs, their bytes, and uploads that had stopped."""

    blobs: int
    size_bytes: int
    uploads: int


def referenced_size(connection: Connection, digest: str) -> int | None:
    """Return the size of a blob according to the rows that refer to it; None if no row does."""
    size: int | None = connection.scalar(select(_media.c.size_bytes).where(_media.c.digest == digest).limit(1))
    if size is None:
        size = connection.scalar(select(_file.c.size_bytes).where(_file.c.digest == digest).limit(1))
    return size


def is_stored(connection: Connection, digest: str) -> bool:
    """Return True if the server has the blob."""
    return connection.scalar(select(exists().where(_blob.c.digest == digest))) or False


def lacking(connection: Connection, journal_id: str, *, after: str = "", limit: int) -> list[BlobState]:
    """Return blobs that a journal's committed rows refer to and that the server lacks.

    Args:
        connection: a transaction.
        journal_id: the journal.
        after: only digests that come after this one.
        limit: maximum number of blobs.
    """
    named = _named_by(journal_id).subquery()
    asked = select(named).where(~exists().where(_blob.c.digest == named.c.digest)).order_by(named.c.digest)
    rows = connection.execute(asked.where(named.c.digest > after).limit(limit)).all()
    return [BlobState(row.digest, row.size_bytes, 0) for row in rows]


def note_stored(connection: Connection, digest: str, *, size_bytes: int, now: float) -> None:
    """Record that the server has a blob."""
    row = {"digest": digest, "size_bytes": size_bytes, "created": now}
    connection.execute(insert(connection, _blob).values(row).on_conflict_do_nothing())


def note_md5(connection: Connection, digest: str, md5: str) -> None:
    """Record the MD5 of a blob, in hexadecimal form."""
    connection.execute(update(_blob).where(_blob.c.digest == digest).values(md5=md5))


def find_md5(connection: Connection, digests: Iterable[str]) -> dict[str, str]:
    """Return the MD5 of blobs by their digest, of those for which it is known."""
    asked = select(_blob.c.digest, _blob.c.md5).where(_blob.c.digest.in_(list(digests)), _blob.c.md5.is_not(None))
    return {row.digest: row.md5 for row in connection.execute(asked)}


def find_in_project(connection: Connection, project: str, md5s: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return digest and size of the stored blobs of a project's artifacts, by their MD5."""
    asked = (
        select(_blob.c.md5, _blob.c.digest, _blob.c.size_bytes)
        .join(_file, _file.c.digest == _blob.c.digest)
        .join(_artifact, _artifact.c.id == _file.c.artifact_id)
        .join(schema.project, schema.project.c.id == _artifact.c.project_id)
        .where(schema.project.c.name == project, _blob.c.md5.in_(list(md5s)))
    )
    return {row.md5: (row.digest, row.size_bytes) for row in connection.execute(asked.distinct())}


def usage(connection: Connection, *projects: str) -> dict[str, int]:
    """Return how many bytes of stored blobs these or all projects refer to. A blob counts once per project."""
    used: dict[str, int] = {}
    asked = select(schema.project.c.id, schema.project.c.name)
    for project_id, name in connection.execute(
        asked.where(schema.project.c.name.in_(projects)) if projects else asked
    ).all():
        named = _named_in(project_id)
        used[name] = connection.scalar(select(func.sum(_blob.c.size_bytes)).join(named, _digest_is(named))) or 0
    return used


def projects_of(connection: Connection, digest: str) -> dict[str, int]:
    """Return the projects that refer to a blob, each with the bytes of blobs that it uses already."""
    by_media = select(schema.run.c.project_id).join(_media, _media.c.run_id == schema.run.c.id)
    by_files = select(_artifact.c.project_id).join(_file, _file.c.artifact_id == _artifact.c.id)
    chosen = union(by_media.where(_media.c.digest == digest), by_files.where(_file.c.digest == digest)).subquery()
    asked = select(schema.project.c.id, schema.project.c.name).join(chosen, chosen.c.project_id == schema.project.c.id)
    kept: dict[str, int] = {}
    for project_id, name in connection.execute(asked).all():
        named = _named_in(project_id)
        kept[name] = connection.scalar(select(func.sum(_blob.c.size_bytes)).join(named, _digest_is(named))) or 0
    return kept


def collect(store: Store, blobs: BlobStorage, *, grace_s: float = GRACE_S) -> CollectedBlobs:
    """Remove blobs that no row refers to, and uploads that have stopped.

    A server may run meanwhile: a blob that is uploaded again is stored again.
    """
    now = store.now()
    is_old = _blob.c.created < now - grace_s
    with store.write() as connection:
        drafts.remove_stale(connection, now=now)
    with store.read() as connection:
        old = select(_blob.c.digest, _blob.c.size_bytes).where(is_old, ~_is_referenced())
        garbage = connection.execute(old).all()
    taken = size_bytes = 0
    for row in garbage:
        with blobs.locked(row.digest):
            with store.write() as connection:
                is_gone = connection.execute(
                    delete(_blob).where(_blob.c.digest == row.digest, ~_is_referenced())
                ).rowcount
            if is_gone:
                blobs.remove(row.digest)
                taken += 1
                size_bytes += row.size_bytes
    return CollectedBlobs(taken, size_bytes, blobs.remove_stale_uploads())


def missing_blobs(connection: Connection, blobs: BlobStorage, *, since: float = 0.0) -> list[str]:
    """Return the digests of blobs that the database lists and the storage lacks or has in another size.

    Args:
        connection: the transaction.
        blobs: the storage.
        since: only blobs that were stored after this time, in seconds since the epoch.
    """
    found = []
    for row in connection.execute(select(_blob.c.digest, _blob.c.size_bytes).where(_blob.c.created >= since)):
        if blobs.size(row.digest) != row.size_bytes:
            found.append(row.digest)
    return found


def _named_by(journal_id: str) -> Select[tuple[str, int]]:
    of_media = select(_media.c.digest, _media.c.size_bytes).where(_media.c.journal_id == journal_id)
    used = select(_file.c.digest, _file.c.size_bytes).join(_use, _use.c.artifact_id == _file.c.artifact_id)
    named = union(of_media, used.where(_use.c.journal_id == journal_id)).subquery()
    return select(named.c.digest, func.max(named.c.size_bytes).label("size_bytes")).group_by(named.c.digest)


def _named_in(project_id: str) -> Subquery:
    of_media = select(_media.c.digest).join(schema.run).where(schema.run.c.project_id == project_id)
    of_files = select(_file.c.digest).join(_artifact).where(_artifact.c.project_id == project_id)
    return union(of_media, of_files).subquery()


def _digest_is(named: Subquery) -> ColumnElement[bool]:
    return named.c.digest == _blob.c.digest


def _is_referenced() -> ColumnElement[bool]:
    by_media = exists().where(_media.c.digest == _blob.c.digest)
    by_drafts = exists().where(schema.draft_blob.c.digest == _blob.c.digest)
    return by_media | by_drafts | exists().where(_file.c.digest == _blob.c.digest)
