"""Words the message for a value of the wrong type: what was given and what is allowed."""

from __future__ import annotations

from typing import Any

import typer

from lightning_sweeps.errors import UsageError

ALLOWED = {
    "int_parsing": "an integer",
    "int_from_float": "an integer",
    "float_parsing": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
}
"""By kind of error of pydantic, which converts the values."""


def refused_value(error: typer.BadParameter) -> UsageError | None:
    """Return the error to show instead, or None if the error names the value already, as older versions of typer do."""
    find_faults = getattr(error.__cause__, "errors", None)
    if find_faults is None:
        return None
    fault: dict[str, Any] = find_faults()[0]
    allowed = ALLOWED.get(fault["type"])
    if allowed is None:
        return UsageError(f"{_given(error, fault['input'])} was given: {fault['msg']}")
    return UsageError(f"{_given(error, fault['input'])} was given, allowed: {allowed.format(**fault.get('ctx', {}))}")


def _given(error: typer.BadParameter, value: object) -> str:
    names: list[str] = getattr(error.param, "opts", [])
    flag = max((name for name in names if name.startswith("-")), key=len, default="")
    return f"`{flag} {value}`" if flag else f"`{value}`"
