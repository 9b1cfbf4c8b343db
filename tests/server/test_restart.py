"""A server that was stopped stays stopped, one that was killed comes back on its port, and both keep their port."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import LastServer, ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.system.local_server import read_last_server, read_server_file, why_not_start
from lightning_sweeps.system.node import node_id
from tests.servers import end_server, start_server, wait_for_server, wait_until
from tests.service.services import run_program, running_service

pytestmark = pytest.mark.slow

LOGS = """
run = ls.init(project="restart", name="r")
for step in range(int(sys.argv[1]) if len(sys.argv) > 1 else 200):
    run.log({"v": step})
    __import__("time").sleep(0.01)
ls.finish()
"""
ROWS = 200


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Provide a home folder, and end the server that a test leaves there."""
    found = Home(tmp_path / "home")
    yield found
    file = read_server_file(found.server_file)
    if file is not None:
        psutil.Process(file.pid).kill()
        wait_until(lambda: read_server_file(found.server_file) is None, what="the end of the server")


def command(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lightning_sweeps.cli", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**environment(), "LIGHTNING_SWEEPS_HOME": str(home.root), "LIGHTNING_SWEEPS_SERVICE": "off"},
    )


def server_of(home: Home) -> ServerFile:
    file = read_server_file(home.server_file)
    assert file is not None
    return file


def problem(home: Home) -> str:
    """Return why the service's uploads wait."""
    return str(json.loads(home.service_state(node_id()).read_bytes())["problem"])


def rows(server: ServerFile) -> int:
    with Client(server.url, server.token) as client:
        return sum(run.rows for run in client.runs().runs)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.fault
def test_a_server_that_was_stopped_stays_stopped_until_a_command_needs_one(home: Home) -> None:
    with running_service(home.root):
        program = run_program(home.root, LOGS)
        wait_until(lambda: read_server_file(home.server_file) is not None, what="the server that the service starts")
        first = server_of(home)
        told = command(home, "server", "--stop")
        assert (told.returncode, told.stderr) == (0, "")
        assert "until a command needs a server" in told.stdout
        wait_until(
            lambda: "was stopped with `lightning-sweeps server --stop`" in problem(home), what="the service's word"
        )
        assert program.wait(60) == 0
        assert read_server_file(home.server_file) is None
        assert command(home, "runs").returncode == 0
        second = server_of(home)
        assert second.pid != first.pid and second.url == first.url
        wait_until(lambda: rows(second) == ROWS, what="all rows on the new server")
        wait_until(lambda: problem(home) == "", what="the end of the service's problem")


@pytest.mark.fault
@pytest.mark.parametrize("meanwhile", ["nothing", "command"])
def test_a_killed_server_with_a_fixed_port_comes_back_on_it(home: Home, meanwhile: str) -> None:
    port = free_port()
    killed = start_server(home.root, port=port)
    wait_for_server(home.root, killed)
    with running_service(home.root):
        program = run_program(home.root, LOGS)
        wait_until(lambda: rows(server_of(home)) > 0, what="the first row")
        killed.kill()
        killed.wait(10)
        wait_until(lambda: "was started with `lightning-sweeps server`" in problem(home), what="the service's word")
        assert read_server_file(home.server_file) is None
        if meanwhile == "command":
            assert command(home, "runs").returncode == 0
            assert server_of(home).is_automatic
        again = start_server(home.root, port=port)
        try:
            server = wait_for_server(home.root, again)
            assert server.url == f"http://127.0.0.1:{port}" and not server.is_automatic
            assert program.wait(60) == 0
            wait_until(lambda: rows(server) == ROWS, what="all rows")
        finally:
            end_server(again)


def test_a_server_that_a_person_started_is_not_replaced(home: Home) -> None:
    first = start_server(home.root)
    try:
        wait_for_server(home.root, first)
        second = start_server(home.root, port=free_port())
        assert second.wait(30) == 1
        assert "a server already runs" in home.server_log.read_text()
        assert first.poll() is None
    finally:
        end_server(first)


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_the_local_server_keeps_its_port(home: Home, ended_by: signal.Signals) -> None:
    urls = set()
    for _ in range(3):
        assert command(home, "runs").returncode == 0
        server = server_of(home)
        urls.add(server.url)
        os.kill(server.pid, ended_by)
        wait_until(lambda: read_server_file(home.server_file) is None, what="the end of the server")
    assert len(urls) == 1


def test_a_server_whose_port_is_taken_uses_another_one_and_keeps_that(home: Home) -> None:
    assert command(home, "runs").returncode == 0
    first = server_of(home).url
    assert command(home, "server", "--stop").returncode == 0
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(first.rpartition(":")[2])))
        other.listen()
        assert command(home, "runs").returncode == 0
        second = server_of(home).url
        assert second != first
        assert "of the last server is taken" in home.server_log.read_text()
        assert command(home, "server", "--stop").returncode == 0
    assert command(home, "runs").returncode == 0
    assert server_of(home).url == second


def test_no_command_starts_a_server_in_place_of_one_with_another_database(home: Home, tmp_path: Path) -> None:
    server = start_server(home.root, database=f"sqlite:///{tmp_path / 'other.db'}")
    wait_for_server(home.root, server)
    end_server(server)
    told = command(home, "runs")
    assert told.returncode == 1
    assert "its database is not in the home folder" in told.stderr and "hint:" in told.stderr
    last = read_last_server(home)
    assert last is not None and last.has_other_database and not last.is_automatic


BY_COMMAND = LastServer("http://127.0.0.1:1", 1, is_automatic=True)
BY_HAND = LastServer("http://127.0.0.1:1", 1, is_automatic=False)
STOPPED = LastServer("http://127.0.0.1:1", 1, is_automatic=True, is_stopped=True)
ELSEWHERE = LastServer("http://127.0.0.1:1", 1, is_automatic=False, has_other_database=True)


@pytest.mark.parametrize(
    ("last", "command_may", "service_may"),
    [
        pytest.param(None, True, True, id="first"),
        pytest.param(BY_COMMAND, True, True, id="automatic"),
        pytest.param(BY_HAND, True, False, id="by hand"),
        pytest.param(STOPPED, True, False, id="stopped"),
        pytest.param(ELSEWHERE, False, False, id="other database"),
    ],
)
def test_who_may_start_a_server(last: LastServer | None, command_may: bool, service_may: bool) -> None:
    assert (why_not_start(last, is_background=False) is None) == command_may
    assert (why_not_start(last, is_background=True) is None) == service_may
