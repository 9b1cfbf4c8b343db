"""Uploads and downloads blobs, the contents of media files and artifacts."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Query, Request, Response
from starlette.responses import FileResponse, StreamingResponse

from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.core.mime_types import BINARY, INLINE_TYPES
from lightning_sweeps.errors import NotFound
from lightning_sweeps.messages import BlobState, Problem
from lightning_sweeps.server.context import ContentsDep, StoreDep
from lightning_sweeps.server.routes.journals import JournalId, read_body
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web import ranges
from lightning_sweeps.store import clock
from lightning_sweeps.store.blobs import blob_table
from lightning_sweeps.store.blobs.blob_storage import refuse_large, refuse_over_quota
from lightning_sweeps.store.database import Store

MAX_MISSING = 1_000
FOREVER_S = 365 * 86400
STORED_HEADERS = {
    "Cache-Control": f"private, max-age={FOREVER_S}, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}

router = scoped_router("media and artifacts", not_found=True)

Body = Annotated[bytes, Depends(read_body)]


@router.get("/api/journals/{journal_id}/lacking")
def lacking(
    store: StoreDep,
    contents: ContentsDep,
    journal_id: JournalId,
    after: Annotated[str, Query(max_length=64, description="return only larger digests")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_MISSING)] = 100,
) -> list[BlobState]:
    """List blobs that a journal refers to and that the server does not have, each with the number of bytes received.

    The list may be shorter than `limit`: blobs that the server finds on its own machine are left out. An empty list
    means that nothing is missing.
    """
    wanted: list[BlobState] = []
    while not wanted:
        with store.read() as connection:
            found = blob_table.lacking(connection, journal_id, after=after, limit=limit)
        if not found:
            break
        after = found[-1].digest
        for state in found:
            if not is_digest(state.digest):  # an invalid digest: no content can match it
                continue
            note = partial(_note, store, state.digest, state.size_bytes)
            if not contents.adopt(state.digest, size_bytes=state.size_bytes, on_stored=note):
                wanted.append(BlobState(state.digest, state.size_bytes, contents.offset(state.digest)))
    return wanted


@router.put(
    "/api/blobs/{digest}",
    responses={413: {"model": Problem}, 507: {"model": Problem}},
    openapi_extra={"requestBody": {"content": {BINARY: {}}, "required": True}},
)
def put_blob(
    request: Request,
    store: StoreDep,
    contents: ContentsDep,
    digest: str,
    body: Body,
    offset: Annotated[int, Query(ge=0, lt=2**63, description="where the body starts in the blob")] = 0,
) -> BlobState:
    """Upload a part of a blob that a run refers to.

    Bytes that the server already has are skipped. A part that leaves a gap is ignored.
    """
    contents.path(digest)
    with store.read() as connection:
        size_bytes = blob_table.referenced_size(connection, digest)
        if blob_table.is_stored(connection, digest):
            return BlobState(digest, size_bytes or 0, size_bytes or 0, is_stored=True)
        if size_bytes is None:
            raise NotFound(f"no run refers to the blob `{digest[:16]}...`", hint="upload the run's journal first")
        if offset == 0:
            refuse_large(digest, size_bytes, limit_bytes=request.app.state.limits.file_bytes)
            quota_bytes = request.app.state.limits.quota_bytes
            if quota_bytes is not None:
                refuse_over_quota(blob_table.projects_of(connection, digest), size_bytes, quota_bytes=quota_bytes)
    note = partial(_note, store, digest, size_bytes)
    known = contents.append(digest, offset, body, size_bytes=size_bytes, on_stored=note)
    return BlobState(digest, size_bytes, known, is_stored=known >= size_bytes)


@router.get("/api/blobs/{digest}/state")
def blob_state(store: StoreDep, contents: ContentsDep, digest: str) -> BlobState:
    """Return how much of a blob the server has."""
    contents.path(digest)
    with store.read() as connection:
        size_bytes = blob_table.referenced_size(connection, digest)
        stored = blob_table.is_stored(connection, digest)
    if size_bytes is None:
        raise NotFound(f"no run refers to the blob `{digest[:16]}...`", hint="upload the run's journal first")
    return BlobState(digest, size_bytes, size_bytes if stored else contents.offset(digest), stored)


@router.get("/api/blobs/{digest}", response_class=Response)
@router.head("/api/blobs/{digest}", response_class=Response, include_in_schema=False)
def get_blob(
    request: Request,
    contents: ContentsDep,
    digest: str,
    mime: Annotated[str, Query(max_length=128, description="MIME type, if a browser may show it")] = BINARY,
    name: Annotated[str | None, Query(max_length=255, description="file name for a download")] = None,
) -> Response:
    """Return a blob, or a range of it."""
    size = contents.existing_size(digest)
    is_shown = mime in INLINE_TYPES
    media_type = mime if is_shown else BINARY
    headers = STORED_HEADERS | {"ETag": f'"{digest}"'}
    kind = "inline" if is_shown and name is None else "attachment"
    if contents.remote is None:
        return FileResponse(
            contents.path(digest),
            media_type=media_type,
            headers=headers,
            filename=name or digest,
            content_disposition_type=kind,
        )
    headers |= {"Content-Disposition": f"{kind}; filename*=utf-8''{quote(name or digest)}", "Accept-Ranges": "bytes"}
    part = ranges.wanted(request.headers.get("range"), size)
    if part is None:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, end = part
    headers["Content-Length"] = str(end - start)
    if end - start < size:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    pieces = contents.remote.read(digest, start, end) if request.method == "GET" else iter(())
    return StreamingResponse(pieces, 206 if end - start < size else 200, headers, media_type)


@router.get("/api/usage")
def usage(store: StoreDep, projects: ProjectsDep) -> dict[str, int]:
    """Return how many bytes of blobs each project stores."""
    with store.read() as connection:
        used = blob_table.usage(connection)
    return {name: size_bytes for name, size_bytes in used.items() if projects is None or name in projects}


def _note(store: Store, digest: str, size_bytes: int) -> None:
    with store.write() as connection:
        blob_table.note_stored(connection, digest, size_bytes=size_bytes, now=clock.now(connection))
