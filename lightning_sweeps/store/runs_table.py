"""Reads pages of the runs table: chosen columns of runs that are found by a filter."""

from __future__ import annotations

from functools import reduce
from typing import Any

from sqlalchemy import Connection, Select, select

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunsPage, RunsQuery
from lightning_sweeps.store import last_values, schema
from lightning_sweeps.store.filters import parse_filter
from lightning_sweeps.store.metric_columns import is_metric_column
from lightning_sweeps.store.project_access import Projects
from lightning_sweeps.store.run_columns import DERIVED, SQL_NAMES, WHOLE_NAMES, check_column, config_paths
from lightning_sweeps.store.run_index.filtering import columns_of
from lightning_sweeps.store.run_search import FoundRuns, RunSearch, search_runs

MAX_SORT_KEYS = 5
MAX_COLUMNS = 1000

_run = schema.run


def read_page(connection: Connection, wanted: RunsQuery, *, projects: Projects = None) -> RunsPage:
    """Return one page of the runs that match the query, and the number of runs on all pages.

    Args:
        connection: a transaction that has changed no runs.
        wanted: the query.
        projects: only runs of these projects; None: of all.

    Raises:
        UsageError: the filter has a syntax error, or a column does not exist.
    """
    for name in wanted.columns:
        if name not in WHOLE_NAMES:
            check_column(name, connection.dialect.name)
    if len(wanted.sort) > MAX_SORT_KEYS or len(wanted.columns) > MAX_COLUMNS:
        raise UsageError(f"too many columns, allowed: {MAX_COLUMNS}, and {MAX_SORT_KEYS} to sort by")
    search = RunSearch(
        parse_filter(wanted.filter),
        wanted.sort,
        wanted.project,
        projects,
        wanted.shown,
        wanted.fold,
        wanted.limit,
        wanted.offset,
        wanted.cursor,
        [name for name in wanted.columns if _is_derived(name)],
    )
    found = search_runs(connection, search)
    return RunsPage(_rows(connection, found, wanted.columns), found.total, found.next_page)


def _rows(connection: Connection, found: FoundRuns, names: list[str]) -> list[dict[str, Any]]:
    """Return the named columns of some runs, in their order; only these runs' JSON columns are read."""
    selected = connection.execute(_selection(names).where(_run.c.id.in_(found.ids))).mappings()
    rows = {row["id"]: dict(row) for row in selected}
    keys = [name.partition(".")[2] or None for name in names if name.partition(".")[0] == "summary"]
    if keys:
        for run_id, values in last_values.of_runs(connection, found.ids, keys[0] if len(keys) == 1 else None).items():
            rows[run_id]["logged"] |= values
    derived = {name: dict(zip(found.ids, values, strict=True)) for name, values in found.derived.items()}
    return [
        {"id": run_id}
        | {name: derived[name][run_id] if name in derived else _value(rows[run_id], name) for name in names}
        for run_id in found.ids
        if run_id in rows
    ]


def uses_metric_columns(wanted: RunsQuery) -> bool:
    """Return True if a query reads statistics of metrics, which need flushed buffers.

    Raises:
        UsageError: the filter has a syntax error.
    """
    names = {*wanted.columns, *(key.column for key in wanted.sort), *columns_of(parse_filter(wanted.filter))}
    return any(is_metric_column(name) for name in names)


def _is_derived(name: str) -> bool:
    return name in DERIVED or is_metric_column(name)


def _selection(names: list[str]) -> Select[Any]:
    needed = {"id", "created", "updated", "ended"}
    for name in names:
        head = name.partition(".")[0]
        if head == "summary":
            needed |= {"summary", "logged"}
        elif head != "duration" and not _is_derived(name):
            needed.add(SQL_NAMES[head])
    return select(*(_run.c[name] for name in sorted(needed)))


def _value(row: dict[str, Any], name: str) -> Any:
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
    values = (reduce(_below, path, config) for path in config_paths(key))
    return next((value for value in values if value is not None), None)


def _below(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
