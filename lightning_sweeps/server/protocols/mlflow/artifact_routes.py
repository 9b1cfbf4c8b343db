"""Receives the artifacts that clients upload by way of the server, and returns those that they download."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.server.protocols.downloads import content
from lightning_sweeps.server.protocols.mlflow import artifacts
from lightning_sweeps.server.protocols.mlflow.caller import CallerDep
from lightning_sweeps.server.protocols.mlflow.names import ARTIFACTS_PATH
from lightning_sweeps.server.protocols.mlflow.web import answer
from lightning_sweeps.server.security.scoped_router import scoped_router

router = scoped_router(include_in_schema=False)


@router.get(ARTIFACTS_PATH)
def list_artifacts(caller: CallerDep, path: str = "") -> Response:
    """List a folder of artifacts."""
    return answer(artifacts.list_proxied(caller, path))


@router.put(ARTIFACTS_PATH + "/{path:path}")
async def upload(request: Request, caller: CallerDep, path: str) -> Response:
    """Store an artifact."""
    await artifacts.take_file(caller, path, request.stream())
    await caller.control.announce_changes(caller.changed_sweeps)
    return answer({})


@router.get(ARTIFACTS_PATH + "/{path:path}")
def download(caller: CallerDep, path: str) -> Response:
    """Return an artifact."""
    return content(caller.contents, artifacts.find_file(caller, path).digest)


@router.delete(ARTIFACTS_PATH + "/{path:path}")
async def delete(caller: CallerDep, path: str) -> Response:
    """Delete an artifact, or a folder of them."""
    await run_in_threadpool(artifacts.delete, caller, path)
    return answer({})
