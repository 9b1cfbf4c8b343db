"""Deltas of JSON values: what a client applies gives the new value exactly."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_sweeps.server.web.json_delta import delta

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2, allow_nan=False) | st.sampled_from("abc")
NAMES = st.sampled_from(["id", "a", "b", "c"])
ROWS = st.lists(st.fixed_dictionaries({"id": st.sampled_from("abcdef"), "x": SCALARS}), unique_by=lambda one: one["id"])
VALUES = st.recursive(
    SCALARS | ROWS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20
)


def patched(old: Any, change: Any) -> Any:
    """Apply a delta, as the dashboard's `delta.ts` does."""
    if change is None:
        return old
    if isinstance(change, list):
        return change[0]
    if isinstance(old, list):
        parts = change.get("take", [[0, len(old)]])
        pieces = [old[part[0] : sum(part)] if isinstance(part, list) else part["new"] for part in parts]
        new = [entry for piece in pieces for entry in piece]
        for at, inner in change.get("in", {}).items():
            new[int(at)] = patched(new[int(at)], inner)
        return new
    kept = {name: value for name, value in old.items() if name not in change.get("out", [])}
    return kept | {name: patched(kept.get(name), inner) for name, inner in change.get("in", {}).items()}


@given(VALUES, VALUES)
@settings(max_examples=300, deadline=None)
def test_a_delta_gives_the_new_value(old: Any, new: Any) -> None:
    change = msgspec.json.decode(msgspec.json.encode(delta(old, new)))
    assert msgspec.json.encode(patched(old, change), order="sorted") == msgspec.json.encode(new, order="sorted")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": 1}, {"a": True}, {"in": {"a": [True]}}),
        ([1, 2, 3], [1, 2, 3, 4], {"take": [[0, 3], {"new": [4]}]}),
        ([1, 2, 3], [7], [[7]]),
        ([{"id": "a", "x": 1}, {"id": "b"}], [{"id": "a", "x": 2}, {"id": "b"}], {"in": {"0": {"in": {"x": [2]}}}}),
        ([{"id": "a"}, {"id": "b"}], [{"id": "c"}, {"id": "a"}], {"take": [{"new": [{"id": "c"}]}, [0, 1]]}),
    ],
)
def test_a_delta_contains_only_what_changed(old: Any, new: Any, expected: Any) -> None:
    assert delta(old, new) == expected
