"""Translates filters and columns of the runs table to SQL, for SQLite and PostgreSQL."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    null,
    or_,
    select,
    true,
)

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.messages.columns import FilterKind, declared_columns
from lightning_sweeps.store import schema
from lightning_sweeps.store.filters import HINT, Comparison, Filter, Not, Operator, Value
from lightning_sweeps.store.json_sql import json_items, json_value

_run = schema.run
_mate = schema.run.alias("mate")
_same_group = (
    _mate.c.group == _run.c.group,
    _mate.c.project_id.concat("") == _run.c.project_id,
    _mate.c.deleted.is_(None),
)
"""The empty string keeps SQLite from scanning the project's index: a group has few of the project's runs."""
GROUP_SEVERITY = {"finished": 0, "stopped": 1, "preempted": 2, "running": 3, "lost": 4, "killed": 5, "failed": 6}
group_state = (
    select(_mate.c.state)
    .where(*_same_group)
    .order_by(case(GROUP_SEVERITY, value=_mate.c.state, else_=-1).desc())
    .limit(1)
    .correlate(_run)
    .scalar_subquery()
)
"""State of a run's group: the worst state of its ranks."""
group_size = select(func.count()).select_from(_mate).where(*_same_group).correlate(_run).scalar_subquery()
"""Number of runs in a run's group."""
GROUP_COLUMNS: dict[str, ColumnElement[Any]] = {"group_state": group_state, "group_size": group_size}
_COMPUTED: dict[str, tuple[ColumnElement[Any], FilterKind]] = {
    "project": (schema.project.c.name, "text"),
    "group_state": (group_state, "text"),
    "group_size": (group_size, "number"),
    "duration": (func.coalesce(_run.c.ended, _run.c.updated) - _run.c.created, "number"),
}
_DECLARED = declared_columns(RunDetails)
_FILTERABLE: dict[str, tuple[ColumnElement[Any], FilterKind]] = {
    one.name: (_run.c[one.sql_name], one.column.filter_as)
    for one in _DECLARED
    if one.column.filter_as is not None and one.column.is_stored
} | _COMPUTED
FILTERABLE_NAMES = tuple(_FILTERABLE)
"""Columns that filters and sorting accept, besides `tags`, `config.<key>` and `summary.<key>`."""
STRUCTURES = tuple(one.name for one in _DECLARED if one.kind is dict)
"""Columns with nested values, addressed as `config.<key>`."""
WHOLE_NAMES = tuple(one.name for one in _DECLARED if one.kind in (dict, list))
"""Columns that hold several values. They can be shown, but not sorted by."""
SQL_NAMES = {one.name: one.sql_name for one in _DECLARED}
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AGO = re.compile(r"-(\d+(?:\.\d+)?)([smhdw])")


@dataclass(frozen=True, slots=True)
class RunColumn:
    """One column of the runs table as SQL.

    Attributes:
        number: its value as a number; NULL if it is not a number.
        text: its value as text.
        kind: its type; None: it differs from run to run.
    """

    number: ColumnElement[Any]
    text: ColumnElement[Any]
    kind: FilterKind | None


def condition(tree: Filter, dialect: str) -> ColumnElement[bool]:
    """Return the SQL condition of a filter.

    Raises:
        UsageError: the filter names an unknown column, or its operator does not fit the column's type.
    """
    if isinstance(tree, Comparison):
        return _compare(tree, dialect)
    if isinstance(tree, Not):
        return condition(tree.part, dialect).is_not(true())
    parts = [condition(part, dialect) for part in tree.parts]
    return and_(*parts) if tree.word == "and" else or_(*parts)


def order(name: str, dialect: str, *, is_descending: bool) -> list[ColumnElement[Any]]:
    """Return the sort keys of a column: numbers come first, then text, then runs without a value.

    Raises:
        UsageError: there is no such column.
    """
    shown = column(name, dialect)
    keys: list[ColumnElement[Any]] = [shown.number] if shown.kind in ("number", "time") else []
    keys = keys or ([shown.text] if shown.kind == "text" else [shown.number, shown.text])
    return [(key.desc() if is_descending else key.asc()).nulls_last() for key in keys]


