"""Lists the media that runs have logged. `blob_storage.py` stores their content."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select

from lightning_sweeps.messages import MediaEntry, MediaKey
from lightning_sweeps.store import runs, schema

AT_ONCE = 400
"""Number of keys in one SQL statement."""

_media = schema.media
_blob = schema.blob


def list_media(
    connection: Connection, run_id: str, *, key: str | None = None, step: int | None = None, after: int = 0, limit: int
) -> list[MediaEntry]:
    """Return a run's media in the order of its rows.

    Args:
        connection: a transaction.
        run_id: the run.
        key: only media of this key; None: of all keys.
        step: only media of this step; None: of all steps.
        after: only media with a greater id.
        limit: maximum number of entries.

    Raises:
        NotFound: there is no such run.
    """
    runs.get_run(connection, run_id)
    columns = (_media, schema.journal.c.rank, _blob.c.digest.label("stored"))
    asked = select(*columns).join(schema.journal).outerjoin(_blob, _blob.c.digest == _media.c.digest)
    asked = asked.where(_media.c.run_id == run_id, _media.c.id > after)
    if key is not None:
        asked = asked.where(_media.c.key == key)
    if step is not None:
        asked = asked.where(_media.c.step == step)
    return [
        MediaEntry(
            id=row.id,
            key=row.key,
            step=row.step,
            time=row.time,
            rank=row.rank,
            digest=row.digest,
            size_bytes=row.size_bytes,
            mime=row.mime,
            caption=row.caption or "",
            index=row.position or 0,
            is_stored=row.stored is not None,
        )
        for row in connection.execute(asked.order_by(_media.c.id).limit(limit))
    ]


def list_media_keys(connection: Connection, run_id: str) -> list[MediaKey]:
    """Return the keys that a run used for media, in the order of their first appearance.

    Raises:
        NotFound: there is no such run.
    """
    runs.get_run(connection, run_id)
    counted = (
        select(
            _media.c.key,
            func.min(_media.c.id).label("first"),
            func.max(_media.c.id).label("last"),
            func.count().label("entries"),
            func.min(_media.c.step).label("first_step"),
            func.max(_media.c.step).label("last_step"),
        )
        .where(_media.c.run_id == run_id)
        .group_by(_media.c.key)
        .subquery()
    )
    newest = select(counted, _media.c.mime).join(_media, _media.c.id == counted.c.last).order_by(counted.c.first)
    return [
        MediaKey(row.key, row.mime, row.entries, row.first_step, row.last_step) for row in connection.execute(newest)
    ]


def remove_media(connection: Connection, run_id: str, keys: Sequence[str]) -> None:
    """Remove media of a run by their keys. Their content goes with the next garbage collection."""
    for start in range(0, len(keys), AT_ONCE):
        named = _media.c.key.in_(keys[start : start + AT_ONCE])
        connection.execute(delete(_media).where(_media.c.run_id == run_id, named))
