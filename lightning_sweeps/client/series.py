"""Series: what was logged and sampled, as charts and tables want it."""

from __future__ import annotations

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport


class SeriesRoutes(Transport):
    def keys(self, owner_id: str) -> list[m.SeriesInfo]:
        """List the logged keys of a run, or the sampled ones of a node."""
        return self._get(f"/api/series/{owner_id}", list[m.SeriesInfo])

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
        """Return a series at a width of `points` buckets; every bucket holds its minimum and maximum."""
        params = {"key": key, "points": points, "x": x, "low": low, "high": high}
        return self._get(f"/api/series/{owner_id}/buckets", m.Series, params=params)

    def query_series(self, query: m.SeriesQuery) -> m.SeriesAnswer:
        """Return many series, or groups of them, for charts of one width."""
        return self._post("/api/series/query", m.SeriesAnswer, query)

    def points(
        self,
        owner_id: str,
        key: str,
        *,
        x: str = "step",
        low: float | None = None,
        high: float | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[m.Point]:
        """Return the stored values of a series in the order of its rows: all, a part, or a page of them."""
        params = {"key": key, "x": x, "low": low, "high": high, "offset": offset, "limit": limit}
        return self._get(f"/api/series/{owner_id}/points", list[m.Point], params=params)
