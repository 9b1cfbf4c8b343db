"""Defines the maps `Run.config` and `Run.summary`: each change is also written to the journal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from lightning_sweeps.journal.values import plain_key, plain_map

logger = logging.getLogger("lightning_sweeps")


class RecordedMap(dict[str, Any]):
    """A dict that records its changes, also those of the maps in it.

    `config["lr"]` and `config.lr` are the same. Values are numbers, text, booleans, None, lists and maps. Any other
    value is converted to text. A value is recorded, so a key that is deleted is set to None instead.

    Args:
        values: the values at the start. They are not recorded.
        record: is called with the values that a change adds or replaces.
    """

    __slots__ = ("_record",)
    _record: Callable[[dict[str, Any]], None]

    def __init__(self, values: Mapping[str, Any], record: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        object.__setattr__(self, "_record", record)
        self._set(values)

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({plain_key(key, {}): value})

    def __delitem__(self, key: str) -> None:
        if key in self:
            logger.warning("`%s` cannot be deleted because it is already recorded; it is set to None", key)
            self[key] = None

    def update(self, *args: Any, allow_val_change: Any = None, **values: Any) -> None:
        """Set several values with one record. The server merges nested maps. Never raises.

        Args:
            args: a map, a list of pairs, or an object with fields such as an `argparse.Namespace`.
            allow_val_change: ignored; scripts written for W&B pass it. A value may always be changed.
            values: names to values.
        """
        added: dict[str, Any] = {}
        if allow_val_change is not None and not args:
            values["allow_val_change"] = allow_val_change
        for given in (*args, values):
            plain = _plain(given)
            added.update(plain)
        if added:
            self._set(added)
            self._record(added)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, which is set to `default` first if it is missing."""
        if key not in self:
            self[key] = default
        return self[plain_key(key, {})]

    def setdefaults(self, values: Mapping[str, Any]) -> None:
        """Set the values whose keys are missing."""
        self.update({key: value for key, value in _plain(values).items() if key not in self})

    def __ior__(self, values: Any) -> RecordedMap:  # type: ignore[override,misc]
        self.update(values)
        return self

    def pop(self, key: str, *default: Any) -> Any:
        """Return the value of `key` and set it to None."""
        if key not in self and default:
            return default[0]
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> Any:
        """Return the last key with its value, and set it to None."""
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Set every value to None."""
        for key in self:
            del self[key]

    def as_dict(self) -> dict[str, Any]:
        """Return a plain copy, nested maps included."""
        return {key: value.as_dict() if isinstance(value, RecordedMap) else value for key, value in self.items()}

    def copy(self) -> dict[str, Any]:
        """Return a plain copy, whose changes are not recorded."""
        return self.as_dict()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and name in self:
            return self[name]
        raise AttributeError(f"there is no value `{name}`; the values are: {', '.join(map(str, list(self)[:20]))}")

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            raise AttributeError(f"`{name}` is a method of the map; write `[{name!r}] = ...` to set a value")
        self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __reduce__(self) -> Any:  # a pickle or a copy is a plain dict, whose changes are not recorded
        return dict, (self.as_dict(),)

    def _set(self, values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            known = self.get(key)
            if isinstance(value, dict) and isinstance(known, RecordedMap):  # the server merges them, too
                known._set(value)
            else:
                super().__setitem__(key, self._nested(key, value) if isinstance(value, dict) else value)

    def _nested(self, key: str, values: dict[str, Any]) -> RecordedMap:
        return RecordedMap(values, lambda added: self._record({key: added}))


def _plain(given: Any) -> dict[str, Any]:
    """Return what `update` was given as a map. What is no map is reported and left out."""
    try:
        return plain_map(given if hasattr(given, "keys") or not isinstance(given, list | tuple) else dict(given))[0]
    except Exception as error:  # the user's object may raise anything
        logger.warning("the values are left out: %s", error)
        return {}
