"""A real server on each database, with real clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from tests.engine.driver import Server
from tests.servers import PostgreSQL, running_server
from tests.store.conftest import store

__all__ = ["both", "new_server", "server", "store"]

LEASE_S = "2"
"""Short enough to see leases expire, long enough for a slow machine's heartbeats."""

TAKEOVER_S = "2"
"""How long a silent agent keeps a trial that may still run."""

Running = tuple[Client, ServerFile]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server process for all tests of a module, once on each database. Each test creates its own sweeps."""
    home = tmp_path_factory.mktemp("server")
    if request.param == "sqlite":
        with running_server(home, None, "--lease-s", LEASE_S, "--takeover-s", TAKEOVER_S) as running:
            yield running
        return
    cluster: PostgreSQL = request.getfixturevalue("postgres")
    url = cluster.new_database()
    with running_server(home, url, "--lease-s", LEASE_S, "--takeover-s", TAKEOVER_S) as running:
        yield running
    cluster.drop(url)


@pytest.fixture
def server(both: Running) -> Iterator[Server]:
    """The real server process, on SQLite and on PostgreSQL."""
    with ExitStack() as stack:
        yield Server(*both, stack)


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Server]:
    """A server process for one test, on SQLite."""
    with running_server(tmp_path / "server") as running, ExitStack() as stack:
        yield Server(*running, stack)
