"""Long lists, read page by page to their end: what a page costs, and how large the server gets."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.growth_laws.bench import PATIENCE_S, Bench
from benchmarks.growth_laws.clones import clone_runs
from benchmarks.growth_laws.leases import CONTINUOUS, add_history, sweep_of
from benchmarks.store import curve, journal_of, make_run
from lightning_sweeps import messages as m
from lightning_sweeps.api.query import Api
from lightning_sweeps.api.rows import Rows
from lightning_sweeps.client import Client
from lightning_sweeps.client.runs import PAGE_RUNS
from lightning_sweeps.store.series.point_pages import PAGE_POINTS


def points(bench: Bench, length: int) -> dict[str, float]:
    """Measure a page of all values of a series."""
    with bench.store() as store:
        make_run(store, "growth", ["loss"], curve(length))
    return _pages(bench, lambda api: api.points("growth", "loss"), PAGE_POINTS)


def runs(bench: Bench, number: int) -> dict[str, float]:
    """Measure a page of all runs of a project, newest first."""
    bench.client.send_journal("growth", 0, journal_of("growth", 1, 3))
    clone_runs(bench, "run-growth", copies=number - 1)
    return _pages(bench, lambda api: api.runs("bench"), PAGE_RUNS)


def trials(bench: Bench, number: int) -> dict[str, float]:
    """Measure the first response of a sweep's list of trials."""
    config = sweep_of("random", CONTINUOUS)
    sweep = bench.client.create_sweep(m.SweepCreate(config)).id
    with bench.store() as store:
        add_history(store, sweep, config, trials=number)
    bench.settle()
    url = f"{bench.server.url}/api/sweeps/{sweep}/trials"
    (taken,) = bench.cost_ms(lambda: bench.get(url))
    return {"first page": taken, "first page, kB": len(bench.get(url)) / 1e3}


def _pages(bench: Bench, read: Callable[[Api], Rows], page_rows: int) -> dict[str, float]:
    with Api(Client(bench.server.url, bench.server.token, timeout_s=PATIENCE_S)) as api:
        before = bench.cpu_s()
        rows = sum(1 for _ in read(api))
        used_s = bench.cpu_s() - before
    return {"a page": 1000 * used_s / max(1.0, rows / page_rows), "memory of the server, MB": bench.memory_mb()}
