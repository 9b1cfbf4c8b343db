"""Reads the fields of requests, and names the field that is not allowed. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.column_values import INT64_LIMIT

SHOWN = 80
"""How many characters of a value a message quotes."""
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
"""How clients write these numbers."""


@dataclass(frozen=True, slots=True)
class Given:
    """The fields of a request. Those of the address are lists of texts, and those of a body are values of JSON."""

    fields: Mapping[str, Any]

    def has(self, name: str) -> bool:
        """Return whether a field is given and not null."""
        return self.fields.get(name) is not None

    def text(self, *names: str) -> str:
        """Return the first of these fields that is given: older clients use another name.

        Raises:
            UsageError: none is given, or it is not a text.
        """
        found = next((self.fields[name] for name in names if self.fields.get(name) not in (None, "")), None)
        if found is None:
            raise UsageError(f"Missing value for required parameter '{names[0]}'")
        if not isinstance(found, str | int) or isinstance(found, bool):
            raise self._refused(names[0], found, "a text")
        return str(found)

    def optional_text(self, name: str) -> str | None:
        """Return a text; None: it is not given."""
        return self.text(name) if self.fields.get(name) not in (None, "") else None

    def value(self, name: str) -> str:
        """Return a text that may be empty.

        Raises:
            UsageError: it is not a text.
        """
        found = self.fields.get(name)
        if found is None:
            return ""
        if not isinstance(found, str):
            raise self._refused(name, found, "a text")
        return found

    def integer(self, name: str, default: int) -> int:
        """Return a whole number.

        Raises:
            UsageError: it is not one, or it does not fit in 64 bits.
        """
        found = self.fields.get(name)
        if found is None:
            return default
        try:
            number = int(found) if isinstance(found, str | int) and not isinstance(found, bool) else None
        except ValueError:
            number = None
        if number is None or abs(number) >= INT64_LIMIT:
            raise self._refused(name, found, "a whole number of 64 bits")
        return number

    def number(self, name: str) -> float:
        """Return a number, which may be NaN or infinite.

        Raises:
            UsageError: it is not one.
        """
        found = self.fields.get(name)
        if isinstance(found, str) and found in _NOT_FINITE:
            return _NOT_FINITE[found]
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found)
        raise self._refused(name, found, "a number")

    def seconds(self, name: str, default: float) -> float:
        """Return a time that is given in milliseconds, in seconds."""
        return self.integer(name, 0) / 1000 if self.has(name) else default

    def flag(self, name: str) -> bool:
        """Return whether something is wanted."""
        return self.fields.get(name) in (True, "true", "True")

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; one text is a list of one.

        Raises:
            UsageError: it is not a list of texts.
        """
        found = self.fields.get(name)
        listed = [] if found is None else [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise self._refused(name, found, "a list of texts")
        return listed

    def items(self, name: str) -> list[Given]:
        """Return a list of maps.

        Raises:
            UsageError: it is not a list of maps.
        """
        found = self.fields.get(name) or []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._refused(name, found, "a list of maps")
        return [Given(one) for one in found]

    def item(self, name: str) -> Given:
        """Return a map.

        Raises:
            UsageError: it is not a map.
        """
        found = self.fields.get(name) or {}
        if not isinstance(found, dict):
            raise self._refused(name, found, "a map")
        return Given(found)

    def _refused(self, name: str, found: object, wanted: str) -> UsageError:
        shown = json.dumps(found, default=str)[:SHOWN]
        return UsageError(f"Invalid value {shown} for parameter '{name}', allowed: {wanted}")


def of_body(body: bytes) -> Given:
    """Return the fields of a body.

    Raises:
        UsageError: it is not a map in JSON.
    """
    if not body.strip():
        return Given({})
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is not JSON ({error})") from None
    if not isinstance(found, dict):
        raise UsageError(f"the body is of type `{type(found).__name__}`, allowed: a map")
    return Given(found)


def of_query(pairs: Sequence[tuple[str, str]]) -> Given:
    """Return the fields of an address. A name that is repeated is a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        known = found.get(name)
        found[name] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
    return Given(found)
