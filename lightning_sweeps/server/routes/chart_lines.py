"""The lines of the dashboard's charts: many in one answer that begins with the first, and only what is new of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import LinesQuery
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.routes.queries import MOST_BUCKETS, MOST_POINTS
from lightning_sweeps.server.web.packing import pack
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import reading, write_buffer
from lightning_sweeps.store.series.axes import parse_axis

FRAME_LINES = 100
"""So many lines are read and sent at once: two charts of fifty runs."""
WIDE_POINTS = 20_000
"""Up to so many points in all, values are sent as they are stored; beyond it, at seven digits."""

router = APIRouter(tags=["dashboard"])


@router.post("/api/series/packed", response_class=StreamingResponse)
def query_packed(store: StoreDep, wanted: LinesQuery) -> StreamingResponse:
    """Return what `/api/series/query` does for lines, as bytes: for the dashboard, whose charts hold many of them."""
    if not 1 <= wanted.points <= MOST_POINTS or len(wanted.lines) * wanted.points > MOST_BUCKETS:
        asked = f"{len(wanted.lines)} lines of {wanted.points} points"
        raise UsageError(f"{asked} were asked for, allowed are {MOST_BUCKETS} points in all", hint="ask for fewer")
    parse_axis(wanted.x)
    write_buffer.flush_owners(store, (line.owner for line in wanted.lines))
    return StreamingResponse(_frames(store, wanted), media_type="application/octet-stream")


def _frames(store: Store, wanted: LinesQuery) -> Iterator[bytes]:
    is_wide = len(wanted.lines) * wanted.points <= WIDE_POINTS
    for start in range(0, len(wanted.lines), FRAME_LINES):
        some = replace(wanted, lines=wanted.lines[start : start + FRAME_LINES])
        with store.read() as connection:  # each frame by itself: a slow reader holds up no writer's clean-up
            drawn = reading.query_lines(connection, store.series, some)
        yield pack(drawn, is_wide=is_wide)
