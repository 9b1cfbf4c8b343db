"""Returns what runs printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query
from fastapi.responses import StreamingResponse

from lightning_sweeps.messages import ConsoleLine, ConsoleWindow
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store import console, console_window
from lightning_sweeps.store.database import Store

router = scoped_router("queries", not_found=True)

Last = Annotated[int, Query(ge=1, le=console.MAX_LINES, description="number of lines to return")]
LineId = Annotated[int, Query(ge=0, lt=2**63)]
Stream = Annotated[
    str | None, Query(description="`stdout`, `stderr`, `stacks` (thread stacks of ranks that hung), or `event`")
]
Find = Annotated[str, Query(max_length=1000, description="return only lines that contain this text, ignoring case")]

First = Annotated[int, Query(ge=0, lt=2**31, description="number of matching lines before the window")]
Limit = Annotated[
    int, Query(ge=0, le=console_window.MAX_LINES, description="number of lines to return; 0: only count them")
]


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
    """Return the last console lines of a run, or the lines around one line, oldest first."""
    with store.read() as connection:
        return console.read_run(connection, run_id, console.ConsoleQuery(last, after, around, stream, find))


@router.get("/api/runs/{run_id}/console/window")
def read_console_window(
    store: StoreDep, run_id: str, first: First = 0, limit: Limit = 500, stream: Stream = None, find: Find = ""
) -> ConsoleWindow:
    """Return console lines of a run by their place, with their numbers, and how many match in total."""
    with store.read() as connection:
        wanted = console_window.WindowQuery(first, limit, stream, find)
        return console_window.read_run_window(connection, run_id, wanted)


@router.get("/api/runs/{run_id}/console/after/{line_id}")
def read_console_after(
    store: StoreDep,
    run_id: str,
    line_id: Annotated[int, Path(ge=0, lt=2**63)],
    limit: Annotated[int, Query(ge=1, le=console.MAX_LINES)] = 1000,
) -> list[ConsoleLine]:
    """Return the first console lines of a run after the line with an id, to read all lines page by page."""
    with store.read() as connection:
        return console.read_after(connection, run_id, line_id, limit=limit)


@router.get(
    "/api/runs/{run_id}/console/text",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/plain": {}}}},
)
def download_console(store: StoreDep, run_id: str) -> StreamingResponse:
    """Return all console lines of a run as text, as they were printed."""
    first = _lines_after(store, run_id, 0)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(run_id, safe='')}.log"}
    return StreamingResponse(_text(store, run_id, first), media_type="text/plain; charset=utf-8", headers=headers)


def _text(store: Store, run_id: str, lines: list[ConsoleLine]) -> Iterator[str]:
    while lines:
        yield "".join(f"{line.line}\n" for line in lines)
        lines = _lines_after(store, run_id, lines[-1].id)


def _lines_after(store: Store, run_id: str, line_id: int) -> list[ConsoleLine]:
    with store.read() as connection:  # one transaction a page: a slow reader must not block the clean-up
        return console.read_after(connection, run_id, line_id, limit=console.MAX_LINES)


@router.get("/api/console")
def read_group_console(
    store: StoreDep, project: str, group: str, last: Last = 200, stream: Stream = None, find: Find = ""
) -> list[ConsoleLine]:
    """Return the last console lines of every rank of a group, sorted by time.

    Large groups return fewer lines for each rank.
    """
    with store.read() as connection:
        return console.read_group(connection, project, group, console.ConsoleQuery(last, stream=stream, find=find))


@router.get("/api/console/window")
def read_group_console_window(
    store: StoreDep,
    project: str,
    group: str,
    first: First = 0,
    limit: Limit = 500,
    stream: Stream = None,
    find: Find = "",
) -> ConsoleWindow:
    """Return console lines of all ranks of a group by time, with their numbers, and how many match in total."""
    with store.read() as connection:
        wanted = console_window.WindowQuery(first, limit, stream, find)
        return console_window.read_group_window(connection, project, group, wanted)
