"""Media and artifacts of runs: their lists, and their contents in and out."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import FileResponse, StreamingResponse

from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.errors import NotFound, ServerRefused
from lightning_sweeps.messages import (
    AliasChange,
    Artifact,
    ArtifactFile,
    ArtifactUse,
    BlobState,
    MediaEntry,
    MediaKey,
    Problem,
)
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.routes.journals import JournalId, read_body
from lightning_sweeps.server.web import ranges
from lightning_sweeps.store.blobs import artifacts, blob_table, media
from lightning_sweeps.store.blobs.blob_storage import BlobStorage, refuse_large
from lightning_sweeps.store.database import Store

MOST_ENTRIES = 10_000
MOST_LACKING = 1_000
FOREVER_S = 365 * 86400
SHOWN_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/apng", "application/json", "text/plain"}
    | {f"audio/{kind}" for kind in ("wav", "x-wav", "mpeg", "ogg", "flac", "mp4", "webm")}
    | {f"video/{kind}" for kind in ("mp4", "webm", "ogg")}
)
"""What a browser may show in our page; everything else is offered as a file, for it could hold a program."""
OPAQUE = "application/octet-stream"
STORED_HEADERS = {
    "Cache-Control": f"private, max-age={FOREVER_S}, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}

router = APIRouter(tags=["media and artifacts"], responses={404: {"model": Problem}, 422: {"model": Problem}})


async def get_contents(request: Request) -> BlobStorage:
    """Return the folder of contents that `create_app` was given."""
    contents: BlobStorage = request.app.state.contents
    return contents


ContentsDep = Annotated[BlobStorage, Depends(get_contents)]
Body = Annotated[bytes, Depends(read_body)]


@router.get("/api/runs/{run_id}/media")
def list_media(
    store: StoreDep,
    run_id: str,
    key: Annotated[str | None, Query()] = None,
    step: Annotated[int | None, Query(ge=-(2**63), lt=2**63)] = None,
    after: Annotated[int, Query(ge=0, lt=2**63, description="only entries with an id above this")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 1000,
) -> list[MediaEntry]:
    """List the files that a run has logged, oldest first: of all keys or one, of all steps or one."""
    with store.read() as connection:
        return media.list_media(connection, run_id, key=key, step=step, after=after, limit=limit)


@router.get("/api/runs/{run_id}/media/keys")
def list_media_keys(store: StoreDep, run_id: str) -> list[MediaKey]:
    """List the keys under which a run has logged files."""
    with store.read() as connection:
        return media.list_media_keys(connection, run_id)


@router.get("/api/runs/{run_id}/artifacts")
def list_uses(store: StoreDep, run_id: str) -> list[ArtifactUse]:
    """List the artifacts that a run has made and used."""
    with store.read() as connection:
        return artifacts.list_uses(connection, run_id)


@router.get("/api/artifacts")
def list_artifacts(
    store: StoreDep,
    project: Annotated[str | None, Query()] = None,
    name: Annotated[str | None, Query()] = None,
    kind: Annotated[str | None, Query()] = None,
) -> list[Artifact]:
    """List versions of artifacts, the newest of each name first."""
    with store.read() as connection:
        return artifacts.list_artifacts(connection, project=project, name=name, kind=kind)


@router.get("/api/artifacts/{artifact_id}/files")
def list_files(store: StoreDep, artifact_id: str) -> list[ArtifactFile]:
    """List the files of one version of an artifact."""
    with store.read() as connection:
        return artifacts.list_files(connection, artifact_id)


@router.post("/api/artifacts/{artifact_id}/aliases")
def give_aliases(store: StoreDep, artifact_id: str, change: AliasChange) -> Artifact:
    """Give aliases such as `best` to a version; each is taken from the version that had it."""
    with store.write() as connection:
        return artifacts.give_aliases(connection, artifact_id, change.aliases)


@router.delete("/api/artifacts/{artifact_id}")
def remove_artifact(store: StoreDep, artifact_id: str) -> Artifact:
    """Take a version away, and return what it was; `lightning-sweeps db compact` gives its space back."""
    with store.write() as connection:
        removed = artifacts.get_artifact(connection, artifact_id)
        artifacts.remove(connection, artifact_id)
    return removed


@router.get("/api/journals/{journal_id}/lacking")
def lacking(
    store: StoreDep,
    contents: ContentsDep,
    journal_id: JournalId,
    after: Annotated[str, Query(max_length=64, description="only those behind this digest")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_LACKING)] = 100,
) -> list[BlobState]:
    """List contents that a journal's rows name and that the server lacks, each with how much of it has come.

    Fewer than `limit` are told where some were found on this machine; none means that there are no more.
    """
    wanted: list[BlobState] = []
    while not wanted:
        with store.read() as connection:
            found = blob_table.lacking(connection, journal_id, after=after, limit=limit)
        if not found:
            break
        after = found[-1].digest
        for state in found:
            if not is_digest(state.digest):  # made up by who wrote the row; nothing can ever be stored under it
                continue
            note = partial(_note, store, state.digest, state.size_bytes)
            if not contents.adopt(state.digest, size_bytes=state.size_bytes, note_whole=note):
                wanted.append(BlobState(state.digest, state.size_bytes, contents.offset(state.digest)))
    return wanted


@router.put(
    "/api/blobs/{digest}",
    responses={413: {"model": Problem}, 507: {"model": Problem}},
    openapi_extra={"requestBody": {"content": {OPAQUE: {}}, "required": True}},
)
def put_blob(
    request: Request,
    store: StoreDep,
    contents: ContentsDep,
    digest: str,
    body: Body,
    offset: Annotated[int, Query(ge=0, lt=2**63, description="where in the content the body begins")] = 0,
) -> BlobState:
    """Take a part of a content that a run's rows name; what is known already is skipped, a gap changes nothing."""
    contents.path(digest)
    with store.read() as connection:
        size_bytes = blob_table.referenced_size(connection, digest)
        if blob_table.is_stored(connection, digest):
            return BlobState(digest, size_bytes or 0, size_bytes or 0, is_stored=True)
        if size_bytes is None:
            raise NotFound(f"no run names the content `{digest[:16]}...`", hint="send the run's journal first")
        if offset == 0:
            refuse_large(digest, size_bytes, limit_bytes=request.app.state.limits.file_bytes)
            _refuse_over_quota(
                blob_table.projects_of(connection, digest), size_bytes, request.app.state.limits.quota_bytes
            )
    note = partial(_note, store, digest, size_bytes)
    known = contents.append(digest, offset, body, size_bytes=size_bytes, note_whole=note)
    return BlobState(digest, size_bytes, known, is_stored=known >= size_bytes)


