"""Defines the maps `Run.config` and `Run.summary`: each change is also written to the journal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from lightning_sweeps.journal.values import plain_values


class RecordedMap(MutableMapping[str, Any]):
    """A map that records its changes.

    Values are numbers, text, booleans, None, lists and maps. Any other value is converted to text. A key cannot be
    deleted.

    Args:
        values: the values at the start. They are not recorded.
        record: is called with the values that a change adds or replaces.
    """

    def __init__(self, values: Mapping[str, Any], record: Callable[[dict[str, Any]], None]) -> None:
        self._values = dict(values)
        self._record = record

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        raise TypeError(f"`{key}` cannot be deleted because it is already recorded; set it to None instead")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def update(self, *args: Any, **values: Any) -> None:
        """Set several values with one record. The server merges nested maps."""
        added = plain_config(dict(*args, **values))
        if added:
            self._values.update(added)
            self._record(added)

    def __repr__(self) -> str:
        return repr(self._values)


def plain_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with text in place of everything that is not a number, text, a boolean, None, a list or a map."""
    return {str(key): _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return plain_config(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    kept, _ = plain_values({"value": value})
    with contextlib.suppress(KeyError):
        return kept["value"]
    return str(value)
