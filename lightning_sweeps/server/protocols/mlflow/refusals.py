"""Gives a refusal the form that MLflow clients read: `error_code` and `message`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightning_sweeps.server.protocols.refusals import ClientForm, one_line

PREFIXES = ("/api/2.0/", "/api/3.0/", "/ajax-api/")
"""Our own routes are below `/api/` too, but none of their names begins with a version."""
CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    409: "RESOURCE_ALREADY_EXISTS",
    413: "INVALID_PARAMETER_VALUE",
    422: "INVALID_PARAMETER_VALUE",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "TEMPORARILY_UNAVAILABLE",
    507: "QUOTA_EXCEEDED",
}


def is_of_client(path: str) -> bool:
    """Return whether only MLflow clients ask for a path."""
    return path.startswith(PREFIXES)


def error_code(status: int) -> str:
    """Return what MLflow calls an error with an HTTP status."""
    return CODES.get(status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST")


def _fields(status: int, problem: Mapping[str, Any]) -> dict[str, Any]:
    return {"error_code": error_code(status), "message": one_line(problem["message"], problem.get("hint"))}


FORM = ClientForm(is_of_client, _fields, marker="error_code")
