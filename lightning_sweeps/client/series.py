"""Operations of series: logged and sampled values, downsampled or exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport


class SeriesRoutes(Transport):
    """Operations of series."""

    def keys(self, owner_id: str, *, search: str = "") -> list[m.SeriesInfo]:
        """Return the metrics of a run or a node, read page by page.

        Args:
            search: only keys that contain this text, in any case.
        """
        found: list[m.SeriesInfo] = []
        params: dict[str, Any] = {"search": search or None}
        while page := self._get(f"/api/series/{owner_id}", list[m.SeriesInfo], params=params):
            found += page
            params["after"] = page[-1].key
        return found

    def series(
        self,
        owner_id: str,
        key: str,
        *,
        points: int = 800,
        x: str = "step",
        low: float | None = None,
        high: float | None = None,
    ) -> m.Series:
        """Return a series in `points` buckets, each with its minimum and maximum.

        Args:
            x: axis of the buckets: `step`, `time`, `relative`, or `key:<metric>`.
            low: smallest value on the axis.
            high: largest value on the axis.
        """
        params = {"key": key, "points": points, "x": x, "low": low, "high": high}
        return self._get(f"/api/series/{owner_id}/buckets", m.Series, params=params)

    def query_series(self, query: m.SeriesQuery) -> m.SeriesAnswer:
        """Return several series, or groups of series, for charts of the same width."""
        return self._post("/api/series/query", m.SeriesAnswer, query)

    def points(
        self,
        owner_id: str,
        key: str,
        *,
        x: str = "step",
        low: float | None = None,
        high: float | None = None,
        limit: int | None = None,
    ) -> list[m.Point]:
        """Return the first stored values of a series, in the order of its rows.

        Args:
            x, low, high: as for `series`.
            limit: maximum number of values (default: as many as the server allows).
        """
        params = {"key": key, "x": x, "low": low, "high": high, "limit": limit}
        return self._get(f"/api/series/{owner_id}/points", list[m.Point], params=params)

    def all_points(
        self, owner_id: str, key: str, *, x: str = "step", low: float | None = None, high: float | None = None
    ) -> Iterator[list[m.Point]]:
        """Yield all stored values of a series, page by page. The arguments are those of `points`."""
        params = {"key": key, "x": x, "low": low, "high": high}
        return self._pages(f"/api/series/{owner_id}/points", list[m.Point], params)
