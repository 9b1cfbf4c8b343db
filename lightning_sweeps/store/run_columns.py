"""The columns of the runs table as SQL, for filters and for sorting, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Double,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
)

from lightning_sweeps.errors import UsageError
from lightning_sweeps.store import schema
from lightning_sweeps.store.filters import HINT, Comparison, Filter, Not, Operator, Value

Kind: TypeAlias = Literal["text", "number", "time"]

_run = schema.run
_mate = schema.run.alias("mate")
_same_group = (_mate.c.group == _run.c.group, _mate.c.project_id.concat("") == _run.c.project_id)
"""The empty text keeps SQLite from reading the whole project by that column's index, where a group has few runs."""
GROUP_SEVERITY = {"finished": 0, "stopped": 1, "preempted": 2, "running": 3, "killed": 4, "failed": 5}
group_state = (
    select(_mate.c.state)
    .where(*_same_group)
    .order_by(case(GROUP_SEVERITY, value=_mate.c.state, else_=-1).desc())
    .limit(1)
    .correlate(_run)
    .scalar_subquery()
)
"""How the group of a run stands: the worst that any of its ranks came to."""
group_size = select(func.count()).select_from(_mate).where(*_same_group).correlate(_run).scalar_subquery()
"""How many runs the group of a run has."""
OF_GROUP: dict[str, ColumnElement[Any]] = {"group_state": group_state, "group_size": group_size}
_PLAIN: dict[str, tuple[ColumnElement[Any], Kind]] = {
    **{name: (_run.c[name], "text") for name in ("id", "name", "group", "mode", "job_type", "state", "reason")},
    **{name: (_run.c[name], "text") for name in ("host", "user", "notes")},
    "project": (schema.project.c.name, "text"),
    "group_state": (group_state, "text"),
    "group_size": (group_size, "number"),
    "node": (_run.c.node_id, "text"),
    "sweep": (_run.c.sweep_id, "text"),
    "trial": (_run.c.trial_id, "text"),
    **{name: (_run.c[name], "number") for name in ("rank", "world_size", "attempt", "exit_code", "signal", "rows")},
    **{name: (_run.c[name], "time") for name in ("created", "updated", "ended")},
    "duration": (func.coalesce(_run.c.ended, _run.c.updated) - _run.c.created, "number"),
}
PLAIN_NAMES = tuple(_PLAIN)
STRUCTURES = ("config", "summary")
_AGO_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AGO = re.compile(r"-(\d+(?:\.\d+)?)([smhdw])")


@dataclass(frozen=True, slots=True)
class Shown:
    """One column as SQL: its number, NULL where it is none; and its text."""

    number: ColumnElement[Any]
    text: ColumnElement[Any]
    kind: Kind | None
    """None: what it is differs from run to run."""


def condition(tree: Filter, dialect: str) -> ColumnElement[bool]:
    """Return the SQL condition of a filter.

    Raises:
        UsageError: it names a column that does not exist, or compares what cannot be compared.
    """
    if isinstance(tree, Comparison):
        return _compare(tree, dialect)
    if isinstance(tree, Not):
        return not_(func.coalesce(condition(tree.part, dialect), false()))
    parts = [condition(part, dialect) for part in tree.parts]
    return and_(*parts) if tree.word == "and" else or_(*parts)


def order(name: str, dialect: str, *, is_descending: bool) -> list[ColumnElement[Any]]:
    """Return what to sort by: numbers first, then text, then the runs that have no value.

    Raises:
        UsageError: there is no such column.
    """
    shown = column(name, dialect)
    keys: list[ColumnElement[Any]] = [shown.number] if shown.kind in ("number", "time") else []
    keys = keys or ([shown.text] if shown.kind == "text" else [shown.number, shown.text])
    return [(key.desc() if is_descending else key.asc()).nulls_last() for key in keys]


