"""What changed: on request since a cursor, and as server-sent events for pages that are open."""

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
from lightning_sweeps.store.changes import read_changes
from lightning_sweeps.store.database import Store

LOOK_S = 1.0
"""How often a stream looks into the database: any server process may have written."""
SLICE_S = 0.1
"""How soon a stream sees that the server ends."""
BEAT_S = 15.0
"""A stream without news sends a comment this often, so that proxies keep it and its reader knows that it lives."""
RETRY_MS = 2000

router = APIRouter(tags=["live"])

Since = Annotated[float | None, Query(allow_inf_nan=False, description="a cursor; default: now")]
Project = Annotated[str | None, Query()]


@router.get("/api/changes")
def changes(store: StoreDep, since: Since = None, project: Project = None) -> Changes:
    """Return what changed since a cursor, and the next cursor."""
    return _look(store, time.time() if since is None else since, project)


@router.get("/api/live", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live(
    store: StoreDep,
    closing: ClosingDep,
    since: Since = None,
    project: Project = None,
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Send what changes, as it changes: each event's data is a `Changes`, its id the cursor to go on from."""
    start = _cursor(last_event_id) or since or time.time()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(store, closing, start, project)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


Kind = TypeVar("Kind", RunChange, Change)


class Told:
    """What a stream has told already: looks overlap, and nothing is told twice for that reason."""

    def __init__(self) -> None:
        self._told: set[tuple[str, float]] = set()

    def fresh(self, found: Changes) -> Changes:
        """Return what of `found` has not been told."""
        runs, sweeps, nodes = self._fresh(found.runs), self._fresh(found.sweeps), self._fresh(found.nodes)
        whole: list[RunChange | Change] = [*found.runs, *found.sweeps, *found.nodes]
        self._told = {(one.id, one.changed) for one in whole}
        return replace(found, runs=runs, sweeps=sweeps, nodes=nodes)

    def _fresh(self, changes: list[Kind]) -> list[Kind]:
        return [one for one in changes if (one.id, one.changed) not in self._told]


async def _events(store: Store, closing: threading.Event, cursor: float, project: str | None) -> AsyncIterator[bytes]:
    told = Told()
    yield f"retry: {RETRY_MS}\nid: {cursor!r}\n\n".encode()
    spoke_at = time.monotonic()
    while not closing.is_set():
        found = told.fresh(await run_in_threadpool(_look, store, cursor, project))
        cursor = found.cursor
        if found.runs or found.sweeps or found.nodes or found.is_cut:
            yield f"id: {cursor!r}\ndata: {msgspec.json.encode(found).decode()}\n\n".encode()
            spoke_at = time.monotonic()
        elif time.monotonic() - spoke_at >= BEAT_S:
            yield b": alive\n\n"
            spoke_at = time.monotonic()
        until = time.monotonic() + LOOK_S
        while time.monotonic() < until and not closing.is_set():
            await asyncio.sleep(SLICE_S)


def _look(store: Store, since: float, project: str | None) -> Changes:
    now = time.time()
    with store.read() as connection:
        return read_changes(connection, since=since, now=now, project=project)


def _cursor(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
