"""Lists, filters and labels runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from lightning_sweeps.core.states import RunsShown
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.records import RunState
from lightning_sweeps.messages import (
    JournalInfo,
    LoggedValue,
    LoggedValueKey,
    RejectedRecord,
    RunDetails,
    RunLabels,
    RunList,
    RunsPage,
    RunsQuery,
)
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import (
    clock,
    journal_copy,
    logged_values,
    metric_columns,
    rejections,
    run_changes,
    runs,
    runs_table,
    silence,
)
from lightning_sweeps.store.series import write_buffer

MAX_RUNS = 1000
MAX_OFFSET = 2**31

router = scoped_router("queries", not_found=True)

Filter = Annotated[str | None, Query()]


@router.get("/api/runs")
def list_runs(
    store: StoreDep,
    projects: ProjectsDep,
    project: Filter = None,
    group: Filter = None,
    sweep: Filter = None,
    trial: Filter = None,
    state: Annotated[RunState | None, Query()] = None,
    limit: Annotated[int, Query(ge=0, le=MAX_RUNS)] = 100,
    offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    shown: RunsShown = "active",
    cursor: Annotated[str | None, Query(description="`next_page` of the page before")] = None,
) -> RunList:
    """List runs, newest first. `shown`: also those that are archived or in the trash."""
    chosen = runs.RunFilter(project, group, sweep, trial, state, limit, offset, shown, cursor, projects)
    with store.read() as connection:
        return runs.list_runs(connection, chosen)


@router.post("/api/runs/query")
def query_runs(store: StoreDep, projects: ProjectsDep, wanted: RunsQuery) -> RunsPage:
    """Return one page of the runs table, filtered and sorted, with the requested columns."""
    if not 0 <= wanted.limit <= MAX_RUNS or not 0 <= wanted.offset < MAX_OFFSET:
        raise UsageError(
            f"`limit` is {wanted.limit} and `offset` is {wanted.offset}; `limit` must be from 0 to {MAX_RUNS}"
            f" and `offset` from 0 to {MAX_OFFSET - 1}"
        )
    waiting: list[str] = []
    if runs_table.uses_metric_columns(wanted):
        with store.read() as connection:
            waiting = metric_columns.waiting_runs(connection, wanted.project)
    with write_buffer.open_reader(store, waiting)() as connection:
        return runs_table.read_page(connection, wanted, projects=projects)


@router.get("/api/runs/{run_id}")
def get_run(store: StoreDep, run_id: str) -> RunDetails:
    """Return one run."""
    with store.read() as connection:
        return runs.get_run(connection, run_id)


@router.post("/api/runs/{run_id}/labels")
def label_run(store: StoreDep, run_id: str, labels: RunLabels) -> RunDetails:
    """Change the name, tags, notes or configuration of a run."""
    with store.write() as connection:
        return run_changes.edit(connection, run_id, labels)


@router.get("/api/runs/{run_id}/journals")
def list_journals(store: StoreDep, run_id: str) -> list[JournalInfo]:
    """List the journals of the processes that logged to the run."""
    with store.read() as connection:
        return journal_copy.list_journals(connection, run_id)


@router.get("/api/runs/{run_id}/value-keys")
def list_value_keys(store: StoreDep, run_id: str) -> list[LoggedValueKey]:
    """List the keys under which the run logged text, lists or integers beyond 2**53, with the number of values."""
    with store.read() as connection:
        return logged_values.list_keys(connection, run_id)


@router.get("/api/runs/{run_id}/values")
def list_values(
    store: StoreDep,
    run_id: str,
    key: Filter = None,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=logged_values.MAX_VALUES)] = 1000,
    newest_first: bool = False,
) -> list[LoggedValue]:
    """Return every text, list and integer beyond 2**53 that the run logged, also those that are not the last ones."""
    with store.read() as connection:
        return logged_values.list_values(
            connection, run_id, key, after=after, limit=limit, is_newest_first=newest_first
        )


@router.post("/api/runs/{run_id}/close")
def close_run(store: StoreDep, run_id: str) -> RunDetails:
    """End a run whose process is dead, although nobody saw its end. If it logs again, it is running again."""
    with store.write() as connection:
        return silence.close(connection, run_id, now=clock.now(connection))


@router.get("/api/runs/{run_id}/rejected-records")
def list_rejected_records(store: StoreDep, run_id: str) -> list[RejectedRecord]:
    """List the records of the run that the server rejected, each with the reason."""
    with store.read() as connection:
        runs.get_run(connection, run_id)
        return rejections.list_of_run(connection, run_id)
