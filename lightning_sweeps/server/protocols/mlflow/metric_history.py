"""Returns all values of metrics."""

from __future__ import annotations

from typing import Any

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import Point
from lightning_sweeps.server.protocols.known_runs import get_run
from lightning_sweeps.server.protocols.mlflow import paging, runs
from lightning_sweeps.server.protocols.mlflow.caller import MlflowCaller
from lightning_sweeps.server.protocols.mlflow.last_metrics import describe
from lightning_sweeps.server.protocols.mlflow.request import Given
from lightning_sweeps.store.series import point_pages, write_buffer
from lightning_sweeps.store.series.point_pages import PAGE_POINTS, PointsCursor

MAX_RUNS = 100
BULK_POINTS = 25_000


def get_history(caller: MlflowCaller, given: Given) -> dict[str, Any]:
    """Return the values of a metric of a run, page by page."""
    run_id, key = runs.run_id_of(given), given.text("metric_key")
    get_run(caller, run_id)
    limit = min(paging.size(given, default=PAGE_POINTS), PAGE_POINTS)
    start = _cursor(given.optional_text("page_token"))
    with write_buffer.open_reader(caller.store, [run_id])() as connection:
        try:
            page = point_pages.read_points(connection, caller.store.series, run_id, key, start=start, limit=limit)
        except NotFound:
            return {"metrics": []}
    found: dict[str, Any] = {"metrics": [_describe(key, one) for one in page.points if not one.is_abandoned]}
    if page.following is not None:
        found["next_page_token"] = f"{page.following.journal_id}:{page.following.position}"
    return found


def get_history_bulk(caller: MlflowCaller, given: Given) -> dict[str, Any]:
    """Return the values of a metric of several runs."""
    return _of_many(caller, given, low=None, high=None)


def get_history_bulk_interval(caller: MlflowCaller, given: Given) -> dict[str, Any]:
    """Return the values of a metric of several runs between two steps."""
    low = given.integer("start_step", 0) if given.has("start_step") else None
    high = given.integer("end_step", 0) if given.has("end_step") else None
    return _of_many(caller, given, low=low, high=high)


def _of_many(caller: MlflowCaller, given: Given, *, low: int | None, high: int | None) -> dict[str, Any]:
    key = given.text("metric_key")
    ids = given.texts("run_id") or given.texts("run_ids")
    if not 0 < len(ids) <= MAX_RUNS:
        raise UsageError(f"GetMetricHistoryBulk request specified {len(ids)} run_ids, allowed: 1 to {MAX_RUNS}")
    for run_id in ids:
        get_run(caller, run_id)
    left = min(paging.size(given, default=BULK_POINTS), BULK_POINTS)
    found: list[dict[str, Any]] = []
    with write_buffer.open_reader(caller.store, ids)() as connection:
        for run_id in ids:
            try:
                page = point_pages.read_points(
                    connection, caller.store.series, run_id, key, low=low, high=high, limit=left - len(found)
                )
            except NotFound:
                continue
            found += [_describe(key, one) | {"run_id": run_id} for one in page.points if not one.is_abandoned]
            if len(found) >= left:
                break
    return {"metrics": found}


def _describe(key: str, point: Point) -> dict[str, Any]:
    return describe(key, point.value, point.time, point.step)


def _cursor(token: str | None) -> PointsCursor | None:
    if token is None:
        return None
    journal_id, _, position = token.rpartition(":")
    if not journal_id or not position.isascii() or not position.isdecimal() or len(position) > 15:
        raise UsageError(f"Invalid page token '{token[:80]}'")
    return PointsCursor(journal_id, int(position))
