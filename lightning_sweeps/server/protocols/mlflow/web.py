"""Writes answers as MLflow clients read them."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Response


def answer(body: dict[str, Any], *, status: int = 200) -> Response:
    """Return a response with a JSON body."""
    return Response(json.dumps(body), status_code=status, media_type="application/json")
