"""Completes filters of the runs table: finds columns, and values of a column."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from lightning_sweeps.messages import ColumnValue
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import column_completion, metric_columns
from lightning_sweeps.store.series import write_buffer

MAX_FOUND = 1000

router = scoped_router("queries")

Search = Annotated[str, Query(max_length=512, description="only those that contain this text, in any case")]
Limit = Annotated[int, Query(ge=1, le=MAX_FOUND)]


@router.get("/api/runs/columns")
def list_run_columns(
    store: StoreDep, projects: ProjectsDep, project: str | None = None, search: Search = "", limit: Limit = 50
) -> list[str]:
    """List the columns `config.<key>` and `summary.<key>` that runs have, the best matches of a search first."""
    with store.read() as connection:
        return column_completion.find_columns(connection, search, project=project, projects=projects, limit=limit)


@router.get("/api/runs/values")
def list_run_values(
    store: StoreDep,
    projects: ProjectsDep,
    column: Annotated[str, Query(max_length=2048)],
    project: str | None = None,
    search: Search = "",
    limit: Limit = 50,
) -> list[ColumnValue]:
    """List the values that a column of active runs has, those of most runs first."""
    waiting: list[str] = []
    if metric_columns.is_metric_column(column):
        with store.read() as connection:
            waiting = metric_columns.waiting_runs(connection, project)
    with write_buffer.open_reader(store, waiting)() as connection:
        return column_completion.find_values(
            connection, column, search, project=project, projects=projects, limit=limit
        )
