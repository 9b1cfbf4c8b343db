"""Fixtures for tests of agents: a server for each file, and Ctrl-C that also works in a background job."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.settings import PREFIX, Settings, read_settings
from tests.servers import running_server

Running = tuple[Client, ServerFile]


@pytest.fixture(scope="package", autouse=True)
def _handle_ctrl_c() -> Iterator[None]:
    """Handle SIGINT: a shell's background job ignores it, and child processes would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def file_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a server for the tests of one file. Each test creates its own sweeps."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def client(file_server: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return a client of the file's server. Agents that the test starts use it too; each test has its own home."""
    client, described = file_server
    home.mkdir()
    monkeypatch.setenv(f"{PREFIX}URL", described.url)
    monkeypatch.setenv(f"{PREFIX}API_KEY", described.token)
    return client


@pytest.fixture
def engine_settings(client: Client, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings with which jobs of an engine find the file's server, and the home folder of the test."""
    monkeypatch.setenv(f"{PREFIX}HOME", str(home))
    return read_settings()
