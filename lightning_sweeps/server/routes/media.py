"""Lists the media files of runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from lightning_sweeps.messages import MediaEntry, MediaKey
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store.blobs import media

MAX_ENTRIES = 10_000

router = scoped_router("media and artifacts", not_found=True)


@router.get("/api/runs/{run_id}/media")
def list_media(
    store: StoreDep,
    run_id: str,
    key: Annotated[str | None, Query()] = None,
    step: Annotated[int | None, Query(ge=-(2**63), lt=2**63)] = None,
    after: Annotated[int, Query(ge=0, lt=2**63, description="return only entries with a larger id")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 1000,
) -> list[MediaEntry]:
    """List the media files that a run logged, oldest first, optionally of one key or one step."""
    with store.read() as connection:
        return media.list_media(connection, run_id, key=key, step=step, after=after, limit=limit)


@router.get("/api/runs/{run_id}/media/keys")
def list_media_keys(store: StoreDep, run_id: str) -> list[MediaKey]:
    """List the keys that a run used for media files."""
    with store.read() as connection:
        return media.list_media_keys(connection, run_id)
