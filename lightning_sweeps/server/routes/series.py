"""Returns logged series: whole, downsampled for charts, or point by point."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import msgspec
from fastapi import Query, Response

from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import NEXT_PAGE, Point, Series, SeriesAnswer, SeriesInfo, SeriesQuery
from lightning_sweeps.server.context import StoreDep
from lightning_sweeps.server.security.project_scope import ProjectsDep
from lightning_sweeps.server.security.scoped_router import scoped_router
from lightning_sweeps.store.database import Store
from lightning_sweeps.store.project_access import Projects, check_access
from lightning_sweeps.store.series import point_pages, reading, write_buffer, writing

MAX_POINTS = 10_000
MAX_SERIES = 5_000
MAX_BUCKETS = 5_000_000
MAX_DIGITS = 18

router = scoped_router("queries", not_found=True)

Limit = Annotated[float | None, Query(allow_inf_nan=False, description="on the axis `x`")]


@router.get("/api/series/{owner_id}")
def list_keys(
    store: StoreDep,
    owner_id: str,
    search: Annotated[str, Query(max_length=512, description="only keys that contain this text, in any case")] = "",
    after: Annotated[str | None, Query(description="last key of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=writing.MAX_KEYS)] = writing.MAX_KEYS,
) -> list[SeriesInfo]:
    """List the series of a run or a node, page by page, in the order in which their keys first appeared."""
    with write_buffer.open_reader(store, [owner_id])() as connection:
        return writing.list_series(connection, owner_id, search=search, after=after, limit=limit)


@router.post("/api/series/query", response_model=SeriesAnswer)
def query_series(store: StoreDep, projects: ProjectsDep, wanted: SeriesQuery) -> Response:
    """Return many series, or groups of series, for charts: over any x axis, whole or zoomed in."""
    if len(wanted.lines) > MAX_SERIES:
        raise UsageError(f"the request asks for {len(wanted.lines)} lines, at most {MAX_SERIES} are allowed")
    check_points(len(wanted.lines), wanted.points)
    check_owners(store, projects, {line.owner for line in wanted.lines})
    with write_buffer.open_reader(store, (line.owner for line in wanted.lines))() as connection:
        return _encoded(reading.query(connection, store.series, wanted))


@router.get("/api/series/{owner_id}/buckets", response_model=Series)
def read_buckets(
    store: StoreDep,
    owner_id: str,
    key: str,
    points: Annotated[int, Query(ge=1, le=MAX_POINTS)] = 800,
    x: str = "step",
    low: Limit = None,
    high: Limit = None,
    with_abandoned: bool = False,
) -> Response:
    """Return a series downsampled to `points` buckets, each with its minimum and maximum."""
    with write_buffer.open_reader(store, [owner_id])() as connection:
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
    low: Limit = None,
    high: Limit = None,
    cursor: Annotated[str | None, Query(description="`Next-Page` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=point_pages.PAGE_POINTS)] = point_pages.PAGE_POINTS,
) -> Response:
    """Return one page of the values of a series as they were logged: of all, or of a range.

    The header `Next-Page` is the `cursor` of the next page. The last page has none.
    """
    start = None if cursor is None else _parse_cursor(cursor)
    with write_buffer.open_reader(store, [owner_id])() as connection:
        page = point_pages.read_points(
            connection, store.series, owner_id, key, x=x, low=low, high=high, start=start, limit=limit
        )
    response = _encoded(page.points)
    if page.following is not None:
        response.headers[NEXT_PAGE] = f"{page.following.journal_id}:{page.following.position}"
    return response


def check_owners(store: Store, projects: Projects, owners: Collection[str]) -> None:
    """Check that a key may read series.

    Raises:
        NotFound: a run is of another project.
    """
    if projects is not None:
        with store.read() as connection:
            check_access(connection, projects, "series", *owners)


def check_points(lines: int, points: int) -> None:
    """Reject a request for more points than one response may hold.

    Args:
        lines: Number of lines that the request asks for.
        points: Points of each line.

    Raises:
        UsageError: `points` is out of range, or all lines together have more than `MAX_BUCKETS` points.
    """
    if not 1 <= points <= MAX_POINTS:
        raise UsageError(f"`points` is {points}, allowed: 1 to {MAX_POINTS}")
    if lines * points > MAX_BUCKETS:
        raise UsageError(
            f"the request asks for {lines} lines of {points} points, at most {MAX_BUCKETS} points in total are allowed",
            hint="ask for fewer lines or fewer points",
        )


def _parse_cursor(given: str) -> point_pages.PointsCursor:
    journal_id, _, position = given.rpartition(":")
    if not journal_id or not position.isdecimal() or len(position) > MAX_DIGITS:
        raise UsageError(
            f"`cursor` is `{given[:100]}`, allowed: the header `{NEXT_PAGE}` of the page before",
            hint="leave it out to get the first page",
        )
    return point_pages.PointsCursor(journal_id, int(position))


def _encoded(answer: Series | SeriesAnswer | list[Point]) -> Response:
    """Encode a response directly: FastAPI's validation is slow for a million entries."""
    return Response(msgspec.json.encode(answer), media_type="application/json")
