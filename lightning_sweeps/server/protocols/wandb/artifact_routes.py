"""Takes the files of artifacts that clients upload, and returns those that they download."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.errors import NotFound
from lightning_sweeps.server.context import ContentsDep, KeysDep, StoreDep
from lightning_sweeps.server.protocols.downloads import HEADERS, content
from lightning_sweeps.server.protocols.wandb import artifact_uploads, artifacts, downloads, manifests
from lightning_sweeps.server.protocols.wandb.artifact_uploads import UPLOAD_PATH
from lightning_sweeps.server.protocols.wandb.web import CallerDep, answer
from lightning_sweeps.server.routes.journals import read_body
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web.pages import DOWNLOAD_PREFIX
from lightning_sweeps.store.blobs import artifacts as versions
from lightning_sweeps.store.blobs import blob_table

router = scoped_router(include_in_schema=False)


@router.put(UPLOAD_PATH + "/{draft}/files/{md5}")
async def upload_artifact_file(request: Request, caller: CallerDep, draft: str, md5: str) -> Response:
    """Store the content of a file of an artifact."""
    await artifact_uploads.take_file(caller, draft, md5, request.stream())
    return answer(200, {})


@router.put(UPLOAD_PATH + "/{draft}/manifests/{manifest:path}")
async def upload_manifest(caller: CallerDep, manifest: str, body: Annotated[bytes, Depends(read_body)]) -> Response:
    """Store the list of the files of an artifact."""
    await run_in_threadpool(artifact_uploads.take_manifest, caller, manifest, body)
    return answer(200, {})


@router.get(DOWNLOAD_PREFIX + "{token}/{name:path}")
def download(store: StoreDep, contents: ContentsDep, keys: KeysDep, token: str) -> Response:
    """Return a blob, or the manifest of an artifact. The signed address is the permission."""
    subject = downloads.subject_of(keys, token)
    if is_digest(subject):
        return content(contents, subject)
    with store.read() as connection:
        found = versions.get_artifact(connection, subject)
    return Response(
        manifests.document(downloads.entries_of(store, contents, found)), media_type="application/json", headers=HEADERS
    )


@router.get("/artifactsV2/{region}/{entity}/{project}/{collection}/{artifact}/{md5}/{name:path}")
def download_file(caller: CallerDep, entity: str, project: str, md5: str) -> Response:
    """Return a file of an artifact of a project by its MD5, with the API key."""
    of_project = caller.project(entity, project)
    with caller.store.read() as connection:
        known = blob_table.find_in_project(connection, of_project, [md5])
    if md5 not in known:
        raise NotFound(f"no artifact of the project `{of_project}` has a file with the MD5 `{md5[:80]}`")
    return content(caller.contents, known[md5][0])


@router.get("/artifactsV2/{region}/{entity}/{artifact}/{md5}/{name}")
def download_file_of_version(caller: CallerDep, entity: str, artifact: str, md5: str) -> Response:
    """Return a file of a version, as clients before 0.20 ask for it."""
    return download_file(caller, entity, artifacts.require_artifact(caller, artifact).project, md5)
