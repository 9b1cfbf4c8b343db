"""Finds runs by a filter, and sorts and counts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from lightning_sweeps.core.states import RunsShown
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SortKey
from lightning_sweeps.store import schema
from lightning_sweeps.store.filters import Combination, Comparison, Filter
from lightning_sweeps.store.project_access import Projects
from lightning_sweeps.store.run_cursor import RunCursor, decode_cursor, encode_cursor
from lightning_sweeps.store.run_index.filtering import columns_of, matches
from lightning_sweeps.store.run_index.index import index_of
from lightning_sweeps.store.run_index.indexed_runs import IndexedRuns
from lightning_sweeps.store.run_index.loaded_column import LoadedColumn
from lightning_sweeps.store.run_index.ordering import Key, Positions, after, first

MAX_RUNS = 2**31


@dataclass(frozen=True, slots=True)
class RunSearch:
    """Which runs to find.

    Attributes:
        filter: None: all runs.
        sort: columns to sort by; runs that are equal in them come newest first.
        project: only runs of this project; None: of all.
        projects: only runs of the projects that an API key may use.
        shown: whether to find active runs, archived ones, those in the trash, or all.
        fold: True: the first run of each group with a run that matches.
        limit: maximum number of runs.
        offset: number of runs to skip.
        cursor: `FoundRuns.next_page` of the page before; None: begin with the first run.
        derived: columns that depend on other rows, to be returned: `project`, `group_size`, `group_state`, and
            statistics of metrics.
    """

    filter: Filter | None = None
    sort: Sequence[SortKey] = ()
    project: str | None = None
    projects: Projects = None
    shown: RunsShown = "active"
    fold: bool = False
    limit: int = MAX_RUNS
    offset: int = 0
    cursor: str | None = None
    derived: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FoundRuns:
    """Some of the runs that were looked for.

    Attributes:
        ids: their ids, in order.
        total: number of all runs that match; of groups, if folded.
        next_page: the cursor of the next page; None: these are the last ones.
        derived: the values of derived columns, by name, in the same order.
    """

    ids: list[str]
    total: int
    next_page: str | None
    derived: dict[str, list[Any]] = field(default_factory=dict)


def search_runs(connection: Connection, wanted: RunSearch) -> FoundRuns:
    """Return the runs that match, sorted.

    Args:
        connection: a transaction that has changed no runs.
        wanted: what to look for.

    Raises:
        UsageError: a column does not exist, a comparison does not fit its type, or the cursor is of another query.
    """
    start = None if wanted.cursor is None else decode_cursor(wanted.cursor, sorted_by=len(wanted.sort))
    sorted_by = [key.column for key in wanted.sort]
    names = {*columns_of(wanted.filter), *sorted_by, *wanted.derived}
    project_names = _project_names(connection, wanted, names)
    projects = _projects(wanted, project_names)
    with index_of(connection).current(connection, names, projects=projects) as runs:
        columns = {name: runs.column(name, project_names) for name in names}
        shown = runs.shown(wanted.shown) & runs.in_projects(projects)
        chosen = shown if wanted.filter is None else shown & matches(wanted.filter, columns)
        positions = runs.groups.heads(chosen, shown, runs.by_rank()) if wanted.fold else np.flatnonzero(chosen)
        keys = [part for key in wanted.sort for part in _keys(columns[key.column], key)] + runs.newest_first()
        following = positions if start is None else after(positions, keys, _place(start, wanted.sort, columns, runs))
        end = wanted.offset + wanted.limit
        page = first(following, keys, end)[wanted.offset :]
        is_last = len(page) == 0 or len(following) <= end
        next_page = None if is_last else encode_cursor(_cursor(int(page[-1]), wanted.sort, columns, runs))
        ids = [runs.ids.texts[position] for position in page]
        derived = {name: _values(name, columns[name], page) for name in wanted.derived}
        return FoundRuns(ids, len(positions), next_page, derived)


def equal_to(**values: str | None) -> Filter | None:
    """Return the filter of runs whose columns have these texts; None leaves a column out."""
    parts = tuple(Comparison(name, "=", (value,)) for name, value in values.items() if value is not None)
    return Combination("and", parts) if parts else None


def _keys(column: LoadedColumn, key: SortKey) -> list[Key]:
    if column.kind == "items":
        raise UsageError(f"runs cannot be sorted by `{key.column}`, which has several values")
    return column.keys(is_descending=key.descending)


def _place(
    cursor: RunCursor, sort: Sequence[SortKey], columns: Mapping[str, LoadedColumn], runs: IndexedRuns
) -> list[float]:
    """Return what the keys of the order have at a cursor."""
    of_columns = [
        part
        for key, value in zip(sort, cursor.places, strict=True)
        for part in columns[key.column].key(value, is_descending=key.descending)
    ]
    return of_columns + runs.newest_first_key(cursor.created, cursor.rank, cursor.id)


def _cursor(
    position: int, sort: Sequence[SortKey], columns: Mapping[str, LoadedColumn], runs: IndexedRuns
) -> RunCursor:
    return RunCursor([columns[key.column].value(position) for key in sort], *runs.place(position))


def _values(name: str, column: LoadedColumn, positions: Positions) -> list[Any]:
    if name == "group_size":
        return [int(value) for value in column.numbers[positions]]
    if column.kind == "number":
        return [None if np.isnan(value) else float(value) for value in column.numbers[positions]]
    return [column.categories.texts[code] for code in column.codes[positions]]


def _project_names(connection: Connection, wanted: RunSearch, names: set[str]) -> Mapping[str, str]:
    """Return the names of all projects by their ids, if the search needs them."""
    if wanted.project is None and wanted.projects is None and "project" not in names:
        return {}
    return {row.id: row.name for row in connection.execute(select(schema.project.c.id, schema.project.c.name))}


def _projects(wanted: RunSearch, names: Mapping[str, str]) -> set[str] | None:
    """Return the ids of the projects to look in; None: all."""
    if wanted.project is None and wanted.projects is None:
        return None
    return {
        project
        for project, name in names.items()
        if wanted.project in (None, name) and (wanted.projects is None or name in wanted.projects)
    }
