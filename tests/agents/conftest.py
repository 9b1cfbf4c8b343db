"""What tests of agents share: a server for each file, and Ctrl-C that is heard in the background too."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.settings import PREFIX
from tests.servers import running_server

Running = tuple[Client, ServerFile]


@pytest.fixture(scope="package", autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """A shell's background job ignores SIGINT and what it starts inherits that; a handled signal is not inherited."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def file_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server for the tests of one file, which each make sweeps of their own."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def client(file_server: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of the file's server, which agents that the test starts use too, each test from a home of its own."""
    client, described = file_server
    home.mkdir()
    monkeypatch.setenv(f"{PREFIX}URL", described.url)
    monkeypatch.setenv(f"{PREFIX}API_KEY", described.token)
    return client
