"""Evaluates filters of the runs table."""

from __future__ import annotations

import json
import operator
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

import numpy as np

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.filters import HINT, Comparison, Filter, Not, Operator, Value, like
from lightning_sweeps.store.run_index.loaded_column import LoadedColumn, Mask, number_text

Columns = Mapping[str, LoadedColumn]

_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AGO = re.compile(r"-(\d+(?:\.\d+)?)([smhdw])")
_ORDERED: dict[Operator, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def columns_of(tree: Filter | None) -> set[str]:
    """Return the names of the columns that a filter reads."""
    if tree is None:
        return set()
    if isinstance(tree, Comparison):
        return {tree.column}
    if isinstance(tree, Not):
        return columns_of(tree.part)
    return {name for part in tree.parts for name in columns_of(part)}


def matches(tree: Filter, columns: Columns) -> Mask:
    """Return which runs match a filter, (n,). A comparison with a value that a run does not have is false.

    Raises:
        UsageError: an operator or a value does not fit the column's type.
    """
    if isinstance(tree, Comparison):
        return _compare(tree, columns[tree.column])
    if isinstance(tree, Not):
        return ~matches(tree.part, columns)
    found = [matches(part, columns) for part in tree.parts]
    join = np.logical_and if tree.word == "and" else np.logical_or
    result: Mask = join.reduce(found)
    return result


def _compare(wanted: Comparison, column: LoadedColumn) -> Mask:
    if column.kind == "items":
        return _has_item(wanted, column)
    if wanted.operator == "has":
        raise UsageError(f"`has` works with `tags`, not with `{wanted.column}`", hint=HINT)
    if wanted.operator == "in":
        return _any(column, [_equals(wanted.column, column, value) for value in wanted.values])
    return _compare_one(wanted.column, column, wanted.operator, wanted.values[0])


def _compare_one(name: str, column: LoadedColumn, sign: Operator, value: Value) -> Mask:
    if sign == "=":
        return _equals(name, column, value)
    if sign == "!=":
        return ~_equals(name, column, value)
    if value is None:
        raise UsageError(f"`{name} {sign} null`: use `=` or `!=` to compare with null", hint=HINT)
    if sign == "~":
        return column.contains_text(_text(value))
    if sign in ("like", "ilike"):
        return column.test_texts(like(_text(value), ignores_case=sign == "ilike"))
    number = _number(name, column, value)
    if number is not None:
        found: Mask = _ORDERED[sign](column.numbers, number)
        return found
    text = _text(value)
    return column.test_texts(lambda other: bool(_ORDERED[sign](other, text)))


def _equals(name: str, column: LoadedColumn, value: Value) -> Mask:
    if value is None:
        return column.is_missing()
    number = _number(name, column, value)
    if number is not None:
        found: Mask = column.numbers == number
        return found
    return column.equals_text(_text(value))


def _number(name: str, column: LoadedColumn, value: float | bool | str) -> float | None:
    """Return the number to compare a column with; None: it is compared as text.

    Raises:
        UsageError: the column is a number or a time, and the value is not.
    """
    if column.kind == "time":
        return _moment(name, value)
    if isinstance(value, float) and column.kind != "text":
        return value
    if column.kind == "number":
        raise UsageError(f"`{name}` is a number, but `{value}` is not", hint=HINT)
    return None


def _has_item(wanted: Comparison, column: LoadedColumn) -> Mask:
    if wanted.operator not in ("has", "=", "!=", "in"):
        raise UsageError(f"tags cannot be compared with `{wanted.operator}`, allowed: `has`, `in`", hint=HINT)
    items = {_text(value) for value in wanted.values if value is not None}
    found = column.test_texts(lambda text: not items.isdisjoint(json.loads(text)))
    return ~found if wanted.operator == "!=" else found


def _any(column: LoadedColumn, masks: list[Mask]) -> Mask:
    none: Mask = np.zeros(len(column.numbers), np.bool_)
    result: Mask = np.logical_or.reduce([none, *masks])
    return result


def _text(value: float | bool | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, float) else value


def _moment(name: str, value: float | bool | str) -> float:
    """Return a time in seconds since the epoch, from such a number, an ISO 8601 date, or a time before now (`-7d`)."""
    if isinstance(value, float):
        return value
    ago = _AGO.fullmatch(str(value))
    if ago is not None:
        return time.time() - float(ago[1]) * _UNIT_S[ago[2]]
    try:
        moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", str(value)))
    except ValueError:
        raise UsageError(
            f"`{name}` is a time, but `{value}` is not",
            hint="allowed: `2026-11-21`, `2026-11-21T08:00`, `-7d`, `-12h`, or seconds since the epoch",
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
