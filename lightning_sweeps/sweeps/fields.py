"""Types of values in a sweep file. Each error names what was given and what is allowed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sweeps import yaml11

FAULT = "fault"
"""The pydantic error type of a message that is shown unchanged."""

MAX_SHOWN = 60
INT64 = 2**63


class Section(BaseModel):
    """A map in the sweep file. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refuse(message: str) -> PydanticCustomError:
    """Return a validation error with this message."""
    return PydanticCustomError(FAULT, "{message}", {"message": message})


def shown(value: object) -> str:
    """Return a value for a message: in backticks, with its type if that may be the mistake."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, dict | list):
        text = json.dumps(value, default=str)
    text = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
    kind = {str: "a string", bool: "a truth value", list: "a list", dict: "a map"}.get(type(value), "")
    return f"`{text}`{kind and ', ' + kind}"


def closest(given: str, known: list[str]) -> str:
    """Return `; did you mean ...?` for the closest known word, or an empty string."""
    meant = did_you_mean(given, known)
    return f"; {meant}" if meant else ""


def _is_in_range(value: int | float) -> bool:
    return -INT64 <= value < INT64 if isinstance(value, int) else math.isfinite(value)


def _as_number(value: object) -> str:
    """Return the advice for a string that is a number without quotes, or in YAML 1.1, or an empty string."""
    if not isinstance(value, str):
        return ""
    old = yaml11.read_word(value)
    if _is_number(old) and ("_" in value or ":" in value or value.lstrip("+-").lower().startswith("0b")):
        return f"; write `{yaml11.unambiguous(old)}`, or set `yaml: 1.1`"
    try:
        number = old if _is_number(old) else float(value)
    except ValueError:
        return ""
    return f"; write `{yaml11.unambiguous(number)}` without quotes"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(
    allowed: str = "a number", *, check: Callable[[float], bool] = lambda _: True
) -> Callable[[object], int | float]:
    """Return a validator of finite numbers; ints stay ints."""

    def validate(value: object) -> int | float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise refuse(f"is {shown(value)}, allowed: {allowed}{_as_number(value)}")
        if not _is_in_range(value) or not check(value):
            raise refuse(f"is {shown(value)}, allowed: {allowed}")
        return value

    return validate


def whole(allowed: str, *, low: int) -> Callable[[object], int]:
    """Return a validator of whole numbers of at least `low`; `8.0` is a whole number."""

    def validate(value: object) -> int:
        fault = refuse(f"is {shown(value)}, allowed: {allowed}{_as_number(value)}")
        if not isinstance(value, int | float) or isinstance(value, bool) or not _is_in_range(value):
            raise fault
        if value != int(value) or not low <= value < INT64:
            raise fault
        return int(value)

    return validate


def text(value: object) -> str:
    """Accept a string that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise refuse(f"is {shown(value)}, allowed: a string that is not empty")
    return value


def any_text(value: object) -> str:
    """Accept any string, and null as the empty string."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise refuse(f"is {shown(value)}, allowed: a string")
    return value


def truth(value: object) -> bool:
    """Accept true and false."""
    if not isinstance(value, bool):
        old = yaml11.read_word(value) if isinstance(value, str) else None
        advice = f"; write `{yaml11.unambiguous(old)}`, or set `yaml: 1.1`" if isinstance(old, bool) else ""
        raise refuse(f"is {shown(value)}, allowed: true, false{advice}")
    return value


def one_of(*choices: object) -> Callable[[object], object]:
    """Return a validator of a closed set of values."""

    def validate(value: object) -> object:
        if not any(value == choice and type(value) is type(choice) for choice in choices):
            words = [str(choice).lower() if isinstance(choice, bool) else str(choice) for choice in choices]
            given = f"`{value}`" if isinstance(value, str) else shown(value)
            raise refuse(f"is {given}, allowed: {', '.join(words)}{closest(str(value), words)}")
        return value

    return validate


def member_of(registry: Registry[Any]) -> Callable[[object], str]:
    """Return a validator of names in a registry."""

    def validate(value: object) -> str:
        if not isinstance(value, str):
            raise refuse(f"is {shown(value)}, allowed: {', '.join(registry.names())}")
        try:
            registry.get(value)
        except UsageError as error:
            raise refuse(f"{error.message}; {error.hint}" if error.hint else error.message) from error
        return value

    return validate


def plain(value: object) -> object:
    """Accept what JSON represents exactly: finite numbers, 64-bit integers, maps with string keys."""
    if isinstance(value, float) and not math.isfinite(value):
        raise refuse(f"holds {shown(value)}, allowed: finite numbers; write it as a string")
    if isinstance(value, int) and not -INT64 <= value < INT64:
        raise refuse(f"holds {shown(value)}, allowed: integers of 64 bits; write it as a string")
    if isinstance(value, list):
        for item in value:
            plain(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise refuse(f"has the key {shown(key)}, allowed: strings")
            plain(item)
    elif value is not None and not isinstance(value, str | int | float):
        raise refuse(f"holds a `{type(value).__name__}`, allowed: JSON values")
    return value


def published(**schema: Any) -> WithJsonSchema:
    """Return the JSON schema of a type. Its validator is code, so pydantic cannot derive a schema from it."""
    return WithJsonSchema(schema)


Number = Annotated[int | float, BeforeValidator(number()), published(type="number")]
Positive = Annotated[
    int | float,
    BeforeValidator(number("a number > 0", check=lambda x: x > 0)),
    published(type="number", exclusiveMinimum=0),
]
NotNegative = Annotated[
    int | float, BeforeValidator(number("a number >= 0", check=lambda x: x >= 0)), published(type="number", minimum=0)
]
Integer = Annotated[int, BeforeValidator(whole("a whole number", low=-INT64)), published(type="integer")]
Count = Annotated[int, BeforeValidator(whole("a whole number >= 1", low=1)), published(type="integer", minimum=1)]
CountOrZero = Annotated[int, BeforeValidator(whole("a whole number >= 0", low=0)), published(type="integer", minimum=0)]
Text = Annotated[str, BeforeValidator(text), published(type="string", pattern="\\S")]
AnyText = Annotated[str, BeforeValidator(any_text), published(type=["string", "null"])]
Truth = Annotated[bool, BeforeValidator(truth)]
Plain = Annotated[Any, BeforeValidator(plain)]
