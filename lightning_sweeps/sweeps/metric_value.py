"""Finds the value of a metric in a logged row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def metric_value(values: Mapping[str, Any], name: str) -> float | None:
    """Return the number that was logged as `name`, or None.

    A nested map is searched too: `val/loss` and `val.loss` both find `{"val": {"loss": 0.1}}`. The strings `nan`, `inf`
    and `-inf` are numbers: this is how non-finite numbers are stored.
    """
    value = values.get(name)
    if value is None:
        for separator in ("/", "."):
            outer, found, inner = name.partition(separator)
            nested = values.get(outer) if found else None
            if isinstance(nested, Mapping):
                return metric_value(nested, inner)
        return None
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
