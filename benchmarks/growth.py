"""Measures how costs grow: each operation with n things in the database, and with 10 n.

    python -m benchmarks.growth [--laws leases groups keys paging console] [--database sqlite|postgresql] [--full]

The server is a real process, and every operation that is measured is a request. Prints the CPU time of the server (and
of PostgreSQL) at n and at 10 n, and the exponent: the logarithm to base 10 of their ratio. What must not depend on n
has an exponent near 0. Things that only have to be there are written directly into the database. `--full` measures
larger numbers and takes longer.
"""

from __future__ import annotations

import argparse
import math
import os

from benchmarks.growth_laws import console, groups, keys, leases, paging
from benchmarks.growth_laws.bench import Cluster, Law, bench_on, database

LAWS: dict[str, tuple[Law, ...]] = {
    "leases": (
        Law("lease, grid", leases.grid, 500, 2_000),
        Law("lease, random, finite space", leases.random_finite, 500, 2_000),
        Law("lease, random, continuous space", leases.random_continuous, 500, 2_000),
        Law("report, asha by step", leases.asha_by_step, 500, 2_000),
        Law("report, median", leases.median, 500, 2_000),
    ),
    "groups": (Law("page of a group's runs", groups.page_of_one_group, 400, 4_000),),
    "keys": (
        Law("keys of a run", keys.wide_run, 1_000, 5_000),
        Law("media of a project", keys.media, 2_000, 10_000),
    ),
    "paging": (
        Law("points of a series", paging.points, 100_000, 1_000_000),
        Law("runs of a project", paging.runs, 1_000, 10_000),
        Law("trials of a sweep", paging.trials, 500, 2_000),
    ),
    "console": (Law("search in console lines", console.search, 100_000, 100_000),),
}


def measure(kind: str, cluster: Cluster | None, chosen: list[str], *, is_full: bool) -> None:
    """Measure each law at n and 10 n, and print a row for each of its operations."""
    print(f"| {kind} | n | at n | at 10 n | unit | exponent |\n|---|---|---|---|---|---|", flush=True)
    for name in chosen:
        for law in LAWS[name]:
            n = law.full if is_full else law.small
            costs = []
            for size in (n, 10 * n):
                with bench_on(cluster) as bench:
                    costs.append(law.measure(bench, size))
            for what, few in costs[0].items():
                many = costs[1][what]
                exponent = math.log10(max(many, 1e-3) / max(few, 1e-3))
                unit = "kB" if what.endswith("kB") else "MB" if what.endswith("MB") else "ms CPU"
                print(
                    f"| {law.name}: {what} | {n:,} | {few:,.1f} | {many:,.1f} | {unit} | {exponent:+.2f} |", flush=True
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--laws", nargs="+", choices=list(LAWS), default=list(LAWS))
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite"])
    parser.add_argument("--full", action="store_true", help="measure larger numbers")
    given = parser.parse_args()
    for kind in given.database:
        with database(kind) as cluster:
            measure(kind, cluster, given.laws, is_full=given.full)
    print(f"load average of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
