"""The JSON schema of a sweep file, for editors, made from the models that check the file.

It covers single keys. `lightning-sweeps sweep --check` also checks rules that concern several keys.
"""

from __future__ import annotations

import json
from typing import Any

from lightning_sweeps.sweeps.config import IGNORED_KEYS, SweepConfig
from lightning_sweeps.sweeps.wandb_scheduler import CUSTOM, ENGINES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema of a sweep file."""
    schema: dict[str, Any] = _simplified(SweepConfig.model_json_schema())
    ignored = {key: {"description": f"Ignored: {reason}."} for key, reason in IGNORED_KEYS.items()}
    engine = {"enum": list(ENGINES)}
    translated = {
        "scheduler": {
            "type": "object",
            "minProperties": 1,
            "properties": {"engine": engine},
            "description": "Of W&B: gives the sweep its `method`.",
        }
    }
    properties = {**schema.pop("properties"), **translated, **ignored}
    properties["metrics"]["anyOf"][0]["minItems"] = 1  # one entry is the same as `metric`
    properties["method"]["enum"].append(CUSTOM)  # beside `scheduler`
    required = {"required": ["parameters"], "anyOf": [{"required": ["method"]}, {"required": ["scheduler"]}]}
    title = "lightning-sweeps sweep file"
    return {"$schema": DIALECT, "title": title, **schema, **required, "properties": properties}


def render() -> str:
    """Return the schema as the text of docs/sweep-file.schema.json."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _simplified(part: Any) -> Any:
    """Remove titles, which repeat the keys, and allow overlapping forms: `min: 1, max: 8` matches two."""
    if isinstance(part, list):
        return [_simplified(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        "anyOf" if key == "oneOf" else key: _simplified(value)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str))
    }
