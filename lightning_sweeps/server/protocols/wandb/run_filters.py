"""Translates the filters and the order of `wandb.Api().runs` to those of the runs table. Pure functions.

Filters are those of MongoDB: `{"config.lr.value": {"$lt": 0.1}, "state": "finished"}`.
"""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SortKey
from lightning_sweeps.server.protocols.wandb import names
from lightning_sweeps.server.protocols.wandb.runs import STATES
from lightning_sweeps.store.filters import (
    MAX_CHARACTERS,
    MAX_COMPARISONS,
    MAX_DEPTH,
    Combination,
    Comparison,
    Filter,
    Not,
    Operator,
    Value,
)

COLUMNS = {
    "name": "id",
    "display_name": "name",
    "displayName": "name",
    "state": "state",
    "group": "group",
    "jobType": "job_type",
    "job_type": "job_type",
    "sweep": "sweep",
    "sweep_name": "sweep",
    "sweepName": "sweep",
    "tags": "tags",
    "created_at": "created",
    "createdAt": "created",
    "heartbeat_at": "updated",
    "heartbeatAt": "updated",
    "updated_at": "updated",
    "username": "user",
    "host": "host",
    "notes": "notes",
    "description": "notes",
}
"""What the fields of a run are called in the runs table."""
PREFIXES = {"config.": "config.", "summary_metrics.": "summary.", "summary.": "summary."}
_OPERATORS: dict[str, Operator] = {"$eq": "=", "$ne": "!=", "$lt": "<", "$lte": "<=", "$gt": ">", "$gte": ">="}
_LISTS = {"$and": "and", "$or": "or"}
_PLAIN_TEXT = re.compile(r"\^?(?:[^\\^$.|?*+()\[\]{}]|\\.)*\$?")
_STATES = {theirs: ours for ours, theirs in STATES.items()}


def parse(text: str | None, of_project: str) -> Filter | None:
    """Return the filter that a client sends as JSON; None for an empty one.

    Args:
        text: the filter.
        of_project: the project, in which `name` is the id of a run.

    Raises:
        UsageError: it is not a filter.
    """
    if not text:
        return None
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"the filter has {len(text)} characters, allowed: {MAX_CHARACTERS}")
    try:
        given = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"the filter is not JSON ({error})") from None
    found = _all_of(given, of_project, 0)
    if found is not None and _count(found) > MAX_COMPARISONS:
        raise UsageError(f"the filter has {_count(found)} comparisons, allowed: {MAX_COMPARISONS}")
    return found


def order(text: str | None) -> list[SortKey]:
    """Return the columns to sort by, from an order such as `-summary_metrics.loss,+created_at`.

    Raises:
        UsageError: runs cannot be sorted by one of them.
    """
    parts = [one.strip() for one in (text or "+created_at").split(",") if one.strip()]
    return [SortKey(_column(one.lstrip("+-")), one.startswith("-")) for one in parts]


def _all_of(given: Any, of_project: str, depth: int) -> Filter | None:
    if not isinstance(given, dict):
        raise UsageError(f"a part of the filter is of type `{type(given).__name__}`, allowed: a map")
    if depth > MAX_DEPTH:
        raise UsageError(f"the filter is nested more than {MAX_DEPTH} levels deep")
    parts = [_part(key, value, of_project, depth) for key, value in given.items()]
    return _combined("and", [one for one in parts if one is not None])


def _part(key: str, value: Any, of_project: str, depth: int) -> Filter | None:
    if key in ("$and", "$or", "$nor"):
        if not isinstance(value, list):
            raise UsageError(f"`{key}` of the filter has the type `{type(value).__name__}`, allowed: a list")
        parts = [_all_of(one, of_project, depth + 1) for one in value]
        found = _combined(_LISTS.get(key, "or"), [one for one in parts if one is not None])
        return Not(found) if key == "$nor" and found is not None else found
    if key == "$not":
        found = _all_of(value, of_project, depth + 1)
        return None if found is None else Not(found)
    if key.startswith("$"):
        raise UsageError(f"the filter has the operator `{key[:40]}`", hint="allowed: `$and`, `$or`, `$nor`, `$not`")
    return _of_field(key, value, of_project, depth)


