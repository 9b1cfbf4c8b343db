"""Converts rows that cannot be written as they are. Every value is converted by itself and changes no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from lightning_sweeps.journal.conform import whole_number
from lightning_sweeps.journal.device_copy import DeviceCopy
from lightning_sweeps.journal.values import (
    MAX_DEPTH,
    MAX_KEYS,
    PLAIN_TYPES,
    host_value,
    key_text,
    plain_row_value,
    plain_value,
    unique_key,
)

CHECKED_BYTES = 768
"""A row of this size may be nested too deeply or have too many keys: its values are looked at. Ten numbers have 200."""

OnOther = Callable[[int, str, Any], bool]
"""Is called with the step, the key and a value that no row may contain; returns whether it has stored the value."""

encode_any = msgspec.msgpack.Encoder(enc_hook=plain_value, decimal_format="number").encode
"""Encodes a record. Waits for values on a GPU."""
encode_host_values = msgspec.msgpack.Encoder(enc_hook=host_value, decimal_format="number").encode
"""Encodes a record, and raises for a value on a GPU."""


def refuse(step: int, key: str, value: Any) -> bool:  # noqa: ARG001 - an `OnOther`
    """Store nothing."""
    return False


class RowConverter:
    """Converts the rows of one journal.

    Args:
        report: tells the user about a problem, once for each thing that it is about.
        on_other: takes the values that no row may contain, such as images.
    """

    def __init__(self, report: Callable[..., None], on_other: OnOther) -> None:
        self._report = report
        self._on_other = on_other

    def convert(self, step: int, values: Any, copy: DeviceCopy | None) -> dict[str, Any]:
        """Return the values that a row may contain. Others are reported.

        Args:
            step: the step of the row.
            values: what was logged.
            copy: what takes the numbers that are on a GPU. None: wait for them.
        """
        kept: dict[str, Any] = {}
        self._add_items(kept, self._items(values), "", copy, step)
        return kept

    def _add_items(
        self,
        kept: dict[str, Any],
        items: list[tuple[Any, Any]],
        prefix: str,
        copy: DeviceCopy | None,
        step: int,
    ) -> None:
        """Add the items of a map to a row. If a nested map has a part that no row may contain, its parts are added."""
        for key, value in items:
            text = prefix + key_text(key)
            name = unique_key(text, kept)
            if name != text:
                self._report(f"log() stores a second key `{text}` as `{name}`", about=f"key {name}")
            if is_small(value):
                kept[name] = value
                continue
            try:
                kept[name], notes = plain_row_value(value, copy)
            except Exception as error:  # a user's object may raise anything
                if isinstance(value, Mapping) and name.count(".") < MAX_DEPTH and len(prefix) < CHECKED_BYTES:
                    self._add_items(kept, self._items(value), f"{name}.", copy, step)
                elif not self._on_other(step, name, value):
                    self._report(f"log() left out `{name}`: {error}", about=f"value {name}")
                continue
            if notes:
                self._report(f"log() changed `{name}`: {notes[0]}", about=f"value {name}")

    def _items(self, values: Any) -> list[tuple[Any, Any]]:
        """Return the items of a row, as many as a row may have."""
        try:
            items = list(values.items())
        except Exception:  # no map, or a map that raises
            self._report(f"log() left out the row, a `{type(values).__name__}`: a row is a map", about="row")
            return []
        if len(items) > MAX_KEYS:
            self._report(f"a row has {len(items)} keys, the limit is {MAX_KEYS}; the others are left out", about="keys")
        return items[:MAX_KEYS]

    def whole_step(self, step: Any) -> int:
        """Return the step of a row as an integer; a fraction is rounded down."""
        try:
            number = whole_number(step)
        except Exception:  # the user's object
            self._report(
                f"`step` is a `{type(step).__name__}`, allowed: integers; the row has the step 0", about="step"
            )
            return 0
        if number != step:
            self._report(f"`step` is a `{type(step).__name__}` or too large; it is stored as {number}", about="step")
        return number


def is_small(value: Any) -> bool:
    """Return whether a value can be encoded as it is, in few bytes."""
    try:
        return len(encode_host_values(value)) <= CHECKED_BYTES
    except Exception:  # a user's object may raise anything
        return False


def check_shape(values: Mapping[str, Any]) -> None:
    """Raise if a row may not be stored as it is: it has many keys, or values that may be nested deeply."""
    if len(values) > MAX_KEYS or not PLAIN_TYPES.issuperset(map(type, values.values())):
        raise TypeError
