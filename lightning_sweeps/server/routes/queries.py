"""What was logged goes out: projects, runs, series, console lines, nodes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from lightning_sweeps import __version__
from lightning_sweeps.engine import node_activity
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.records import RunState
from lightning_sweeps.messages import (
    ConsoleLine,
    Health,
    Node,
    NodeNow,
    Point,
    Problem,
    RejectedRecord,
    Run,
    RunLabels,
    RunList,
    RunsPage,
    RunsQuery,
    Series,
    SeriesAnswer,
    SeriesInfo,
    SeriesQuery,
)
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.store import console, ingest, nodes, projects, runs, runs_table
from lightning_sweeps.store.series import reading, write_buffer, writing

MOST_RUNS = 1000
MOST_POINTS = 10_000
MOST_OFFSET = 2**31
MOST_SERIES = 5_000
MOST_BUCKETS = 5_000_000

router = APIRouter(tags=["queries"], responses={404: {"model": Problem}})

Filter = Annotated[str | None, Query()]
Last = Annotated[int, Query(ge=1, le=console.MOST_LINES)]
LineId = Annotated[int, Query(ge=0, lt=2**63)]
Stream = Annotated[str | None, Query(description="`stdout`, `stderr`, or `stacks`: of ranks that hung")]
Find = Annotated[str, Query(max_length=1000, description="only lines that hold this text, whatever the case")]
Border = Annotated[float | None, Query(allow_inf_nan=False, description="on the axis `x`")]


@router.get("/api/health")
def health(store: StoreDep) -> Health:
    """Say that the server and its database answer."""
    with store.read() as connection:
        connection.execute(select(1))
    return Health("ok", __version__, store.kind)


@router.get("/api/projects")
def list_projects(store: StoreDep) -> list[str]:
    with store.read() as connection:
        return projects.project_names(connection)


@router.get("/api/runs")
def list_runs(
    store: StoreDep,
    project: Filter = None,
    group: Filter = None,
    sweep: Filter = None,
    trial: Filter = None,
    state: Annotated[RunState | None, Query()] = None,
    limit: Annotated[int, Query(ge=0, le=MOST_RUNS)] = 100,
    offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> RunList:
    """List runs, newest first."""
    chosen = runs.RunFilter(project, group, sweep, trial, state, limit, offset)
    with store.read() as connection:
        return runs.list_runs(connection, chosen)


@router.post("/api/runs/query")
def query_runs(store: StoreDep, wanted: RunsQuery) -> RunsPage:
    """Return a page of the runs table: filtered, sorted, with chosen columns."""
    if not 0 <= wanted.limit <= MOST_RUNS or not 0 <= wanted.offset < MOST_OFFSET:
        raise UsageError(f"`limit` is {wanted.limit}, `offset` {wanted.offset}; allowed: 0 to {MOST_RUNS}, 0 or more")
    with store.read() as connection:
        return runs_table.read_page(connection, wanted)


@router.get("/api/runs/{run_id}")
def get_run(store: StoreDep, run_id: str) -> Run:
    with store.read() as connection:
        return runs.get_run(connection, run_id)


@router.post("/api/runs/{run_id}/labels")
def label_run(store: StoreDep, run_id: str, labels: RunLabels) -> Run:
    """Give a run other tags or notes."""
    with store.write() as connection:
        return runs.label(connection, run_id, labels)


@router.get("/api/runs/{run_id}/console")
def read_console(
    store: StoreDep,
    run_id: str,
    last: Last = 200,
    after: LineId = 0,
    around: LineId | None = None,
    stream: Stream = None,
    find: Find = "",
) -> list[ConsoleLine]:
    """Return the last lines of the run's console output, oldest first; or those around one."""
    with store.read() as connection:
        return console.read_run(connection, run_id, console.ConsoleQuery(last, after, around, stream, find))


