"""Gives a refusal the form that wandb clients read.

Without it, a client whose key is not accepted says "no message".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightning_sweeps.server.protocols.refusals import ClientForm, one_line

PREFIXES = ("/wandb/", "/artifactsV2/")
"""What the paths of uploads and downloads begin with."""


def is_of_client(path: str) -> bool:
    """Return whether only wandb clients ask for a path."""
    return path == "/graphql" or path.endswith("/file_stream") or path.startswith(PREFIXES)


def error_fields(message: str, hint: str | None) -> dict[str, Any]:
    """Return the fields of a body that say what was wrong, as clients read them."""
    said = one_line(message, hint)
    return {"errors": [{"message": said}], "error": said}


def _fields(_: int, problem: Mapping[str, Any]) -> dict[str, Any]:
    return error_fields(problem["message"], problem.get("hint"))


FORM = ClientForm(is_of_client, _fields, marker="errors")
