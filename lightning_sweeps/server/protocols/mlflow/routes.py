"""Receives the requests of MLflow clients, and refuses at once those that the server has no answer for."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from lightning_sweeps.server.protocols.mlflow import operations, request
from lightning_sweeps.server.protocols.mlflow.caller import CallerDep
from lightning_sweeps.server.protocols.mlflow.request import Given
from lightning_sweeps.server.protocols.mlflow.web import answer
from lightning_sweeps.server.protocols.unanswered import UnansweredOperations
from lightning_sweeps.server.security.scoped_router import scoped_router

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
PREFIXES = ("mlflow/", "preview/mlflow/")
"""What precedes the name of an operation; the second one in clients before 1.0."""
NAME_PARTS = 3
REASON = (
    "this server tracks runs and their artifacts; the model registry, traces, prompts, evaluations and the gateway"
    " need an MLflow server"
)

router = scoped_router(include_in_schema=False)


@router.api_route("/api/2.0/{operation:path}", methods=METHODS)
async def operate(http: Request, caller: CallerDep, operation: str) -> Response:
    """Answer a request of MLflow's tracking API."""
    prefix = next((one for one in PREFIXES if operation.startswith(one)), None)
    found = None if prefix is None else operations.find(http.method, operation.removeprefix(prefix))
    if found is None:
        return _not_here(http, operation)
    body = await http.body()
    given = request.of_query(http.query_params.multi_items()) if http.method == "GET" else request.of_body(body)
    with_path = Given({**given.fields, **found.fields})
    body_of_answer = await run_in_threadpool(found.handler, caller, with_path)
    await caller.control.announce_changes(caller.changed_sweeps)
    return answer(body_of_answer)


@router.api_route("/api/3.0/{operation:path}", methods=METHODS)
@router.api_route("/ajax-api/{operation:path}", methods=METHODS)
async def refuse(http: Request, operation: str) -> Response:
    """Refuse a request of MLflow's API for traces and other parts that this server does not have."""
    return _not_here(http, operation)


def _not_here(http: Request, operation: str) -> Response:
    """Count a request that has no answer, and refuse it. It is no error of this server, so no log has it."""
    unanswered: UnansweredOperations = http.app.state.unanswered
    name = "/".join(operation.split("/")[:NAME_PARTS])
    unanswered.note(f"MLflow: {http.method} {name}", "not here")
    message = f"{http.method} {http.url.path[:200]} is not here: {REASON}"
    return answer({"error_code": "ENDPOINT_NOT_FOUND", "message": message}, status=404)
