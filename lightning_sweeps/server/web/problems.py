"""Turns every error into a response with a status and a `messages.Problem` as its body.

Routes raise the exceptions of `errors.py`. `NotFound` becomes 404, `ServerRefused` its own status, and `UsageError`
and `JournalError` become 422.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
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
from lightning_sweeps.store.failures import is_too_complex

GIVEN_LENGTH = 80
"""How many characters of a rejected value a message quotes."""
MAX_DESCRIBED = 10
"""How many errors of a request a message describes."""

Handler: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]

_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Make `app` answer every error of its routes with a `Problem`."""
    for kind, handler in _handlers().items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(Exception, _unexpected)


def of_middleware() -> Middleware:
    """Return the middleware that answers every error of the middleware behind it with a `Problem`.

    FastAPI's own handlers see only the errors of routes. The check of API keys reads the database before them.
    """
    return Middleware(ExceptionMiddleware, handlers=_handlers())


def answer(status: int, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return the response that carries `problem`."""
    return _json(status, asdict(problem), headers)


def status_of(error: LightningSweepsError) -> int:
    """Return the HTTP status of an exception."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, ServerRefused) and error.status:
        return error.status
    return 422 if isinstance(error, UsageError | JournalError) else 503


def fault(method: str, path: str) -> Problem:
    """Return what is said of a request that failed for a reason that the server does not know."""
    return Problem(f"{method} `{path}` failed in the server", "the server's log has the traceback")


def describe(errors: Sequence[Any]) -> str:
    """Return one sentence for each of pydantic's errors: the field, the given value, and what is allowed.

    After `MAX_DESCRIBED` errors, only their number follows.
    """
    sentences = [_sentence(error) for error in errors[:MAX_DESCRIBED]]
    if len(errors) > MAX_DESCRIBED:
        sentences.append(f"and {len(errors) - MAX_DESCRIBED} more")
    return "; ".join(sentences)


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


async def _own_error(_: Request, error: Exception) -> Response:
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
    hint = f"/api/docs describes {request.method} {request.url.path}"
    return answer(422, Problem(describe(error.errors()), hint))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    message = f"{request.method} `{request.url.path}`: {error.detail}"
    return answer(error.status_code, Problem(message, "/api/docs lists every route"), dict(error.headers or {}))


async def _disconnected(_: Request, __: Exception) -> Response:
    """Return a response although the client has disconnected. There is nothing to log."""
    return answer(400, Problem("the client disconnected before the request was complete"))


async def _not_storable(_: Request, error: Exception) -> Response:
    """Reject a value that no column can store: a NUL character in a text, or a number beyond 64 bits."""
    said = str(error.orig if isinstance(error, DataError) else error).strip().splitlines()[0]
    return answer(422, Problem(f"the request contains a value that the database cannot store ({said})"))


async def _too_deep(request: Request, error: Exception) -> Response:
    _log.error("%s %s is nested too deeply", request.method, request.url.path, exc_info=error)
    return answer(422, Problem("the request is nested too deeply"))


async def _database(_: Request, error: Exception) -> Response:
    if is_too_complex(error):
        return answer(422, Problem("the request is too complex for the database", "ask for less at once"))
    _log.error("a database operation failed: %s", error)
    return answer(503, Problem("the server's database does not respond", "try again; the server's log has the reason"))


async def _unexpected(request: Request, _: Exception) -> Response:
    """Return a generic message. uvicorn writes the traceback to the server's log."""
    return answer(500, fault(request.method, request.url.path))


def _handlers() -> dict[type[Exception], Handler]:
    return {
        LightningSweepsError: _own_error,
        RequestValidationError: _invalid,
        HTTPException: _http,
        ClientDisconnect: _disconnected,
        DataError: _not_storable,
        OverflowError: _not_storable,
        OperationalError: _database,
        RecursionError: _too_deep,
        PoolTimeout: _database,
    }
