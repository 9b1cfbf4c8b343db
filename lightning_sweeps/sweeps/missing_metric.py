"""Explains why a finished trial has no value of the sweep's metric. Pure."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any

from lightning_sweeps.sweeps.metric_value import metric_value

NO_VALUE = "no value of `{}` was logged"
"""How the reason of a trial begins that finished without a value of the metric."""

SHOWN_KEYS = 8
SIMILARITY = 0.5


def summary_value(summary: Mapping[str, Any], name: str) -> float | None:
    """Return the finite number that the user set in the summary for the metric, or None.

    Args:
        summary: values by key; keys of nested maps are joined by dots.
        name: the metric.
    """
    for key in (name, name.replace("/", ".")):
        value = metric_value({key: summary.get(key)}, key)
        if value is not None and math.isfinite(value):
            return value
    return None


def explain_missing(name: str, *, logged: Mapping[str, Any], nonfinite: int) -> str:
    """Return the reason of a trial without a value: what was logged instead, and the nearest key.

    Args:
        name: the metric.
        logged: the last value of each key that the trial logged.
        nonfinite: number of values of the metric that were NaN or infinite.
    """
    reason = NO_VALUE.format(name)
    if nonfinite:
        values = "the only value was" if nonfinite == 1 else f"all {nonfinite} values were"
        return f"{reason} that counts: {values} NaN or infinite"
    if name in logged:
        return f"{reason} as a number: it was {_describe(logged[name])}"
    if not logged:
        return f"{reason}; the server has no rows of this trial"
    keys = sorted(logged)
    shown = ", ".join(f"`{key}`" for key in keys[:SHOWN_KEYS])
    more = f" and {len(keys) - SHOWN_KEYS} more" if len(keys) > SHOWN_KEYS else ""
    near = difflib.get_close_matches(name, keys, n=1, cutoff=SIMILARITY) or [key for key in keys if _is_part(name, key)]
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"{reason}; logged: {shown}{more}{hint}"


def _is_part(name: str, key: str) -> bool:
    first, second = name.strip().lower(), key.strip().lower()
    return first in second or second in first


def _describe(value: Any) -> str:
    if isinstance(value, bool):
        return f"the boolean `{value}`"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return f"a `{type(value).__name__}`"
