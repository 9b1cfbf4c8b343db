"""Reads columns of the runs table in SQL, for SQLite and PostgreSQL: declared ones, and values inside JSON columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Double, Text, case, cast, func, null, select

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.messages.columns import FilterKind, declared_columns
from lightning_sweeps.store import schema
from lightning_sweeps.store.json_sql import json_value
from lightning_sweeps.store.metric_columns import is_metric_column

ColumnKind: TypeAlias = FilterKind | Literal["items"] | None
"""items: a list of texts. None: the type differs from run to run."""

_run = schema.run
_DECLARED = declared_columns(RunDetails)
_SQL: dict[str, tuple[ColumnElement[Any], ColumnKind]] = {
    one.name: (_run.c[one.sql_name], one.column.filter_as)
    for one in _DECLARED
    if one.column.filter_as is not None and one.column.is_stored
} | {
    "duration": (func.coalesce(_run.c.ended, _run.c.updated) - _run.c.created, "number"),
    "tags": (_run.c.tags, "items"),
}
DERIVED: dict[str, ColumnKind] = {"project": "text", "group_state": "text", "group_size": "number"}
"""Columns that no SQL column of the run has: they depend on other rows."""
FILTERABLE_NAMES = (*(name for name in _SQL if name != "tags"), *DERIVED)
"""Columns that filters and sorting accept, besides `tags`, `config.<key>` and `summary.<key>`."""
STRUCTURES = tuple(one.name for one in _DECLARED if one.kind is dict)
"""Columns with nested values, addressed as `config.<key>`."""
WHOLE_NAMES = tuple(one.name for one in _DECLARED if one.kind in (dict, list))
"""Columns that hold several values. They can be shown, but not sorted by."""
SQL_NAMES = {one.name: one.sql_name for one in _DECLARED}

MOST_PATHS = 8


@dataclass(frozen=True, slots=True)
class RunColumn:
    """One column of the runs table as SQL.

    Attributes:
        number: its value as a number; NULL if it is not a number.
        text: its value as text; that of `items` is a JSON list.
        kind: its type.
    """

    number: ColumnElement[Any]
    text: ColumnElement[Any]
    kind: ColumnKind


def check_column(name: str, dialect: str) -> None:
    """Check that runs have a column.

    Raises:
        UsageError: they do not.
    """
    if name not in DERIVED and not is_metric_column(name):
        column(name, dialect)


def column(name: str, dialect: str) -> RunColumn:
    """Return a column by its name: a declared one, `config.<key>` or `summary.<key>`.

    Raises:
        UsageError: there is no such column.
    """
    if name in _SQL:
        expression, kind = _SQL[name]
        is_number = kind in ("number", "time")
        return RunColumn(expression if is_number else cast(null(), Double), cast(expression, Text), kind)
    structure, _, key = name.partition(".")
    if structure not in STRUCTURES or not key or '"' in key:
        raise UsageError(
            f"there is no column `{name}`",
            hint=f"allowed: {', '.join(FILTERABLE_NAMES)}, tags, config.<key>, summary.<key>,"
            " min.<key>, max.<key>, mean.<key>",
        )
    if structure == "summary":
        logged = _first(_leaf(_run.c.logged, [key], dialect), _leaf(_value_elsewhere(key), [], dialect))
        return _first(_leaf(_run.c.summary, [key], dialect), logged)
    return reduce(_first, (_leaf(_run.c.config, path, dialect) for path in config_paths(key)))


def config_paths(key: str) -> list[list[str]]:
    """Return where the value of a dotted key may stand in a configuration.

    It may be nested at every dot, at none, or only below the first ones, as `{"model.net": {"lr": 0.1}}` has it.
    """
    parts = key.split(".")
    below = [[".".join(parts[:count]), *parts[count:]] for count in range(1, len(parts) + 1)]
    return below[:MOST_PATHS]


def _value_elsewhere(key: str) -> ColumnElement[Any]:
    """Return the last logged value of a key that is not in the row of its run; see `last_values.py`."""
    last = schema.last_value
    asked = select(last.c.value).where(last.c.run_id == _run.c.id, last.c.key == key)
    return asked.correlate(_run).scalar_subquery()


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
