"""Reports what changed: on request since a cursor, and as server-sent events for open pages."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from lightning_sweeps.messages import Change, Changes, RunChange
from lightning_sweeps.server.context import ClosingDep, StoreDep
from lightning_sweeps.store import clock
from lightning_sweeps.store.changes import read_changes
from lightning_sweeps.store.database import Store

INTERVAL_S = 1.0
"""How often a stream reads the database: another server process may have written."""
SLICE_S = 0.1
"""How soon a stream notices that the server shuts down."""
KEEP_ALIVE_S = 15.0
"""How often a stream without news sends a comment, so that proxies keep the connection open."""
RETRY_MS = 2000

router = APIRouter(tags=["live"])

Since = Annotated[float | None, Query(allow_inf_nan=False, description="a cursor (default: now)")]
Project = Annotated[str | None, Query()]


@router.get("/api/changes")
def changes(store: StoreDep, since: Since = None, project: Project = None) -> Changes:
    """Return what changed since a cursor, and the next cursor."""
    return _read(store, store.now() if since is None else since, project)


@router.get("/api/live", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live(
    store: StoreDep,
    closing: ClosingDep,
    since: Since = None,
    project: Project = None,
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Stream changes as they happen. The data of each event is a `Changes`, its id the next cursor."""
    start = _cursor(last_event_id) or since or store.now()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(store, closing, start, project)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


Kind = TypeVar("Kind", RunChange, Change)


class SentChanges:
    """Filters out what a stream already sent: successive reads overlap."""

    def __init__(self) -> None:
        self._sent: set[tuple[str, float]] = set()

    def fresh(self, found: Changes) -> Changes:
        """Return the part of `found` that was not sent before."""
        runs, sweeps, nodes = self._fresh(found.runs), self._fresh(found.sweeps), self._fresh(found.nodes)
        whole: list[RunChange | Change] = [*found.runs, *found.sweeps, *found.nodes]
        self._sent = {(one.id, one.changed) for one in whole}
        return replace(found, runs=runs, sweeps=sweeps, nodes=nodes)

    def _fresh(self, changes: list[Kind]) -> list[Kind]:
        return [one for one in changes if (one.id, one.changed) not in self._sent]


async def _events(store: Store, closing: threading.Event, cursor: float, project: str | None) -> AsyncIterator[bytes]:
    sent = SentChanges()
    yield f"retry: {RETRY_MS}\nid: {cursor!r}\n\n".encode()
    last_sent = time.monotonic()
    while not closing.is_set():
        found = sent.fresh(await run_in_threadpool(_read, store, cursor, project))
        cursor = found.cursor
        if found.runs or found.sweeps or found.nodes or found.is_cut:
            yield f"id: {cursor!r}\ndata: {msgspec.json.encode(found).decode()}\n\n".encode()
            last_sent = time.monotonic()
        elif time.monotonic() - last_sent >= KEEP_ALIVE_S:
            yield b": alive\n\n"
            last_sent = time.monotonic()
        until = time.monotonic() + INTERVAL_S
        while time.monotonic() < until and not closing.is_set():
            await asyncio.sleep(SLICE_S)


def _read(store: Store, since: float, project: str | None) -> Changes:
    with store.read() as connection:
        return read_changes(connection, since=since, now=clock.now(connection), project=project)


def _cursor(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
