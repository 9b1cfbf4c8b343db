"""A real server on a fresh database, and the CPU time that its requests cost."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import requests

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from tests.servers import PostgreSQL, running_postgres, running_server

ENOUGH_S = 0.2
"""A request is repeated until the server has used this much CPU time: the kernel counts in steps of 10 ms."""
MOST = 40
LONGEST_S = 10.0
PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server, and the id of its main process."""

    server: PostgreSQL
    pid: int

    def cpu_s(self) -> float:
        """Return the CPU time of all its processes, those that have ended included."""
        main = psutil.Process(self.pid)
        own, total = main.cpu_times(), 0.0
        for process in main.children(recursive=True):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return float(own.user + own.system + own.children_user + own.children_system + total)


@dataclass(frozen=True, slots=True)
class Bench:
    """A running server.

    Attributes:
        client: a client of it.
        server: its address and process.
        url: its database.
        cluster: the PostgreSQL server that runs the database; None for SQLite.
    """

    client: Client
    server: ServerFile
    url: str
    cluster: Cluster | None

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the server's database."""
        store = open_store(self.url)
        try:
            yield store
        finally:
            store.close()

    def get(self, url: str) -> bytes:
        """Return the response to a plain request."""
        answer = requests.get(url, headers={"Authorization": f"Bearer {self.server.token}"}, timeout=60)
        answer.raise_for_status()
        return answer.content

    def settle(self) -> None:
        """Let PostgreSQL collect statistics, as its background process does on a server that has run for a while."""
        if self.cluster is not None:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def cpu_s(self) -> float:
        """Return the CPU time that the server and its database have used."""
        times = psutil.Process(self.server.pid).cpu_times()
        return float(times.user + times.system) + (0.0 if self.cluster is None else self.cluster.cpu_s())

    def memory_mb(self) -> float:
        """Return the memory of the server's process."""
        return float(psutil.Process(self.server.pid).memory_info().rss) / 1e6

    def cost_ms(self, *steps: Callable[[], object], warm_up: int = 1) -> list[float]:
        """Return the CPU time of each of some steps, which are done in turns, in milliseconds per call."""
        for _ in range(warm_up):
            for step in steps:
                step()
        used, turns, began = [0.0] * len(steps), 0, time.monotonic()
        while turns < MOST and sum(used) < ENOUGH_S * len(steps) and time.monotonic() - began < LONGEST_S:
            turns += 1
            for number, step in enumerate(steps):
                before = self.cpu_s()
                step()
                used[number] += self.cpu_s() - before
        return [1000 * one / turns for one in used]


@dataclass(frozen=True, slots=True)
class Law:
    """Something that must not grow.

    Attributes:
        name: what there is more and more of.
        measure: makes n of it on a server and returns the cost of each operation. The name of a cost that is a size
            ends in its unit.
        small, full: n, by default and with `--full`.
    """

    name: str
    measure: Callable[[Bench, int], dict[str, float]]
    small: int
    full: int


@contextmanager
def database(kind: str) -> Iterator[Cluster | None]:
    """Run a PostgreSQL server for `postgresql`; SQLite needs none."""
    if kind == "sqlite":
        yield None
        return
    with running_postgres() as server:
        with psycopg.connect(server.url()) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            main = psutil.Process(int(row[0])).parent()
            assert main is not None
        yield Cluster(server, main.pid)


@contextmanager
def bench_on(cluster: Cluster | None) -> Iterator[Bench]:
    """Run our server on an empty database."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / secrets.token_hex(4)
        given = None if cluster is None else cluster.server.new_database()
        with (
            running_server(folder, given) as (_, server),
            Client(server.url, server.token, timeout_s=PATIENCE_S) as client,
        ):
            yield Bench(client, server, given or sqlite_url(Home(folder).server_database), cluster)
        if cluster is not None and given is not None:
            cluster.server.drop(given)
