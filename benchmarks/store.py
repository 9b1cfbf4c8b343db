"""Measures the cost of charts, ingest and the runs table, and compares it with other tools.

    python benchmarks/store.py [--long 10000000]

Prints medians: CPU time of this process (`ms CPU`), CPU time of the server, and wall time of requests (`ms wall`). CPU
time is comparable on a machine that does other work. Tools that are not installed are reported as missing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import requests
from sqlalchemy import insert

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.journal import records
from lightning_sweeps.journal.closing import SentPart
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.messages import LineRequest, RunsQuery, SeriesQuery, SortKey
from lightning_sweeps.store import schema
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.migrate import migrate
from lightning_sweeps.store.runs_table import read_page
from lightning_sweeps.store.series import reading, writing
from lightning_sweeps.store.series.chunks import Columns
from lightning_sweeps.system.node import Process
from tests.servers import running_server

BEGAN = 1.7e9
PIXELS = 800
SPIKES = 20
RANKS = 16
"""Number of journals of a node, which its service sends together."""
PART = 200_000


def curve(steps: int, *, seed: int = 0) -> Columns:
    """Return a training curve of float32 values with spikes of one step, about ten rows per second."""
    rng = np.random.default_rng(seed)
    rows = np.arange(1, steps + 1)
    seconds = BEGAN + np.cumsum(rng.normal(0.1, 0.01, steps).clip(0.01))
    value = np.exp(-5 * rows / steps) + rng.normal(0, 0.05, steps)
    value[np.linspace(7, steps - 7, SPIKES).astype(int)] = 100 + np.arange(SPIKES)
    return Columns(rows, rows - 1, np.rint(seconds * 1e6).astype(np.int64), value.astype(np.float32).astype(float))


def make_run(store: Store, run: str, keys: list[str], points: Columns) -> None:
    """Write a run in which every key has the same points, as ingest does, without HTTP."""
    words = dict.fromkeys(("job_type", "reason", "host", "node_id", "user", "notes"), "")
    numbers = dict.fromkeys(("rank", "local_rank", "node_rank", "attempt", "rows"), 0)
    structures: dict[str, Any] = {
        "command": [],
        "gpus": [],
        "config": {"lr": 0.1},
        "logged": {},
        "summary": {},
        "tags": [],
    }
    row = (
        words
        | numbers
        | structures
        | {"world_size": 1, "name": run, "group": "g", "mode": "single", "state": "running"}
    )
    with store.write() as connection:
        known = schema.project
        if connection.execute(known.select()).first() is None:
            connection.execute(insert(known).values(id="p", name="bench", created=BEGAN))
        connection.execute(insert(schema.run).values(id=run, project_id="p", created=BEGAN, updated=BEGAN, **row))
        journal = {"id": f"j-{run}", "run_id": run, "rank": 0, "attempt": 0, "offset": 0, "rows": 0, "damaged": 0}
        connection.execute(insert(schema.journal).values(**journal, header={}, created=BEGAN, updated=BEGAN))
    for start in range(0, len(points), PART):
        part = points.part(start, start + PART)
        with store.write() as connection:
            writing.append(
                connection, store.series, dict.fromkeys(keys, part), kind="run", owner_id=run, journal_id=f"j-{run}"
            )


def median_ms(work: Callable[[], object], *, times: int = 30, clock: Callable[[], float] = time.process_time) -> float:
    """Return the median time of a call by `clock`, in milliseconds, after two calls to warm up."""
    taken = []
    for number in range(times + 2):
        began = clock()
        work()
        if number >= 2:
            taken.append((clock() - began) * 1000)
    return statistics.median(taken)


def wall_ms(work: Callable[[], object], *, times: int = 30) -> float:
    """Return the median wall time of a call, in milliseconds."""
    return median_ms(work, times=times, clock=time.perf_counter)


def say(what: str, figure: float, unit: str, aim: str = "") -> None:
    print(f"{what:<66}{figure:>12,.2f} {unit:<10}{aim}", flush=True)


@contextmanager
def fresh_store(folder: Path) -> Iterator[Store]:
    store = open_store(sqlite_url(folder / "server.db"))
    migrate(store)
    yield store
    store.close()


def charts(folder: Path, *, long: int, grid_steps: int) -> None:
    """Measure charts, from the store and over HTTP."""
    folder.mkdir()
    with fresh_store(folder) as store:
        make_run(store, "short", ["loss"], curve(100_000))
        _settle(store)
        size = (folder / "server.db").stat().st_size
        make_run(store, "long", ["loss"], curve(long))
        _settle(store)
        say("bytes a point, 1 series", ((folder / "server.db").stat().st_size - size) / long, "bytes", "aim 12")
        runs, keys = [f"run-{number}" for number in range(50)], [f"key-{number}" for number in range(20)]
        for number, run in enumerate(runs):
            make_run(store, run, keys, curve(grid_steps, seed=number))

        def query(lines: list[LineRequest], points: int = PIXELS, **more: Any) -> Callable[[], object]:
            wanted = SeriesQuery(lines, points=points, **more)

            def work() -> object:
                with store.read() as connection:
                    return reading.query(connection, store.series, wanted)

            return work

        short, whole = [LineRequest("short", "loss")], [LineRequest("long", "loss")]
        say(f"1 series, 100,000 points, {PIXELS} px, store", median_ms(query(short)), "ms CPU", "aim 2")
        say(
            f"1 series, {long:,} points, {PIXELS} px, store",
            median_ms(query(whole)),
            "ms CPU",
            "aim 1.5 x that",
        )
        zoom: dict[str, Any] = {"low": long / 2, "high": long / 2 + 1000}
        say(f"1 series, {long:,} points, zoom to 1,000, store", median_ms(query(whole, **zoom)), "ms CPU")
        say("1 series, 100,000 points, over wall time, store", median_ms(query(short, x="time")), "ms CPU")
        with store.read() as connection:
            (line,) = reading.query(connection, store.series, SeriesQuery(short, points=PIXELS)).lines
        kept = len({value for value in line.maximum if value is not None and value > 50})
        say("spikes kept of 20, 100,000 points", kept, "spikes", "aim 20")
        grid = [LineRequest(run, key) for run in runs for key in keys]
        name = f"50 runs x 20 keys, {grid_steps:,} points each, 300 px"
        say(f"{name}, store", median_ms(query(grid, 300), times=5), "ms CPU", "aim 300")
    with running_server(folder) as (client, server):
        say(f"1 series, 100,000 points, {PIXELS} px, HTTP", wall_ms(_ask(client, short)), "ms wall", "aim 10")
        say(f"1 series, {long:,} points, {PIXELS} px, HTTP", wall_ms(_ask(client, whole)), "ms wall")
        say(f"{name}, HTTP, JSON", wall_ms(_ask(client, grid, 300), times=5), "ms wall")
        before = cpu_s(server)
        say(f"{name}, HTTP, as the page asks", wall_ms(_ask_packed(server, grid, 300), times=5), "ms wall", "aim 300")
        say("the same", (cpu_s(server) - before) / 7 * 1000, "ms", "of the server's CPU")


def ingest(folder: Path, *, runs: int, rows: int, keys: int) -> None:
    """Measure ingest of the journals of many runs over HTTP."""
    journals = {f"j{number}": journal_of(f"j{number}", rows, keys) for number in range(runs)}
    with running_server(folder) as (client, server):
        before, began = cpu_s(server), time.perf_counter()
        for name, data in journals.items():
            client.send_journal(name, 0, data)
        wall, cpu = time.perf_counter() - began, cpu_s(server) - before
        points = runs * rows * keys
        say(
            f"ingest, {runs:,} runs x {rows} rows x {keys} keys, HTTP",
            points / cpu,
            "points/s",
            "of the server's CPU; aim 300,000",
        )
        say("the same by the clock", points / wall, "points/s")
        names = [f"k{number}" for number in range(runs)]
        together = [SentPart(name, 0, journal_of(name, rows, keys)) for name in names]
        before, began = cpu_s(server), time.perf_counter()
        for at in range(0, runs, RANKS):
            client.send_journals(together[at : at + RANKS])
        wall, cpu = time.perf_counter() - began, cpu_s(server) - before
        say(
            f"the same, {RANKS} journals a request, as a service sends", points / cpu, "points/s", "of the server's CPU"
        )
        say("the same by the clock", points / wall, "points/s")
        ids = {name: len(data) for name, data in journals.items()}
        live = {name: rows_of(10, keys, first=rows) for name in journals}
        before, began = cpu_s(server), time.perf_counter()
        for name, data in live.items():
            client.send_journal(name, ids[name], data)
        cpu = cpu_s(server) - before
        say(f"one live batch of 10 rows x {keys} keys", cpu / runs * 1000, "ms", "of the server's CPU")


def table(folder: Path, *, runs: int) -> None:
    """Measure the first page of the runs table."""
    folder.mkdir()
    with fresh_store(folder) as store:
        make_run(store, "run-0", ["loss"], curve(10))
        with store.write() as connection:
            known = dict(connection.execute(schema.run.select()).mappings().one())
            rng = np.random.default_rng(0)
            logged = [{"val/loss": float(rng.random()), **{f"m{n}": n * 0.1 for n in range(20)}} for _ in range(runs)]
            of_group = [{"group": f"g{n // RANKS}", "rank": n % RANKS} for n in range(runs)]
            rows = [
                known | own | {"id": f"r{n}", "logged": one, "created": BEGAN + n}
                for n, (one, own) in enumerate(zip(logged, of_group, strict=True))
            ]
            connection.execute(insert(schema.run), rows)
        wanted = RunsQuery("bench", "state = running and summary.val/loss < 0.5", [SortKey("summary.val/loss")])

        def work() -> object:
            with store.read() as connection:
                return read_page(connection, wanted)

        say(f"runs table, {runs:,} runs, filtered and sorted", median_ms(work, times=10), "ms CPU", "aim 50")
        wanted = replace(wanted, fold=True, columns=["name", "group_state", "group_size"])
        say(f"the same folded to groups of {RANKS} ranks", median_ms(work, times=10), "ms CPU", "aim 100")


@dataclass(frozen=True, slots=True)
class ToolResult:
    """Results of another tool with 100,000 points."""

    points_per_s: float
    chart_ms: float
    spikes: int
    size_bytes: int


def other_tools(folder: Path) -> None:
    """Write one series of 100,000 points with other tools, and read it for a chart."""
    for name, work in (("TensorBoard", _tensorboard), ("MLflow", _mlflow), ("trackio", _trackio)):
        own = folder / name
        own.mkdir(parents=True)
        try:
            found = work(own, curve(100_000))
        except ModuleNotFoundError as error:
            print(f"{name}: missing ({error.name})")
            continue
        say(f"{name}: bulk logging into its store, without HTTP", found.points_per_s, "points/s", "of CPU")
        say(f"{name}: 1 series, 100,000 points, for a chart", found.chart_ms, "ms")
        say(f"{name}: spikes kept of 20", found.spikes, "spikes")
        say(f"{name}: bytes a point", found.size_bytes / 100_000, "bytes")


def _tensorboard(folder: Path, points: Columns) -> ToolResult:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    began = time.process_time()
    writer = SummaryWriter(str(folder))
    for step, value in zip(points.step.tolist(), points.value.tolist(), strict=True):
        writer.add_scalar("loss", value, step)
    writer.close()
    rate = len(points.value) / (time.process_time() - began)

    def work() -> Any:
        return EventAccumulator(str(folder), size_guidance={"scalars": 1000}).Reload().Scalars("loss")

    return ToolResult(rate, median_ms(work, times=2), _spikes([event.value for event in work()]), _size(folder))


def _mlflow(folder: Path, points: Columns) -> ToolResult:
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder / 'mlflow.db'}"  # the tool's own setting
    from mlflow.entities import Metric
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{folder / 'mlflow.db'}", str(folder))
    run = store.create_run("0", "user", int(BEGAN * 1000), [], "run").info.run_id
    rows = zip(points.value.tolist(), points.step.tolist(), strict=True)
    metrics = [Metric("loss", value, int(BEGAN * 1000) + step, step) for value, step in rows]
    began = time.process_time()
    for start in range(0, len(metrics), 1000):
        store.log_batch(run, metrics[start : start + 1000], [], [])
    rate = len(metrics) / (time.process_time() - began)

    def work() -> Any:
        steps = store.sample_metric_steps if hasattr(store, "sample_metric_steps") else None
        if steps is not None:
            return steps
        return store.get_metric_history_bulk_interval_from_steps(
            run, "loss", points.step[:: 100_000 // 320].tolist(), 320
        )

    found = work()
    return ToolResult(rate, median_ms(work, times=3), _spikes([metric.value for metric in found]), _size(folder))


def _trackio(folder: Path, points: Columns) -> ToolResult:
    os.environ["TRACKIO_DIR"] = str(folder)  # the tool's own setting
    from trackio.sqlite_storage import SQLiteStorage

    values, steps = points.value.tolist(), points.step.tolist()
    began = time.process_time()
    for start in range(0, len(steps), 5000):
        rows = [{"loss": value} for value in values[start : start + 5000]]
        SQLiteStorage.bulk_log("bench", "run", rows, steps[start : start + 5000])
    rate = len(values) / (time.process_time() - began)

    def work() -> Any:
        return SQLiteStorage.get_logs("bench", "run", max_points=3000)

    return ToolResult(rate, median_ms(work, times=3), _spikes([row["loss"] for row in work()]), _size(folder))


def _spikes(values: list[float]) -> int:
    return len({value for value in values if value > 50})


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _settle(store: Store) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _ask(client: Client, lines: list[LineRequest], points: int = PIXELS) -> Callable[[], object]:
    return lambda: client.query_series(SeriesQuery(lines, points=points))


def _ask_packed(server: ServerFile, lines: list[LineRequest], points: int) -> Callable[[], object]:
    """Return a function that asks as the dashboard does: the answer has arrays of numbers as bytes."""
    session = requests.Session()
    body = msgspec.json.encode(asdict(SeriesQuery(lines, points=points)))
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    return lambda: session.post(f"{server.url}/api/series/packed", data=body, headers=headers, timeout=60).content


def journal_of(name: str, rows: int, keys: int) -> bytes:
    process = Process(pid=1, started=BEGAN, node="node", host="host")
    run = records.RunInfo(f"run-{name}", "bench", name, "group")
    return PREAMBLE + encode(records.Header(name, BEGAN, process, run=run)) + rows_of(rows, keys)


def rows_of(rows: int, keys: int, *, first: int = 0) -> bytes:
    values = np.random.default_rng(0).random((rows, keys)).tolist()
    names = [f"train/metric_{number}" for number in range(keys)]
    return b"".join(
        encode(records.Metrics(first + at + 1, first + at, BEGAN + first + at, dict(zip(names, row, strict=True))))
        for at, row in enumerate(values)
    )


def cpu_s(server: ServerFile) -> float:
    times = psutil.Process(server.pid).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", type=int, default=10_000_000, help="points of the long series")
    parser.add_argument("--grid-steps", type=int, default=20_000, help="points of each series of the grid")
    parser.add_argument("--runs", type=int, default=1000, help="runs at once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        charts(folder / "charts", long=given.long, grid_steps=given.grid_steps)
        ingest(folder / "ingest", runs=given.runs, rows=100, keys=10)
        table(folder / "table", runs=10 * given.runs)
        other_tools(folder / "other-tools")


if __name__ == "__main__":
    main()
