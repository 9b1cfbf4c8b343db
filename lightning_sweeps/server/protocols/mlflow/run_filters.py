"""Translates the filters and the order of `search_runs` to those of the runs table. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SortKey
from lightning_sweeps.server.protocols.mlflow import filter_words
from lightning_sweeps.server.protocols.mlflow.config_keys import LABELS, TAG_PREFIX, value_of_text
from lightning_sweeps.server.protocols.mlflow.filter_words import FilterCondition
from lightning_sweeps.server.protocols.mlflow.states import STATES, states_of
from lightning_sweeps.store.filters import Combination, Comparison, Filter, Not, Operator, Value

METRICS = frozenset({"metric", "metrics"})
PARAMS = frozenset({"param", "params", "parameter", "parameters"})
TAGS = frozenset({"tag", "tags"})
ATTRIBUTES = frozenset({"", "attr", "attribute", "attributes", "run"})
TEXTS = {
    "run_id": "id",
    "run_uuid": "id",
    "id": "id",
    "run_name": "name",
    "Run name": "name",
    "Run Name": "name",
    "run name": "name",
    "status": "state",
    "user_id": "user",
    "user": "user",
}
TIMES = {"start_time": "created", "Created": "created", "created": "created", "end_time": "ended"}
"""Attributes, and what they are called in the runs table."""
COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_SIGNS: dict[str, Operator] = {"LIKE": "like", "ILIKE": "ilike"}
_BOOLS = {"True": "true", "False": "false"}
"""How Python writes these values, and how the index of runs does."""


def parse(text: str) -> Filter | None:
    """Return the filter of the runs table; None: all runs.

    Raises:
        UsageError: the text is not a filter, or runs have no such attribute.
    """
    parts = [part for one in filter_words.conditions(text) for part in _parts(one)]
    if len(parts) < 2:
        return parts[0] if parts else None
    return Combination("and", tuple(parts))


def order(wanted: Sequence[str]) -> list[SortKey]:
    """Return the columns to sort by, from texts such as `metrics.loss DESC`.

    Raises:
        UsageError: runs have no such attribute.
    """
    return [_sort_key(one) for one in wanted if one.strip()]


def _parts(one: FilterCondition) -> list[Filter]:
    column = column_of(one.kind, one.key)
    if one.operator in ("IS NULL", "IS NOT NULL"):
        return [Comparison(column, "=" if one.operator == "IS NULL" else "!=", (None,))]
    if one.kind in METRICS or (one.kind in ATTRIBUTES and one.key in TIMES):
        return _of_number(column, one)
    if column == "state":
        return [_of_state(one)]
    return _of_text(column, one)


def _of_number(column: str, one: FilterCondition) -> list[Filter]:
    if one.operator not in COMPARISONS or not isinstance(one.value, float):
        allowed = ", ".join(sorted(COMPARISONS))
        raise UsageError(f"`{one.kind}.{one.key}` is compared by `{one.operator}`", hint=f"allowed: {allowed} a number")
    value = one.value / 1000 if one.key in TIMES and one.kind in ATTRIBUTES else one.value
    found: list[Filter] = [Comparison(column, cast(Operator, one.operator), (value,))]
    return [*found, Comparison(column, "!=", (None,))] if one.operator == "!=" else found


def _of_text(column: str, one: FilterCondition) -> list[Filter]:
    values = one.value if isinstance(one.value, tuple) else (one.value,)
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != len(values) or one.operator in COMPARISONS - {"=", "!="}:
        raise UsageError(
            f"`{one.kind}.{one.key}` is compared by `{one.operator}` with `{one.value}`",
            hint="allowed: =, !=, LIKE, ILIKE, IN, NOT IN, IS NULL, IS NOT NULL, and text in quotes",
        )
    if one.operator in _SIGNS:
        return [Comparison(column, _SIGNS[one.operator], (texts[0],))]
    chosen: Filter = Comparison(column, "in", _spellings(texts))
    if one.operator in ("=", "IN"):
        return [chosen]
    return [Not(chosen), Comparison(column, "!=", (None,))]


def _of_state(one: FilterCondition) -> Filter:
    given = one.value if isinstance(one.value, tuple) else (one.value,)
    if one.operator in ("LIKE", "ILIKE"):
        pattern = str(one.value).strip("%").upper()
        given = tuple(name for name in set(STATES.values()) if pattern in name)
    elif one.operator not in ("=", "!=", "IN", "NOT IN"):
        raise UsageError(
            f"`attributes.status` is compared by `{one.operator}`", hint="allowed: =, !=, IN, NOT IN, LIKE"
        )
    chosen = Comparison("state", "in", tuple(state for name in given for state in states_of(str(name))))
    return Not(chosen) if one.operator in ("!=", "NOT IN") else chosen


def _spellings(texts: Sequence[str]) -> tuple[Value, ...]:
    """Return texts as the index of runs may have them: it knows numbers, and booleans of other clients."""
    numbers = [value for value in map(value_of_text, texts) if isinstance(value, int | float)]
    return (*texts, *(_BOOLS[one] for one in texts if one in _BOOLS), *map(float, numbers))


def column_of(kind: str, key: str) -> str:
    """Return what the runs table calls something that clients name.

    Raises:
        UsageError: runs have nothing of this name.
    """
    if kind in METRICS:
        return f"summary.{key}"
    if kind in PARAMS:
        return f"config.{key}"
    if kind in TAGS:
        return LABELS.get(key, f"config.{TAG_PREFIX}{key}")
    found = TEXTS.get(key) or TIMES.get(key) if kind in ATTRIBUTES else None
    if found is None:
        allowed = ", ".join(f"`attributes.{one}`" for one in ("run_id", "run_name", "status", "user_id", *TIMES))
        raise UsageError(
            f"Invalid attribute key '{'.'.join(filter(None, (kind, key)))[:80]}'",
            hint=f"allowed: `metrics.KEY`, `params.KEY`, `tags.KEY`, {allowed}",
        )
    return found


def _sort_key(text: str) -> SortKey:
    name, _, direction = text.strip().rpartition(" ")
    is_directed = direction.upper() in ("ASC", "DESC") and bool(name)
    kind, key = filter_words.split_name(name.strip() if is_directed else text.strip())
    return SortKey(column_of(kind, key), is_directed and direction.upper() == "DESC")
