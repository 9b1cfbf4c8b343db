"""A group with n runs: what a page of the runs table costs that shows the group's state and size."""

from __future__ import annotations

from benchmarks.growth_laws.bench import Bench
from benchmarks.growth_laws.clones import clone_runs
from benchmarks.store import journal_of
from lightning_sweeps import messages as m


def page_of_one_group(bench: Bench, runs: int) -> dict[str, float]:
    """Measure pages of 100 runs of one group."""
    bench.client.send_journal("growth", 0, journal_of("growth", 1, 3))
    clone_runs(bench, "run-growth", copies=runs - 1)
    columns = ["name", "group", "group_state", "group_size"]
    page = m.RunsQuery("bench", columns=columns, limit=100)
    by_size = m.RunsQuery("bench", columns=columns, sort=[m.SortKey("group_size", True)], limit=100)
    (shown,) = bench.cost_ms(lambda: bench.client.query_runs(page), warm_up=1)
    (sorted_by,) = bench.cost_ms(lambda: bench.client.query_runs(by_size), warm_up=0)
    return {"shown": shown, "sorted by size": sorted_by}