def column(name: str, dialect: str) -> Shown:
    """Return a column by its name: a plain one, `config.<key>` or `summary.<key>`.

    Raises:
        UsageError: there is no such column.
    """
    if name in _PLAIN:
        expression, kind = _PLAIN[name]
        return Shown(cast(null(), Double) if kind == "text" else expression, cast(expression, Text), kind)
    structure, _, key = name.partition(".")
    if structure not in STRUCTURES or not key or '"' in key:
        raise UsageError(
            f"there is no column `{name}`",
            hint=f"allowed: {', '.join(PLAIN_NAMES)}, tags, config.<key>, summary.<key>",
        )
    if structure == "summary":
        return _first(_leaf(_run.c.summary, [key], dialect), _leaf(_run.c.logged, [key], dialect))
    flat = _leaf(_run.c.config, [key], dialect)
    return _first(_leaf(_run.c.config, key.split("."), dialect), flat) if "." in key else flat


def _first(above: Shown, below: Shown) -> Shown:
    return Shown(
        case((above.text.is_not(None), above.number), else_=below.number),
        func.coalesce(above.text, below.text),
        None,
    )


def _leaf(structure: ColumnElement[Any], path: list[str], dialect: str) -> Shown:
    """Return a value inside of a JSON column; truth values have the texts `true` and `false`, as JSON has them."""
    if dialect == "sqlite":
        place = literal("$" + "".join(f'."{key}"' for key in path), Text)
        value, kind = func.json_extract(structure, place), func.json_type(structure, place)
        words: ColumnElement[Any] = case((kind.in_(("true", "false")), kind), else_=cast(value, Text))
        return Shown(case((kind.in_(("integer", "real")), value), else_=null()), words, None)
    keys = [cast(bindparam(None, key), Text) for key in path]
    value, words = func.json_extract_path(structure, *keys), func.json_extract_path_text(structure, *keys)
    return Shown(case((func.json_typeof(value) == "number", cast(words, Double)), else_=null()), words, None)


def _compare(wanted: Comparison, dialect: str) -> ColumnElement[bool]:
    if wanted.column == "tags":
        return _tagged(wanted, dialect)
    if wanted.operator == "has":
        raise UsageError(f"`has` asks for tags, not for `{wanted.column}`", hint=HINT)
    shown = column(wanted.column, dialect)
    if wanted.operator == "in":
        return or_(*(_compare_one(wanted.column, shown, "=", value) for value in wanted.values))
    return _compare_one(wanted.column, shown, wanted.operator, wanted.values[0])


def _compare_one(name: str, shown: Shown, operator: Operator, value: Value) -> ColumnElement[bool]:
    if value is None:
        if operator not in ("=", "!="):
            raise UsageError(f"`{name}` {operator} null: null can only be equal or not", hint=HINT)
        return shown.text.is_(None) if operator == "=" else shown.text.is_not(None)
    if operator == "~":
        return func.lower(shown.text).contains(_text(value).lower(), autoescape=True)
    if shown.kind == "time":
        return _operate(shown.number, operator, _moment(name, value))
    if isinstance(value, float) and shown.kind != "text":
        return _operate(shown.number, operator, value)
    if shown.kind == "number":
        raise UsageError(f"`{name}` is a number, and `{value}` is none", hint=HINT)
    return _operate(shown.text, operator, _text(value))


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
        raise UsageError(f"tags cannot be compared by `{wanted.operator}`, allowed: `has`, `in`", hint=HINT)
    function = func.json_each if dialect == "sqlite" else func.json_array_elements_text
    tags = function(_run.c.tags).table_valued("value")
    found = exists(select(1).select_from(tags).where(tags.c.value.in_([_text(value) for value in wanted.values])))
    return ~found if wanted.operator == "!=" else found


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _moment(name: str, value: Value) -> float:
    """Return a time: seconds since the epoch, a date as ISO 8601 has it, or `-7d`, `-12h`, `-30m` from now."""
    if isinstance(value, float):
        return value
    ago = _AGO.fullmatch(str(value))
    if ago is not None:
        return time.time() - float(ago[1]) * _AGO_S[ago[2]]
    try:
        moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", str(value)))
    except ValueError:
        raise UsageError(
            f"`{name}` is a time, and `{value}` is none",
            hint="allowed: `2026-11-21`, `2026-11-21T08:00`, `-7d`, `-12h`, or seconds since the epoch",
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
