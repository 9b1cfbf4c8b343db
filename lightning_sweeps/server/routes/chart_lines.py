"""Streams many chart lines in a binary format, and only what is new in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from lightning_sweeps.messages import LinesQuery
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.routes.series import check_owners, check_points
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.server.web.packing import pack
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.series import reading, write_buffer
from lightning_sweeps.store.series.axes import parse_axis

FRAME_LINES = 100
"""Lines in one frame: two charts of fifty runs."""
WIDE_POINTS = 20_000
"""Responses with at most this many points carry values in full precision; larger ones carry seven digits."""

router = scoped_router("dashboard")


@router.post("/api/series/packed", response_class=StreamingResponse)
def query_packed(store: StoreDep, projects: ProjectsDep, wanted: LinesQuery) -> StreamingResponse:
    """Return the lines of `/api/series/query` in the dashboard's binary format."""
    check_points(len(wanted.lines), wanted.points)
    parse_axis(wanted.x)
    check_owners(store, projects, {line.owner for line in wanted.lines})
    open_reader = write_buffer.open_reader(store, (line.owner for line in wanted.lines))
    return StreamingResponse(_frames(store, wanted, open_reader), media_type="application/octet-stream")


def _frames(
    store: Store, wanted: LinesQuery, open_reader: Callable[[], AbstractContextManager[Connection]]
) -> Iterator[bytes]:
    is_wide = len(wanted.lines) * wanted.points <= WIDE_POINTS
    for start in range(0, len(wanted.lines), FRAME_LINES):
        some = replace(wanted, lines=wanted.lines[start : start + FRAME_LINES])
        with open_reader() as connection:  # one transaction a frame: a slow reader must not block the clean-up
            drawn = reading.query_lines(connection, store.series, some)
        yield pack(drawn, is_wide=is_wide)
