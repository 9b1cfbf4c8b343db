"""Describes how one JSON value differs from another, so that a client that has the old one gets only the changes.

A delta is one of:

- `[value]`: the new value as a whole.
- `{"in": {name: delta}, "out": [names]}`: an object's changed and new members, and those that are gone.
- `{"take": parts, "in": {index: delta}}`: a list. Each part is `[start, count]`, which are entries of the old list, or
  `{"new": [values]}`. `in` then changes entries of the new list. Without `take` the list keeps its entries.

Empty members are left out. Entries that are objects with a text as `id` are recognised by it, others by their place.
"""

from __future__ import annotations

from typing import Any

WHOLE_PARTS = 200
"""A list that is taken from more parts than this is sent as a whole."""


def delta(old: Any, new: Any) -> Any:
    """Return the delta from `old` to `new`; None if they are equal."""
    if isinstance(old, dict) and isinstance(new, dict):
        return _of_objects(old, new)
    if isinstance(old, list) and isinstance(new, list):
        return _of_lists(old, new)
    return None if _is_equal(old, new) else [new]


def _is_equal(old: Any, new: Any) -> bool:
    return type(old) is type(new) and bool(old == new)  # in Python, 1 equals True


def _of_objects(old: dict[str, Any], new: dict[str, Any]) -> Any:
    changed = {}
    for name, value in new.items():
        found = delta(old[name], value) if name in old else [value]
        if found is not None:
            changed[name] = found
    gone = [name for name in old if name not in new]
    return _without_empty({"in": changed, "out": gone})


def _of_lists(old: list[Any], new: list[Any]) -> Any:
    if not new:
        return [new] if old else None
    if isinstance(new[0], dict):
        return _of_entries(old, new)
    start = _equal_entries(old, new)
    if start == len(old) == len(new):
        return None
    end = _equal_entries(old[start:][::-1], new[start:][::-1])
    middle: list[Any] = [{"new": new[start : len(new) - end]}] if start + end < len(new) else []
    kept = [[at, count] for at, count in ((0, start), (len(old) - end, end)) if count]
    if not kept:
        return [new]
    return {"take": [*kept[: bool(start)], *middle, *kept[bool(start) :]]}


def _equal_entries(old: list[Any], new: list[Any]) -> int:
    """Return how many entries are equal from the start."""
    pairs = zip(old, new, strict=False)
    return next(
        (at for at, (a, b) in enumerate(pairs) if delta(a, b) is not None),
        min(len(old), len(new)),
    )


def _of_entries(old: list[Any], new: list[Any]) -> Any:
    """Return the delta of lists of objects."""
    places = {_identity(entry, at): at for at, entry in enumerate(old)}
    sources = [places.get(_identity(entry, at)) for at, entry in enumerate(new)]
    changed = {}
    for at, source in enumerate(sources):
        if source is not None and (found := delta(old[source], new[at])) is not None:
            changed[str(at)] = found
    is_same_order = sources == list(range(len(old)))
    parts = [] if is_same_order else _parts(sources, new)
    if len(parts) > WHOLE_PARTS or all(source is None for source in sources):
        return [new]
    return _without_empty({"take": parts, "in": changed})


def _identity(entry: Any, at: int) -> str | int:
    found = entry.get("id") if isinstance(entry, dict) else None
    return found if isinstance(found, str) else at


def _parts(sources: list[int | None], new: list[Any]) -> list[Any]:
    """Return the new list as parts of the old one and new entries. `sources`: where each entry is in the old list."""
    parts: list[Any] = []
    for source, entry in zip(sources, new, strict=True):
        last = parts[-1] if parts else None
        if source is None:
            if isinstance(last, dict):
                last["new"].append(entry)
            else:
                parts.append({"new": [entry]})
        elif isinstance(last, list) and sum(last) == source:
            last[1] += 1
        else:
            parts.append([source, 1])
    return parts


def _without_empty(found: dict[str, Any]) -> dict[str, Any] | None:
    return {name: value for name, value in found.items() if value} or None
