"""Reads pages of the runs table: chosen columns, filtered and sorted in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select, tuple_

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunsPage, RunsQuery
from lightning_sweeps.store import schema
from lightning_sweeps.store.filters import parse_filter
from lightning_sweeps.store.project_access import Projects, only_in
from lightning_sweeps.store.run_columns import GROUP_COLUMNS, SQL_NAMES, WHOLE_NAMES, column, condition, order
from lightning_sweeps.store.runs import shown_runs

MAX_SORT_KEYS = 5
MAX_COLUMNS = 1000

_run = schema.run


def read_page(connection: Connection, wanted: RunsQuery, *, projects: Projects = None) -> RunsPage:
    """Return one page of the runs that match the query, and the number of runs on all pages.

    Args:
        connection: a transaction.
        wanted: the query.
        projects: only runs of these projects; None: of all.

    Raises:
        UsageError: the filter has a syntax error, or a column does not exist.
    """
    dialect = connection.dialect.name
    for name in wanted.columns:
        if name not in WHOLE_NAMES:
            column(name, dialect)
    if len(wanted.sort) > MAX_SORT_KEYS or len(wanted.columns) > MAX_COLUMNS:
        raise UsageError(f"too many columns, allowed: {MAX_COLUMNS}, and {MAX_SORT_KEYS} to sort by")
    conditions = [*shown_runs(wanted.shown), *only_in(projects)]
    if wanted.project is not None:
        conditions.append(schema.project.c.name == wanted.project)
    tree = parse_filter(wanted.filter)
    if tree is not None:
        conditions.append(condition(tree, dialect))
    ordered = [key for by in wanted.sort for key in order(by.column, dialect, is_descending=by.descending)]
    found = _heads(conditions) if wanted.fold else conditions
    chosen = select(_run.c.id, func.count().over()).join(schema.project).where(*found)
    newest = (_run.c.created.desc(), _run.c.rank, _run.c.id)
    page = connection.execute(chosen.order_by(*ordered, *newest).limit(wanted.limit).offset(wanted.offset)).all()
    if page:
        return RunsPage(_rows(connection, [row[0] for row in page], wanted.columns), page[0][1])
    return RunsPage([], connection.scalar(select(func.count()).select_from(chosen.subquery())) or 0)


def _heads(conditions: list[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    """Return the condition for the first run of each group in which any run meets `conditions`."""
    own_group = (_run.c.project_id, _run.c.group)
    groups = select(*own_group).join(schema.project).where(*conditions).distinct()
    place = func.row_number().over(partition_by=own_group, order_by=(_run.c.rank, _run.c.created, _run.c.id))
    placed = select(_run.c.id, place.label("place")).where(tuple_(*own_group).in_(groups)).subquery()
    return [_run.c.id.in_(select(placed.c.id).where(placed.c.place == 1))]


def _rows(connection: Connection, ids: list[str], names: list[str]) -> list[dict[str, Any]]:
    """Return the named columns of some runs, in the order of `ids`; only these runs' JSON columns are read."""
    rows = {row["id"]: row for row in connection.execute(_selection(names).where(_run.c.id.in_(ids))).mappings()}
    return [{"id": run_id} | {name: _value(rows[run_id], name) for name in names} for run_id in ids]


def _selection(names: list[str]) -> Select[Any]:
    needed = {"id", "created", "updated", "ended"}
    for name in names:
        head = name.partition(".")[0]
        if head == "summary":
            needed |= {"summary", "logged"}
        elif head not in ("project", "duration", *GROUP_COLUMNS):
            needed.add(SQL_NAMES[head])
    columns = [*(_run.c[name] for name in sorted(needed)), schema.project.c.name.label("project")]
    columns += [expression.label(name) for name, expression in GROUP_COLUMNS.items() if name in names]
    return select(*columns).join(schema.project)


def _value(row: RowMapping, name: str) -> Any:
    head, _, key = name.partition(".")
    if name == "duration":
        return (row["updated"] if row["ended"] is None else row["ended"]) - row["created"]
    if head == "summary":
        summary = row["logged"] | row["summary"]
        return summary.get(key) if key else summary
    if head == "config" and key:
        return _leaf(row["config"], key)
    return row[SQL_NAMES.get(name, name)]


def _leaf(config: Any, key: str) -> Any:
    """Return the value under a dotted key, nested or flat."""
    found = config
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return config.get(key) if found is None else found