@router.get("/api/console")
def read_group_console(
    store: StoreDep, project: str, group: str, last: Last = 200, stream: Stream = None, find: Find = ""
) -> list[ConsoleLine]:
    """Return the last lines of every rank of a group by their time; fewer of each where there are many ranks."""
    with store.read() as connection:
        return console.read_group(connection, project, group, console.ConsoleQuery(last, stream=stream, find=find))


@router.get("/api/runs/{run_id}/rejected-records")
def list_rejected(store: StoreDep, run_id: str) -> list[RejectedRecord]:
    """List the records of the run's journals that could not be stored, each with the reason."""
    with store.read() as connection:
        runs.get_run(connection, run_id)
        return ingest.list_rejected(connection, run_id)


@router.get("/api/series/{owner_id}")
def list_keys(store: StoreDep, owner_id: str) -> list[SeriesInfo]:
    """List the series of a run or a node."""
    write_buffer.flush_owners(store, [owner_id])
    with store.read() as connection:
        return writing.list_series(connection, owner_id)


@router.post("/api/series/query", response_model=SeriesAnswer)
def query_series(store: StoreDep, wanted: SeriesQuery) -> Response:
    """Return many series, or groups of series, for charts: over any x axis, whole or zoomed in."""
    if not 1 <= wanted.points <= MOST_POINTS:
        raise UsageError(f"`points` is {wanted.points}, allowed are 1 to {MOST_POINTS}")
    if len(wanted.lines) > MOST_SERIES:
        raise UsageError(f"{len(wanted.lines)} lines were asked for, allowed are {MOST_SERIES}")
    if len(wanted.lines) * wanted.points > MOST_BUCKETS:
        asked = f"{len(wanted.lines)} lines of {wanted.points} points"
        raise UsageError(f"{asked} were asked for, allowed are {MOST_BUCKETS} points in all", hint="ask for fewer")
    write_buffer.flush_owners(store, (line.owner for line in wanted.lines))
    with store.read() as connection:
        return _encoded(reading.query(connection, store.series, wanted))


@router.get("/api/series/{owner_id}/buckets", response_model=Series)
def read_buckets(
    store: StoreDep,
    owner_id: str,
    key: str,
    points: Annotated[int, Query(ge=1, le=MOST_POINTS)] = 800,
    x: str = "step",
    low: Border = None,
    high: Border = None,
    with_abandoned: bool = False,
) -> Response:
    """Return a series at a width of `points` buckets; every bucket holds its minimum and maximum."""
    write_buffer.flush_owners(store, [owner_id])
    with store.read() as connection:
        drawn = reading.read_buckets(
            connection,
            store.series,
            owner_id,
            key,
            width=points,
            x=x,
            low=low,
            high=high,
            with_abandoned=with_abandoned,
        )
        return _encoded(drawn)


@router.get("/api/series/{owner_id}/points", response_model=list[Point])
def read_points(
    store: StoreDep,
    owner_id: str,
    key: str,
    x: str = "step",
    low: Border = None,
    high: Border = None,
    offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """Return stored values of a series as they were logged: all, or those of a part, page by page."""
    write_buffer.flush_owners(store, [owner_id])
    with store.read() as connection:
        return _encoded(
            reading.read_points(
                connection, store.series, owner_id, key, x=x, low=low, high=high, offset=offset, limit=limit
            )
        )


@router.get("/api/nodes")
def list_nodes(store: StoreDep) -> list[Node]:
    with store.read() as connection:
        return nodes.list_nodes(connection)


@router.get("/api/nodes/now")
def read_nodes(store: StoreDep) -> list[NodeNow]:
    """Tell who runs what where: every node with its newest sample, the runs that go on there, and its agents."""
    with store.read() as connection:
        return node_activity.read_nodes(connection)


def _encoded(answer: Series | SeriesAnswer | list[Point]) -> Response:
    """Return an answer that may have a million entries, past the framework's check of each."""
    return Response(msgspec.json.encode(answer), media_type="application/json")