@router.get("/api/blobs/{digest}/state", responses={404: {"model": Problem}})
def blob_state(store: StoreDep, contents: ContentsDep, digest: str) -> BlobState:
    """Say how much of a content the server has."""
    contents.path(digest)
    with store.read() as connection:
        size_bytes = blob_table.referenced_size(connection, digest)
        stored = blob_table.is_stored(connection, digest)
    if size_bytes is None:
        raise NotFound(f"no run names the content `{digest[:16]}...`", hint="send the run's journal first")
    return BlobState(digest, size_bytes, size_bytes if stored else contents.offset(digest), stored)


@router.get("/api/blobs/{digest}", response_class=Response)
@router.head("/api/blobs/{digest}", response_class=Response, include_in_schema=False)
def get_blob(
    request: Request,
    contents: ContentsDep,
    digest: str,
    mime: Annotated[str, Query(max_length=128, description="as the row says; types that a page may show")] = OPAQUE,
    name: Annotated[str | None, Query(max_length=255, description="what the file is to be called")] = None,
) -> Response:
    """Return a content, or a range of it."""
    size = contents.existing_size(digest)
    is_shown = mime in SHOWN_TYPES
    media_type = mime if is_shown else OPAQUE
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
def usage(store: StoreDep) -> dict[str, int]:
    """Return how many bytes of contents each project keeps."""
    with store.read() as connection:
        return blob_table.usage(connection)


def _note(store: Store, digest: str, size_bytes: int) -> None:
    with store.write() as connection:
        blob_table.note_stored(connection, digest, size_bytes=size_bytes, now=time.time())


def _refuse_over_quota(kept: dict[str, int], size_bytes: int, quota_bytes: int | None) -> None:
    if quota_bytes is None or any(bytes_there + size_bytes <= quota_bytes for bytes_there in kept.values()):
        return
    projects = ", ".join(f"`{name}` keeps {bytes_there}" for name, bytes_there in kept.items())
    raise ServerRefused(
        f"{size_bytes} bytes more are over the quota of {quota_bytes} bytes: {projects}",
        status=507,
        hint="delete artifact versions and run `lightning-sweeps db compact`, or raise `--quota-gb` of the server",
    )
