"""Translates a choice of runs to SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import RunChoice
from lightning_sweeps.store import schema
from lightning_sweeps.store.filters import parse_filter
from lightning_sweeps.store.json_sql import one_of
from lightning_sweeps.store.metric_columns import is_metric_column
from lightning_sweeps.store.run_index.filtering import columns_of
from lightning_sweeps.store.run_search import RunSearch, search_runs

_run = schema.run


def chosen(connection: Connection, choice: RunChoice) -> list[ColumnElement[bool]]:
    """Return the conditions of a choice, for a statement that joins `run` and `project`.

    Args:
        connection: a transaction that has changed no runs.
        choice: the choice.

    Raises:
        UsageError: nothing is chosen, or the filter is not valid.
    """
    columns = {
        schema.project.c.name: choice.project,
        _run.c.group: choice.group,
        _run.c.sweep_id: choice.sweep,
    }
    found: list[ColumnElement[bool]] = [column == value for column, value in columns.items() if value is not None]
    if choice.ids:
        found.append(_run.c.id.in_(choice.ids))
    tree = parse_filter(choice.filter)
    if any(map(is_metric_column, columns_of(tree))):
        raise UsageError(
            f"`{choice.filter}` chooses runs by statistics of metrics, whose newest rows may still be on their way",
            hint="name the runs, or use `summary.<key>`",
        )
    if tree is not None:
        matching = search_runs(connection, RunSearch(tree, project=choice.project, shown="all"))
        found.append(one_of(_run.c.id, matching.ids, connection.dialect.name))
    if not found:
        raise UsageError("no runs are chosen", hint="name runs, a project, a group, a sweep or a filter")
    return found