def _of_field(field: str, wanted: Any, of_project: str, depth: int) -> Filter | None:
    column = _column(field)
    if not isinstance(wanted, dict):
        return _compare(column, "=", wanted, of_project)
    if depth > MAX_DEPTH:
        raise UsageError(f"the filter is nested more than {MAX_DEPTH} levels deep")
    parts: list[Filter] = []
    for sign, value in wanted.items():
        if sign == "$not":
            found = _of_field(field, value, of_project, depth + 1)
            parts += [] if found is None else [Not(found)]
        elif sign in _OPERATORS:
            parts.append(_compare(column, _OPERATORS[sign], value, of_project))
        elif sign in ("$in", "$nin"):
            chosen = _one_of(column, value, of_project)
            parts.append(Not(chosen) if sign == "$nin" else chosen)
        elif sign == "$exists":
            parts.append(Comparison(column, "!=" if value else "=", (None,)))
        elif sign == "$regex":
            parts.append(_contains(column, value))
        else:
            allowed = ", ".join(f"`{one}`" for one in (*_OPERATORS, "$in", "$nin", "$exists", "$regex", "$not"))
            raise UsageError(
                f"the filter has the operator `{sign[:40]}` for `{field[:80]}`", hint=f"allowed: {allowed}"
            )
    return _combined("and", parts)


def _compare(column: str, sign: Operator, value: Any, of_project: str) -> Filter:
    if column == "id" and sign in ("=", "!="):
        chosen = _one_of(column, [value], of_project)
        return chosen if sign == "=" else Not(chosen)
    return Comparison(column, sign, (_value(column, value),))


def _one_of(column: str, values: Any, of_project: str) -> Filter:
    if not isinstance(values, list):
        raise UsageError(f"`$in` for `{column}` has the type `{type(values).__name__}`, allowed: a list")
    found = [_value(column, one) for one in values]
    if column == "id":
        found += [names.run_id(of_project, one) for one in values if isinstance(one, str)]
    return Comparison(column, "in", tuple(found))


def _contains(column: str, pattern: Any) -> Filter:
    """Return the filter for a regular expression that is plain text: our filters have no others."""
    if not isinstance(pattern, str) or _PLAIN_TEXT.fullmatch(pattern.removeprefix(".*").removesuffix(".*")) is None:
        raise UsageError(
            f"the filter has the regular expression `{str(pattern)[:80]}`, allowed: plain text",
            hint="filter by `$in`, or choose runs in your program",
        )
    wanted = re.sub(r"\\(.)", r"\1", pattern.removeprefix(".*").removesuffix(".*").removeprefix("^").removesuffix("$"))
    return Comparison(column, "~", (wanted,))


def _value(column: str, given: Any) -> Value:
    if given is None or isinstance(given, bool | str):
        return _STATES.get(given, given) if column == "state" and isinstance(given, str) else given
    if isinstance(given, int | float):
        return float(given)
    raise UsageError(f"`{column}` is compared with a value of type `{type(given).__name__}`, allowed: number or text")


def _column(field: str) -> str:
    for prefix, ours in PREFIXES.items():
        if field.startswith(prefix):
            key = field.removeprefix(prefix)
            return ours + (key.removesuffix(".value") if ours == "config." else key)
    if field not in COLUMNS:
        allowed = ", ".join(f"`{one}`" for one in (*COLUMNS, "config.KEY", "summary_metrics.KEY"))
        raise UsageError(f"runs have no field `{field[:80]}`", hint=f"allowed: {allowed}")
    return COLUMNS[field]


def _combined(word: str, parts: list[Filter]) -> Filter | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return Combination(cast(Any, word), tuple(parts))


def _count(found: Filter) -> int:
    if isinstance(found, Combination):
        return sum(_count(one) for one in found.parts)
    return _count(found.part) if isinstance(found, Not) else 1
