"""Maps parameters and tags to keys of a run's configuration. Pure functions.

A parameter is a value of the configuration, as a number if it was written as Python writes that number. A tag is a
value below `mlflow_tags.`. Keys are not nested, so that parameters and tags keep their names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.mlflow.request import Given

TAG_PREFIX = "mlflow_tags."
MODELS, DATASETS, OUTPUTS = "mlflow_models", "mlflow_datasets", "mlflow_outputs"
"""Lists of what clients say apart from parameters and tags, as they say it."""
OWN_KEYS = frozenset({MODELS, DATASETS, OUTPUTS})
NAME_TAG, NOTES_TAG, USER_TAG, SOURCE_TAG = "mlflow.runName", "mlflow.note.content", "mlflow.user", "mlflow.source.name"
LABELS = {NAME_TAG: "name", NOTES_TAG: "notes"}
"""Tags that are columns of a run."""
MAX_KEY, MAX_VALUE = 250, 8000
"""MLflow's own limits in characters, of names and of the values of parameters and tags."""
MAX_EXACT_INT = 2**53


def checked_key(key: str, *, what: str) -> str:
    """Return the name of a parameter, a tag or a metric.

    Raises:
        UsageError: it is not allowed.
    """
    if 0 < len(key) <= MAX_KEY and key.isprintable():
        return key
    raise UsageError(f"Invalid {what} name '{key[:MAX_KEY]}', allowed: 1 to {MAX_KEY} printable characters")


def param_of(given: Given) -> tuple[str, Any]:
    """Return the name and the value of a parameter, as the configuration holds them.

    Raises:
        UsageError: one of them is not allowed.
    """
    key = checked_key(given.text("key"), what="parameter")
    if key.startswith(TAG_PREFIX) or key in OWN_KEYS:
        raise UsageError(f"Invalid parameter name '{key}': names that begin with `{TAG_PREFIX}` hold tags")
    return key, value_of_text(_checked_value(key, given.value("value"), what="parameter"))


def tag_of(given: Given) -> tuple[str, str]:
    """Return the name and the value of a tag.

    Raises:
        UsageError: one of them is not allowed.
    """
    key = checked_key(given.text("key"), what="tag")
    return key, _checked_value(key, given.value("value"), what="tag")


def _checked_value(key: str, value: str, *, what: str) -> str:
    if len(value) > MAX_VALUE and key != "mlflow.log-model.history":
        raise UsageError(f"the value of the {what} '{key}' has {len(value)} characters, allowed: {MAX_VALUE}")
    return value


def value_of_text(text: str) -> Any:
    """Return a number if a text is exactly how Python writes it, and the text otherwise."""
    try:
        number = float(text) if "." in text or "e" in text else int(text)
    except ValueError:
        return text
    if not math.isfinite(number) or abs(number) >= MAX_EXACT_INT or str(number) != text:
        return text
    return number


def params(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters in a configuration. Nested keys are joined by dots."""
    flat = {key: value for key, value in _flat(config) if not key.startswith(TAG_PREFIX)}
    return {key: text_of_value(value) for key, value in flat.items() if key not in OWN_KEYS}


def text_of_value(value: Any) -> str:
    """Return a value of a configuration as clients read it."""
    return value if isinstance(value, str) else str(value)


def tags(run: RunDetails) -> dict[str, str]:
    """Return the tags of a run. Our tags, which have no value, are tags with an empty one."""
    kept = {
        key.removeprefix(TAG_PREFIX): text_of_value(value)
        for key, value in run.config.items()
        if key.startswith(TAG_PREFIX) and value is not None
    }
    labels = {NAME_TAG: run.name} | ({NOTES_TAG: run.notes} if run.notes else {})
    user = {USER_TAG: run.user} if run.user else {}
    return dict.fromkeys(run.tags, "") | user | kept | labels


def config_of_tags(tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a configuration that hold tags, without those that are columns of a run."""
    return {f"{TAG_PREFIX}{key}": value for key, value in tags.items() if key not in LABELS}


def changed_param(config: Mapping[str, Any], key: str, value: Any) -> str | None:
    """Return the known value of a parameter if it is another one; None: the parameter is new or the same."""
    known = params(config).get(key)
    return known if known is not None and known != text_of_value(value) else None


def _flat(config: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in config.items():
        found += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", value)]
    return found
