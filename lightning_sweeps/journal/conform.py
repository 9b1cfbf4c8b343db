"""Turns the fields of a record into what the record declares, so that a reader accepts whatever was passed.

None becomes the field's default. A number becomes text where text is declared, and text becomes a number if it is one.
A value that fits nothing becomes the default, and a note says so.
"""

from __future__ import annotations

import functools
import itertools
import math
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from lightning_sweeps.journal.objects import simpler
from lightning_sweeps.journal.values import PLAIN_TYPES, plain_map, plain_text

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)
MAX_STEPS = 8
"""How often an object may stand for another object."""

MAX_TEXTS = 100_000
"""Maximum length of a list of texts: an iterator may have no end."""

ZERO: dict[Any, Any] = {int: 0, float: 0.0, str: "", bool: False, list: [], dict: {}}


def conform(record: AnyStruct) -> tuple[AnyStruct, list[str]]:
    """Return a record whose fields have the declared types, and notes on the fields that were changed."""
    notes: list[str] = []
    changes: dict[str, Any] = {}
    for name, declared, default in _fields(type(record)):
        value = getattr(record, name)
        try:
            changes[name] = _convert(value, declared, notes)
        except Exception:  # a user's object may raise anything
            changes[name] = default()
            if value is not None:
                notes.append(f"`{name}` is a `{type(value).__name__}`; it is stored as `{changes[name]}`")
    return msgspec.structs.replace(record, **changes), notes


def whole_number(value: Any) -> int:
    """Return an integer for a number, a text or an array of one element; a fraction is rounded down.

    Raises:
        TypeError, ValueError, OverflowError: the value is not a finite number.
    """
    number = _scalar_of(value)
    if isinstance(number, str):
        number = int(number) if number.strip().lstrip("+-").isdigit() else float(number)
    whole: int = math.floor(number)
    return max(-(2**63), min(2**63 - 1, whole))


def text(value: Any) -> str:
    """Return text for a string, a number, a path or another simple object.

    Raises:
        TypeError: the value is a container or another object.
    """
    found = _scalar_of(value)
    return plain_text(found if isinstance(found, str) else str(found))


def texts(value: Any) -> list[str]:
    """Return a list of texts. One text is a list of one; a map becomes `name=value` for each.

    Raises:
        TypeError: the value is no list, or an element is not text.
    """
    if value is None:
        return []
    if isinstance(value, str):
        return [plain_text(value)]
    if isinstance(value, Mapping):
        return [f"{text(name)}={text(inner)}" for name, inner in value.items()]
    if not isinstance(value, Iterable):
        raise TypeError(f"a `{type(value).__name__}` is not a list of texts")
    found = [text(item) for item in itertools.islice(value, MAX_TEXTS + 1)]
    if len(found) > MAX_TEXTS:
        raise TypeError(f"a list of more than {MAX_TEXTS} texts")
    return found


def _scalar_of(value: Any) -> Any:
    """Return the number or text that an object stands for.

    Raises:
        TypeError: the object is a container, or neither number nor text.
    """
    found = value
    for _ in range(MAX_STEPS):
        if type(found) in PLAIN_TYPES and found is not None:
            return found
        if found is None or isinstance(found, list | tuple | dict):
            break
        found = simpler(found)
    raise TypeError(f"a `{type(value).__name__}` is neither number nor text")


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> list[tuple[str, Any, Callable[[], Any]]]:
    hints = get_type_hints(kind)
    return [(one.name, hints[one.name], _default_of(one, hints[one.name])) for one in msgspec.structs.fields(kind)]


def _default_of(field: Any, declared: Any) -> Callable[[], Any]:
    if field.default_factory is not msgspec.NODEFAULT:
        factory: Callable[[], Any] = field.default_factory
        return factory
    if field.default is not msgspec.NODEFAULT:
        return lambda: field.default
    if get_origin(declared) is Literal:
        return lambda: get_args(declared)[0]
    zero = ZERO.get(get_origin(declared) or declared)
    return lambda: zero


def _convert(value: Any, declared: Any, notes: list[str]) -> Any:
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, types.UnionType):
        return None if value is None else _convert(value, arguments[0], notes)
    if origin is Literal:
        if not isinstance(value, str) or value not in arguments:
            raise ValueError(value)
        return value
    if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
        changed, inner = conform(value)
        notes.extend(inner)
        return changed
    if origin is dict:
        values, inner = plain_map(value)
        notes.extend(inner)
        return {name: float(one) for name, one in values.items()} if arguments[1] is float else values
    if origin is list:
        return [_convert(item, arguments[0], notes) for item in value] if arguments[0] is not str else texts(value)
    return _scalar(value, declared, notes)


def _scalar(value: Any, declared: Any, notes: list[str]) -> Any:
    if declared is str:
        return text(value)
    if declared is int:
        number = whole_number(value)
        if number != value:
            notes.append(f"`{str(value)[:80]}` is stored as the integer {number}")
        return number
    return float(value) if declared is float else value
