"""The sweep file as JSON schema, for editors: made from the models that check it.

It knows keys, kinds and closed sets. What concerns several keys at once is said by `lightning-sweeps sweep --check`.
"""

from __future__ import annotations

import json
from typing import Any

from lightning_sweeps.sweeps.config import IGNORED_KEYS, SweepConfig

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema of a sweep file."""
    schema: dict[str, Any] = _simplified(SweepConfig.model_json_schema())
    ignored = {key: {"description": f"Ignored: {reason}."} for key, reason in IGNORED_KEYS.items()}
    properties = {**schema.pop("properties"), **ignored}
    return {"$schema": DIALECT, "title": "lightning-sweeps sweep file", **schema, "properties": properties}


def render() -> str:
    """Return the schema as the text of docs/sweep-file.schema.json."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _simplified(part: Any) -> Any:
    """Take out titles, which repeat the keys; forms of a parameter may overlap: `min: 1, max: 8` fits two."""
    if isinstance(part, list):
        return [_simplified(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        "anyOf" if key == "oneOf" else key: _simplified(value)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str))
    }
