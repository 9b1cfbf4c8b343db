"""Takes objects apart that are no numbers, text, lists or maps, one level at a time.

Objects are recognized by what they are or by their methods. No library is imported for that.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import numbers
import os
import uuid
from argparse import Namespace
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

UNREADABLE = "<unreadable>"
"""Stands for a value whose object raises when it is read."""


def simpler(value: Any) -> Any:
    """Return a number, a text, a list or a map in place of an object. Its elements may be objects again.

    A tensor or array of one element becomes its number, a torchmetrics metric what it computes.

    Raises:
        TypeError: the object is of another kind; the message names it.
    """
    if isinstance(value, type):
        raise TypeError(f"the class `{value.__name__}` is neither number nor text")
    if isinstance(value, enum.Enum):
        return value.value if isinstance(value, int | float | str) else value.name
    if hasattr(value, "item") and getattr(value, "size", 1) is not None:
        return _only_element(value)
    if callable(getattr(value, "compute", None)):  # a torchmetrics metric
        return value.compute()
    fields = _fields(value)
    return _simple(value) if fields is None else fields


def element_count(value: Any) -> int | None:
    """Return how many elements an array or tensor has, None for anything else."""
    if isinstance(value, type) or not hasattr(value, "item"):
        return None
    count = value.numel() if hasattr(value, "numel") else getattr(value, "size", None)
    return count if isinstance(count, int) else None


def _only_element(value: Any) -> Any:
    count = element_count(value)
    if count not in (None, 1):
        raise TypeError(f"a `{type(value).__name__}` of {count} elements is not a number; log its mean or its elements")
    found = value.item()
    return float(found) if type(found) is type(value) else found  # a long double returns itself


def _fields(value: Any) -> dict[Any, Any] | None:
    """Return the fields of an object that is a map of names to values, or None."""
    if isinstance(value, Mapping):
        return {key: _read(value.__getitem__, key) for key in value}
    if isinstance(value, Namespace | SimpleNamespace):
        return dict(vars(value))
    if dataclasses.is_dataclass(value):
        return _attributes(value, [field.name for field in dataclasses.fields(value)])
    if isinstance(names := getattr(type(value), "__struct_fields__", None), tuple):  # msgspec
        return _attributes(value, names)
    if (fields := getattr(type(value), "__attrs_attrs__", None)) is not None:
        return _attributes(value, [field.name for field in fields])
    if isinstance(names := getattr(type(value), "model_fields", None), dict):  # pydantic
        return _attributes(value, [*names, *(getattr(value, "model_extra", None) or {})])
    return None


def _attributes(value: Any, names: Sequence[str]) -> dict[Any, Any]:
    return {name: _read(lambda name: getattr(value, name), name) for name in names}


def _read(get: Any, key: Any) -> Any:
    try:
        return get(key)
    except Exception:  # a missing value of OmegaConf, or a property that raises: it costs this value only
        return UNREADABLE


def _simple(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Decimal | numbers.Real):
        return to_float(value)
    if isinstance(value, os.PathLike):
        return _text_of(os.fspath(value))
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _text_of(bytes(value))
    if isinstance(value, Set):
        return _in_order(value)
    if isinstance(value, Sequence):
        return [_read(value.__getitem__, index) for index in range(len(value))]
    raise TypeError(f"a `{type(value).__name__}` is neither number nor text")


def to_float(value: Any) -> float:
    """Return a real number as a float: infinite beyond the largest float, NaN for a signaling NaN."""
    try:
        return float(value)
    except OverflowError:  # a fraction beyond the largest float
        return math.inf if value > 0 else -math.inf
    except ValueError:  # a signaling NaN
        return math.nan


def _text_of(value: str | bytes) -> str:
    """Return bytes as text if they are UTF-8, else as hexadecimal digits."""
    try:
        return value if isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        return value.hex()  # type: ignore[union-attr]


def _in_order(value: Set[Any]) -> list[Any]:
    """Return a set as a list. Its order must not depend on the process, because ranks are compared."""
    try:
        return sorted(value)
    except TypeError:
        return sorted(value, key=lambda item: (type(item).__name__, str(item)))
