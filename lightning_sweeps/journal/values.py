"""Converts values to what a record may contain: numbers, booleans, text, None, lists, and maps of these.

This is the one place that decides what becomes of a value. A configuration keeps every value, if necessary as text. A
row refuses values that are neither numbers nor text, because a chart cannot show them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lightning_sweeps.journal.device_copy import DeviceCopy, DeviceValueError, is_on_device
from lightning_sweeps.journal.objects import UNREADABLE, element_count, simpler

MAX_DEPTH = 32
"""Maximum depth of nested maps and lists. What is nested deeper is replaced by the name of its type."""
MAX_KEYS = 100_000
"""Maximum number of keys of a record, nested ones included."""
MAX_VALUES = 2_000_000
"""Maximum number of values of a record. Objects that contain each other many times could have any number."""
MAX_LISTED = 1024
"""Arrays with more elements are described, not listed."""
INT_LIMITS = (-(2**63), 2**64)

PLAIN_TYPES = frozenset({int, float, bool, str, type(None)})


class TooManyValues(ValueError):
    """The value has too many parts for a record."""


def host_value(value: Any) -> Any:
    """Return a simpler value in place of an object of a row. msgspec calls this for types that it cannot encode.

    Raises:
        DeviceValueError: the value is on a GPU.
        TypeError: the object is neither number nor text; the message names it.
    """
    if is_on_device(value):
        raise DeviceValueError
    return plain_value(value)


def plain_value(value: Any) -> Any:
    """Return a number or text in place of an object of a row, as `host_value` does. Waits for a GPU.

    Maps and lists are refused here, because the object may be a key of a map. `plain_row_value` takes them apart.

    Raises:
        TypeError: the object is neither number nor text; the message names it.
    """
    found = simpler(value)
    if isinstance(found, dict | list):
        raise TypeError(f"a `{type(value).__name__}` has several parts")
    return found


def plain_row_value(value: Any, device: DeviceCopy | None = None) -> tuple[Any, list[str]]:
    """Return a value of a row as numbers, text, lists and maps, and what was changed in it, for a warning.

    Args:
        value: the value.
        device: what takes the numbers that are on a GPU. None: wait for them.

    Raises:
        TypeError: the value is neither number nor text.
        TooManyValues: the value has too many parts.
    """
    conversion = _Conversion(is_row=True, device=device)
    return conversion.convert(value), conversion.notes


def plain_map(values: Any) -> tuple[dict[str, Any], list[str]]:
    """Return a map or an object with fields as nested maps and lists of numbers and text.

    Anything else becomes text; a value that cannot be read becomes `<unreadable>`.

    Returns:
        The values, and what was changed in them, for a warning.

    Raises:
        TypeError: `values` is neither a map nor an object with fields.
        TooManyValues: there are too many values.
    """
    conversion = _Conversion(is_row=False)
    plain = conversion.convert(values)
    if not isinstance(plain, dict):
        raise TypeError(f"a `{type(values).__name__}` is not a map of names to values")
    return plain, conversion.notes


def plain_text(value: str) -> str:
    """Return text that UTF-8 can encode. Lone surrogates, as in names of files that are not UTF-8, become `?`."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode()
    return value


def plain_key(key: Any, taken: Mapping[str, Any]) -> str:
    """Return a key as text that is not `taken` yet: of `1` and `"1"` in one map, the second becomes `1~2`."""
    return unique_key(key_text(key), taken)


def key_text(key: Any) -> str:
    """Return a key as text that UTF-8 can encode."""
    try:
        return plain_text(key if type(key) is str else str(key))
    except Exception:  # the key's own method
        return f"<{type(key).__name__}>"


def unique_key(name: str, taken: Mapping[str, Any]) -> str:
    """Return `name`, or `name~2`, `name~3` and so on if it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name}~{number}" in taken:
        number += 1
    return f"{name}~{number}"


@dataclass(slots=True)
class _Conversion:
    """One conversion of one value.

    Attributes:
        is_row: whether the value belongs to a row.
        device: what takes the numbers of a row that are on a GPU. None: wait for them.
        notes: what was changed, such as a number that was rounded.
    """

    is_row: bool
    device: DeviceCopy | None = None
    notes: list[str] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)
    """Containers that are being converted: one that contains itself is cut."""
    _count: int = 0

    def convert(self, value: Any, depth: int = 0) -> Any:
        self._count += 1
        if self._count > MAX_VALUES:
            raise TooManyValues(f"more than {MAX_VALUES} values")
        kind = type(value)
        if kind is float or kind is bool or value is None:
            return value
        if kind is str:
            return plain_text(value)
        if kind is int:
            return self._number(value)
        if id(value) in self._open or depth == MAX_DEPTH:
            self.notes.append("contains itself" if id(value) in self._open else f"nested more than {MAX_DEPTH} deep")
            return f"<{kind.__name__}>"
        self._open.add(id(value))
        try:
            return self._container(value, depth)
        finally:
            self._open.discard(id(value))

    def _container(self, value: Any, depth: int) -> Any:
        if type(value) is dict:
            found: dict[str, Any] = {}
            for key, inner in value.items():
                name = plain_key(key, found)
                if type(key) is not str and name != key_text(key):
                    self.notes.append(f"two keys are named `{key_text(key)}`; the second one is stored as `{name}`")
                found[name] = self._part(inner, depth)
            if len(found) > MAX_KEYS:
                raise TooManyValues(f"more than {MAX_KEYS} keys")
            return found
        if type(value) in (list, tuple):
            self.device = None  # only maps have places for numbers that arrive later
            return [self._part(inner, depth) for inner in value]
        if self.device is not None and is_on_device(value):
            return self.device.add(value)
        return self._object(value, depth)

    def _part(self, value: Any, depth: int) -> Any:
        try:
            return self.convert(value, depth + 1)
        except TooManyValues:
            raise
        except Exception:  # reading a user's object may raise anything; it costs this value only
            if self.is_row:
                raise
            self.notes.append(f"a `{type(value).__name__}` cannot be read")
            return UNREADABLE

    def _object(self, value: Any, depth: int) -> Any:
        count = element_count(value)
        if count is not None and count != 1:
            return self._array(value, count, depth)
        if not self.is_row and callable(getattr(value, "compute", None)):
            return _describe(value)
        try:
            plain = simpler(value)
        except TypeError:
            if self.is_row:
                raise
            return _describe(value)
        if type(plain) is dict or type(plain) is list:
            return self._container(plain, depth)
        return self.convert(plain, depth + 1)

    def _array(self, value: Any, count: int, depth: int) -> Any:
        if self.is_row and not depth:
            raise TypeError(f"a `{type(value).__name__}` of {count} elements is not a number")
        if count <= MAX_LISTED and hasattr(value, "tolist"):
            return self.convert(value.tolist(), depth + 1)
        return f"<{type(value).__name__} of shape {tuple(getattr(value, 'shape', (count,)))}>"

    def _number(self, value: int) -> Any:
        if INT_LIMITS[0] <= value < INT_LIMITS[1]:
            return value
        if not self.is_row:
            return str(value) if value.bit_length() < 10_000 else hex(value)  # Python refuses longer decimals
        try:
            number = float(value)
        except OverflowError:
            number = math.inf if value > 0 else -math.inf
        if number != value:
            self.notes.append("an integer of more than 64 bits is rounded to a float")
        return number


def _describe(value: Any) -> str:
    """Return the text of an object: the name of a class or a function, else what `str` returns."""
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{value.__module__}.{value.__qualname__}"  # `str` would contain an address that differs between ranks
    return plain_text(str(value))
