"""Finds columns of runs and values of a column, for completing filters while they are typed."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
from sqlalchemy import Connection, select

from lightning_sweeps.messages import ColumnValue
from lightning_sweeps.store import schema
from lightning_sweeps.store.project_access import Projects
from lightning_sweeps.store.run_index.index import index_of
from lightning_sweeps.store.run_index.loaded_column import LoadedColumn, Mask


def find_columns(
    connection: Connection, text: str, *, project: str | None, projects: Projects, limit: int
) -> list[str]:
    """Return columns of configurations and metrics whose names contain a text, the best matches first.

    Args:
        connection: a transaction.
        text: what to look for; empty: all.
        project: only columns of runs of this project; None: of all.
        projects: only of the projects that an API key may use.
        limit: maximum number of columns.
    """
    ids = set(_project_names(connection, project, projects))
    return index_of(connection).keys.search(connection, text, projects=ids, limit=limit)


def find_values(
    connection: Connection, column: str, text: str, *, project: str | None, projects: Projects, limit: int
) -> list[ColumnValue]:
    """Return the values of a column that contain a text, those of most runs first.

    Raises:
        UsageError: there is no such column.
    """
    names = _project_names(connection, project, projects)
    with index_of(connection).current(connection, [column], projects=set(names)) as runs:
        shown = runs.shown("active") & runs.in_projects(set(names))
        counts = _counts(runs.column(column, names), shown)
    wanted = text.lower()
    found = [ColumnValue(value, count) for value, count in counts.items() if wanted in str(value).lower()]
    return sorted(found, key=lambda one: (-one.runs, str(one.value)))[:limit]


def _counts(column: LoadedColumn, shown: Mask) -> Counter[str | float]:
    counts: Counter[str | float] = Counter()
    if column.kind == "time":
        return counts  # every run has its own
    codes = column.codes[shown & (column.codes >= 0)]
    for code, count in zip(*np.unique(codes, return_counts=True), strict=True):
        given = column.categories.texts[code]
        for value in json.loads(given) if column.kind == "items" else [given]:
            counts[value] += int(count)
    numbers = column.numbers[shown & ~np.isnan(column.numbers)]
    for number, count in zip(*np.unique(numbers, return_counts=True), strict=True):
        counts[float(number)] += int(count)
    return counts


def _project_names(connection: Connection, project: str | None, projects: Projects) -> dict[str, str]:
    """Return the names of the projects to look in, by their ids."""
    rows = connection.execute(select(schema.project.c.id, schema.project.c.name))
    return {
        row.id: row.name for row in rows if project in (None, row.name) and (projects is None or row.name in projects)
    }
