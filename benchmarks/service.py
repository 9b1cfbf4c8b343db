"""Measures the cost of the service on a training node with 16 ranks that log 10 rows per second each.

    python benchmarks/service.py [seconds]

A real service uploads real journals to a real server (SQLite). The CPU time is that of the process alone, so a busy
machine does not distort it. The limits are 60 MB of memory and 1 % of a core.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.journal.records import Finish, RunInfo
from lightning_sweeps.journal.writer import JournalWriter
from lightning_sweeps.system.local_server import read_server_file
from lightning_sweeps.system.node import node_id

RANKS = 16
ROWS_PER_S = 10
ROW = {f"metric_{number}": 0.1234567 * (number + 1) for number in range(10)}
DEFAULT_SECONDS = 30
START_S = 30
SERVICE_LIMIT_MB = 60
SERVICE_LIMIT_PERCENT = 1


@contextlib.contextmanager
def started(module: str, home: Home) -> Iterator[psutil.Process]:
    with (home.root / "bench.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--home", str(home.root)], env=environment(), stdout=log, stderr=log
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def until(condition: object, what: str) -> None:
    deadline = time.monotonic() + START_S
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not start within {START_S} s")
        time.sleep(0.05)


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_SECONDS
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Home(Path(folder))
        with started("lightning_sweeps.server", home) as server:
            until(lambda: read_server_file(home.server_file), "the server")
            writers = [
                JournalWriter(home.journals, run=RunInfo(f"r-{rank}", "bench", f"rank{rank}", "g", rank, rank, RANKS))
                for rank in range(RANKS)
            ]
            with started("lightning_sweeps.service", home) as service:
                until(home.service_state(node_id()).exists, "the service")
                before = time.monotonic(), cpu_s(service), cpu_s(server)
                threads_before = service.num_threads(), service.num_fds()
                for step in range(seconds * ROWS_PER_S):
                    for writer in writers:
                        writer.metrics(step, ROW)
                    time.sleep(max(0.0, before[0] + (step + 1) / ROWS_PER_S - time.monotonic()))
                wall_s = time.monotonic() - before[0]
                service_percent = 100 * (cpu_s(service) - before[1]) / wall_s
                server_percent = 100 * (cpu_s(server) - before[2]) / wall_s
                memory_mb = service.memory_info().rss / 1e6
                threads_after = service.num_threads(), service.num_fds()
                for writer in writers:
                    writer.append(lambda sequence, now: Finish(sequence, now, "finished"))
                    writer.close()
    print(
        f"| {RANKS} ranks, {ROWS_PER_S} rows of {len(ROW)} scalars a second each, {wall_s:.0f} s | measured | limit |"
    )
    print("|---|---|---|")
    print(f"| service, memory (RSS) | {memory_mb:.0f} MB | {SERVICE_LIMIT_MB} MB |")
    print(f"| service, share of one core | {service_percent:.2f} % | {SERVICE_LIMIT_PERCENT} % |")
    print(f"| server (SQLite), share of one core | {server_percent:.1f} % | |")
    print(f"| threads and descriptors, before and after | {threads_before} {threads_after} | |")


if __name__ == "__main__":
    main()
