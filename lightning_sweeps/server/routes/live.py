"""Reports what changed: on request since a cursor, and as server-sent events for open pages."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, TypeVar

import msgspec
from fastapi import Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import Change, Changes, RunChange
from lightning_sweeps.server.context import ClosingDep, KeyNameDep, StoreDep
from lightning_sweeps.server.security.api_keys import ApiKeys
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web.compression import compressed
from lightning_sweeps.store.changes import read_changes
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.project_access import Projects

INTERVAL_S = 1.0
"""How often streams read the database: another server process may have written."""
MAX_STREAMS = 50
"""How many streams each API key may have open."""
SLICE_S = 0.1
"""How soon a stream notices that the server shuts down."""
KEEP_ALIVE_S = 15.0
"""How often a stream without news sends a comment, so that proxies keep the connection open."""
RETRY_MS = 2000

router = scoped_router("live")

Since = Annotated[float | None, Query(allow_inf_nan=False, description="a cursor (default: now)")]
Project = Annotated[str | None, Query()]


@router.get("/api/changes")
def changes(store: StoreDep, of_key: ProjectsDep, since: Since = None, project: Project = None) -> Changes:
    """Return what changed since a cursor, and the next cursor."""
    now = store.now()
    return _read(store, now if since is None else since, _projects(project, of_key), now)


@router.get("/api/live", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live(
    request: Request,
    store: StoreDep,
    closing: ClosingDep,
    key_name: KeyNameDep,
    of_key: ProjectsDep,
    since: Since = None,
    project: Project = None,
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Stream changes as they happen. The data of each event is a `Changes`, its id the next cursor.

    The stream ends when its key is revoked or expires, and when its session is logged out.
    """
    streams: LiveStreams = request.app.state.live_streams
    streams.check(key_name)
    start = _cursor(last_event_id) or since or store.now()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept-Encoding"}
    events = _events(request, store, closing, start, _projects(project, of_key))
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        events = compressed(events)
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


class LiveStreams:
    """The open streams of this process: their number for each key, and one reading of the database for all of them.

    All streams read at the same moments. Those that have the same cursor and project share what was read, which is all
    of them after their first moment. Use it in one thread only.
    """

    def __init__(self, store: Store, keys: ApiKeys) -> None:
        self._store = store
        self._keys = keys
        self._counts: Counter[str] = Counter()
        self._moment = 0.0
        self._readings: dict[tuple[float, Projects], asyncio.Task[Changes]] = {}

    def check(self, key_name: str) -> None:
        """Check that a key may open another stream.

        Raises:
            ServerRefused: the key has too many streams (429).
        """
        if self._counts[key_name] >= MAX_STREAMS:
            raise ServerRefused(
                f"the API key `{key_name}` has {MAX_STREAMS} open streams, which is the most",
                status=429,
                hint="close some, or use another key",
            )

    @contextmanager
    def counted(self, key_name: str) -> Iterator[None]:
        """Count a stream of a key until the end of the block."""
        self._counts[key_name] += 1
        try:
            yield
        finally:
            self._counts[key_name] -= 1

    async def read(self, cursor: float, projects: Projects, *, moment: float) -> Changes:
        """Return what changed since a cursor, and read the keys too if they are old. The next cursor is the moment."""
        if moment > self._moment:
            self._moment = moment
            self._readings = {}
        place = cursor, projects
        if place not in self._readings:
            reading = run_in_threadpool(self._read, cursor, projects, moment)
            self._readings[place] = asyncio.ensure_future(reading)
        return await asyncio.shield(self._readings[place])

    def _read(self, cursor: float, projects: Projects, moment: float) -> Changes:
        self._keys.refresh()
        return _read(self._store, cursor, projects, moment)


async def _events(
    request: Request, store: Store, closing: threading.Event, cursor: float, projects: Projects
) -> AsyncGenerator[bytes, None]:
    streams: LiveStreams = request.app.state.live_streams
    with streams.counted(request.state.key_name):
        yield f"retry: {RETRY_MS}\nid: {cursor!r}\n\n".encode()
        sent = SentChanges()
        last_sent = time.monotonic()
        while not closing.is_set():
            moment = store.now() // INTERVAL_S * INTERVAL_S
            found = sent.fresh(await streams.read(cursor, projects, moment=moment))
            if not request.state.is_still_valid():
                return
            cursor = found.cursor
            if found.runs or found.sweeps or found.nodes or found.is_cut:
                yield f"id: {cursor!r}\ndata: {msgspec.json.encode(found).decode()}\n\n".encode()
                last_sent = time.monotonic()
            elif time.monotonic() - last_sent >= KEEP_ALIVE_S:
                yield b": alive\n\n"
                last_sent = time.monotonic()
            until = time.monotonic() + min(INTERVAL_S, moment + INTERVAL_S - store.now())
            while time.monotonic() < until and not closing.is_set():
                await asyncio.sleep(SLICE_S)


def _read(store: Store, since: float, projects: Projects, now: float) -> Changes:
    with store.read() as connection:
        return read_changes(connection, since=since, now=now, projects=projects)


def _projects(asked: str | None, of_key: Projects) -> Projects:
    """Return the projects that a request is about. `check_scope` has checked that the key may use `asked`."""
    return of_key if asked is None else frozenset({asked})


def _cursor(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
