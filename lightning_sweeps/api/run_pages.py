"""Fetches the rows of the runs table, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lightning_sweeps import messages as m
from lightning_sweeps.api.rows import Row
from lightning_sweeps.client import Client

PAGE_RUNS = 500


def run_pages(
    client: Client, project: str | None, filter_text: str, *, columns: Sequence[str], sort: Sequence[m.SortKey] = ()
) -> Iterator[list[Row]]:
    """Yield the pages of the runs of a project, or of all, that match a filter; newest first, unless sorted."""
    offset = 0
    seen: set[str] = set()  # a run that arrives in the meantime moves others to the next page
    while True:
        query = m.RunsQuery(project, filter_text, list(sort), list(columns), PAGE_RUNS, offset)
        page = client.query_runs(query).rows
        yield [row for row in page if row["id"] not in seen]
        seen.update(row["id"] for row in page)
        offset += len(page)
        if len(page) < PAGE_RUNS:
            return
