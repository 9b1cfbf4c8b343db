"""Every error answer: its status, and a `messages.Problem` as its body.

Routes raise the classes of `errors.py`; `NotFound` answers 404, `ServerRefused` its own status,
`UsageError` and `JournalError` 422.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from lightning_sweeps.errors import (
    JournalError,
    LightningSweepsError,
    NotFound,
    OffsetConflict,
    ServerRefused,
    SweepFileError,
    UsageError,
)
from lightning_sweeps.messages import IngestReply, Problem, ProblemFault
from lightning_sweeps.store.column_values import plain

GIVEN_LENGTH = 80
"""How much of a value that was not accepted is shown."""

_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Make `app` answer every error with a Problem."""
    app.add_exception_handler(LightningSweepsError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(DataError, _impossible)
    app.add_exception_handler(OverflowError, _impossible)
    app.add_exception_handler(OperationalError, _database)
    app.add_exception_handler(PoolTimeout, _database)
    app.add_exception_handler(Exception, _unexpected)


def answer(status: int, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return the response that carries `problem`."""
    return _json(status, asdict(problem), headers)


def status_of(error: LightningSweepsError) -> int:
    """Return the HTTP status that stands for `error`."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, ServerRefused) and error.status:
        return error.status
    return 422 if isinstance(error, UsageError | JournalError) else 503


def describe(errors: list[Any]) -> str:
    """Return pydantic's findings as one sentence each: which field, what is wanted, what was given."""
    return "; ".join(_sentence(error) for error in errors)


def _sentence(error: dict[str, Any]) -> str:
    place, *path = error["loc"]
    field = ".".join(str(part) for part in path) or str(place)
    wanted = str(error["msg"])
    if error["type"] == "missing":
        return f"`{field}` ({place}) is missing"
    given = json.dumps(plain(error.get("input")))
    shown = given if len(given) <= GIVEN_LENGTH else given[:GIVEN_LENGTH] + "..."
    return f"`{field}` ({place}) is `{shown}`: {wanted[:1].lower()}{wanted[1:]}"


def _json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status_code=status, headers=headers, media_type="application/json")


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, LightningSweepsError)  # noqa: S101  by how the handler is registered
    if isinstance(error, OffsetConflict):
        return _json(409, asdict(IngestReply(error.committed)))
    found = error.faults if isinstance(error, SweepFileError) else []
    faults = [ProblemFault(fault.line, fault.key, fault.message) for fault in found]
    status = status_of(error)
    if status >= 500:
        _log.error("%s", error, exc_info=error)
    return answer(status, Problem(error.message, error.hint or "", faults))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    hint = f"{request.method} {request.url.path} is described at /api/docs"
    return answer(422, Problem(describe(list(error.errors())), hint))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    message = f"{request.method} `{request.url.path}`: {error.detail}"
    return answer(error.status_code, Problem(message, "every route is listed at /api/docs"), dict(error.headers or {}))


async def _gone(_: Request, __: Exception) -> Response:
    """Answer for the form's sake: who asked is not there any more, which is nothing to log."""
    return answer(400, Problem("the request ended before its end"))


async def _impossible(_: Request, error: Exception) -> Response:
    """Answer for a value that no column holds: the character 0 in a text, a number beyond 64 bits."""
    said = str(error.orig if isinstance(error, DataError) else error).strip().splitlines()[0]
    return answer(422, Problem(f"the request holds a value that the database cannot take ({said})"))


async def _database(_: Request, error: Exception) -> Response:
    _log.error("the database did not do its part: %s", error)
    return answer(503, Problem("the server's database does not answer now", "try again; the server's log says why"))


async def _unexpected(request: Request, _: Exception) -> Response:
    """Say no more than that it happened; the traceback goes to the server's log by way of uvicorn."""
    message = f"{request.method} `{request.url.path}` failed in the server"
    return answer(500, Problem(message, "the server's log holds the traceback"))
