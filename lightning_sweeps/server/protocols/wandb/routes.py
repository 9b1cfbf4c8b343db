"""Receives the requests of wandb clients: GraphQL documents, streamed files, uploads, and telemetry."""

from __future__ import annotations

import json
import zlib
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from lightning_sweeps.errors import LightningSweepsError, ServerRefused, UsageError
from lightning_sweeps.messages import UnansweredOperation
from lightning_sweeps.server.process.sweep_control import ControlDep
from lightning_sweeps.server.protocols.wandb import file_stream, runs, uploads
from lightning_sweeps.server.protocols.wandb.documents import Documents
from lightning_sweeps.server.protocols.wandb.web import CallerDep, answer, errors
from lightning_sweeps.server.routes.journals import MAX_BODY_BYTES, read_body
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web.problems import status_of

router = scoped_router(include_in_schema=False)


@router.post("/graphql")
async def graphql(request: Request, caller: CallerDep, control: ControlDep) -> Response:
    """Execute a GraphQL document. Errors have the form that clients expect of it."""
    documents: Documents = request.app.state.wandb_documents
    try:
        body = _decode_request(await request.body())
    except UsageError as error:
        return errors(400, error)
    variables = body.get("variables")
    operation = body.get("operationName")
    given = await run_in_threadpool(
        documents.execute,
        body["query"],
        variables if isinstance(variables, dict) else {},
        caller,
        operation=operation if isinstance(operation, str) and operation else None,
    )
    await control.announce_changes(caller.changed_sweeps)
    return answer(given.status, given.body)


@router.get("/api/unanswered")
def list_unanswered(request: Request) -> list[UnansweredOperation]:
    """List operations that clients asked for and that this server process had no answer for."""
    counts: dict[tuple[str, str], int] = request.app.state.unanswered.counts()
    found = [UnansweredOperation(name, reason, count) for (name, reason), count in counts.items()]
    return sorted(found, key=lambda one: (-one.count, one.operation, one.reason))


@router.post("/files/{entity}/{project}/{run}/file_stream")
async def stream_files(
    request: Request,
    caller: CallerDep,
    control: ControlDep,
    entity: str,
    project: str,
    run: str,
    body: Annotated[bytes, Depends(read_body)],
) -> Response:
    """Store lines of the files of a run."""
    try:
        content = await run_in_threadpool(_unpacked, body, request.headers.get("content-encoding", ""))
        given = await run_in_threadpool(file_stream.store_request, caller, entity, project, run, content)
    except LightningSweepsError as error:
        return errors(status_of(error), error)
    await control.announce_changes(caller.changed_sweeps)
    return answer(200, given)


@router.put(uploads.UPLOAD_PATH + "/{project}/{run}/{path:path}")
async def upload_file(request: Request, caller: CallerDep, project: str, run: str, path: str) -> Response:
    """Store a file of a run."""
    await uploads.take_file(caller, project, run, path, request.stream())
    return answer(200, {})


@router.post("/sdk/otel/{path:path}")
async def drop_telemetry(request: Request) -> Response:
    """Take what a client tells its maker about itself, and drop it."""
    async for _ in request.stream():
        pass
    return Response(status_code=200)


@router.get("/{entity}/{project}/runs/{run}")
async def open_run(caller: CallerDep, entity: str, project: str, run: str) -> Response:
    """Redirect from the address that a client prints to the page of the run."""
    known = await run_in_threadpool(runs.find_run, caller, caller.project(entity, project), run)
    return RedirectResponse("/runs" if known is None else f"/runs/{quote(known.id)}", status_code=303)


@router.get("/{entity}/{project}/sweeps/{sweep}")
async def open_sweep(caller: CallerDep, entity: str, project: str, sweep: str) -> Response:
    """Redirect from the address that a client prints to the page of the sweep."""
    caller.project(entity, project)
    return RedirectResponse(f"/sweeps/{quote(sweep, safe='')}", status_code=303)


def _decode_request(body: bytes) -> dict[str, Any]:
    """Return the request in a body.

    Raises:
        UsageError: it is not a GraphQL request.
    """
    try:
        found = json.loads(body)
    except ValueError as error:
        raise UsageError(f"the body is not JSON ({error})") from None
    if not isinstance(found, dict) or not isinstance(found.get("query"), str):
        raise UsageError("the body is not a GraphQL request: a map with the text `query`")
    return found


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Return the content of a body.

    Raises:
        UsageError: it is not in that encoding.
        ServerRefused: the content is too long.
    """
    if encoding not in ("", "identity", "gzip"):
        raise UsageError(f"the body has the encoding `{encoding[:40]}`, allowed: `gzip`")
    if encoding != "gzip":
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(body, MAX_BODY_BYTES)
    except zlib.error as error:
        raise UsageError(f"the body is not in the encoding `gzip` ({error})") from None
    if unpacker.unconsumed_tail:
        raise ServerRefused(f"the body has more than {MAX_BODY_BYTES} bytes, allowed: {MAX_BODY_BYTES}", status=413)
    return content