def column(name: str, dialect: str) -> RunColumn:
    """Return a column by its name: a declared one, `config.<key>` or `summary.<key>`.

    Raises:
        UsageError: there is no such column.
    """
    if name in _FILTERABLE:
        expression, kind = _FILTERABLE[name]
        return RunColumn(cast(null(), Double) if kind == "text" else expression, cast(expression, Text), kind)
    structure, _, key = name.partition(".")
    if structure not in STRUCTURES or not key or '"' in key:
        raise UsageError(
            f"there is no column `{name}`",
            hint=f"allowed: {', '.join(FILTERABLE_NAMES)}, tags, config.<key>, summary.<key>",
        )
    if structure == "summary":
        return _first(_leaf(_run.c.summary, [key], dialect), _leaf(_run.c.logged, [key], dialect))
    flat = _leaf(_run.c.config, [key], dialect)
    return _first(_leaf(_run.c.config, key.split("."), dialect), flat) if "." in key else flat


def _first(above: RunColumn, below: RunColumn) -> RunColumn:
    """Return `above`, or `below` for runs in which `above` has no value."""
    return RunColumn(
        case((above.text.is_not(None), above.number), else_=below.number),
        func.coalesce(above.text, below.text),
        None,
    )


def _leaf(structure: ColumnElement[Any], path: list[str], dialect: str) -> RunColumn:
    number, words = json_value(structure, path, dialect)
    return RunColumn(number, words, None)


def _compare(wanted: Comparison, dialect: str) -> ColumnElement[bool]:
    if wanted.column == "tags":
        return _tagged(wanted, dialect)
    if wanted.operator == "has":
        raise UsageError(f"`has` works with `tags`, not with `{wanted.column}`", hint=HINT)
    shown = column(wanted.column, dialect)
    if wanted.operator == "in":
        return _is_one_of(wanted.column, shown, wanted.values)
    return _compare_one(wanted.column, shown, wanted.operator, wanted.values[0])


def _compare_one(name: str, shown: RunColumn, operator: Operator, value: Value) -> ColumnElement[bool]:
    if value is None:
        if operator not in ("=", "!="):
            raise UsageError(f"`{name} {operator} null`: use `=` or `!=` to compare with null", hint=HINT)
        return shown.text.is_(None) if operator == "=" else shown.text.is_not(None)
    if operator == "~":
        return func.lower(shown.text).contains(_text(value).lower(), autoescape=True)
    if shown.kind == "time":
        return _operate(shown.number, operator, _moment(name, value))
    if isinstance(value, float) and shown.kind != "text":
        return _operate(shown.number, operator, value)
    if shown.kind == "number":
        raise UsageError(f"`{name}` is a number, but `{value}` is not", hint=HINT)
    return _operate(shown.text, operator, _text(value))


def _is_one_of(name: str, shown: RunColumn, values: tuple[Value, ...]) -> ColumnElement[bool]:
    """Return whether a column has one of these values, with one SQL comparison for each type."""
    if shown.kind == "number":
        for value in values:
            _compare_one(name, shown, "=", value)  # rejects values that are no numbers
    given = [value for value in values if value is not None]
    choices = [shown.text.is_(None)] if len(given) < len(values) else []
    if shown.kind == "time":
        return or_(*choices, shown.number.in_([_moment(name, value) for value in given]))
    numbers = [value for value in given if isinstance(value, float) and shown.kind != "text"]
    texts = [_text(value) for value in given if not isinstance(value, float) or shown.kind == "text"]
    if numbers:
        choices.append(shown.number.in_(numbers))
    if texts:
        choices.append(shown.text.in_(texts))
    return or_(*choices)


def _operate(left: ColumnElement[Any], operator: Operator, right: float | str) -> ColumnElement[bool]:
    operations: dict[str, ColumnElement[bool]] = {
        "=": left == right,
        "!=": or_(left != right, left.is_(None)),
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    return operations[operator]


def _tagged(wanted: Comparison, dialect: str) -> ColumnElement[bool]:
    if wanted.operator not in ("has", "=", "!=", "in"):
        raise UsageError(f"tags cannot be compared with `{wanted.operator}`, allowed: `has`, `in`", hint=HINT)
    tags = json_items(_run.c.tags, dialect)
    found = exists(select(1).select_from(tags).where(tags.c.value.in_([_text(value) for value in wanted.values])))
    return ~found if wanted.operator == "!=" else found


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _moment(name: str, value: Value) -> float:
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
