"""The end of a trial while a part of the system is dead: nothing hangs, and no value is lost or counted twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.local_server import read_server_file
from lightning_sweeps.system.node import node_id
from tests.homes import empty_home, end_process
from tests.servers import end_server, start_server, wait_for_server, wait_until

pytestmark = [pytest.mark.fault, pytest.mark.slow]

LIMIT_S = 120.0
LEASE_S = 10
"""Longer than a process waits before it starts a service that another one seems to start."""

PROGRAM = """
import pathlib, time
import lightning_sweeps
run = lightning_sweeps.init()
run.log({"loss": 1.0})
pathlib.Path("logged").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.01)
run.log({"loss": run.config["x"] / 4})
"""


class Bench:
    """A server, an agent with a trial that waits for `go`, and its service."""

    def __init__(self, folder: Path, variables: dict[str, str], server: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        self.variables = variables
        self.server = server
        self.sweep_id = ""
        self.agent: subprocess.Popen[str] | None = None

    def start(self, *, points: int = 1) -> None:
        """Create a sweep and start an agent; return when its first trial has logged a value."""
        (self.folder / "train.py").write_text(PROGRAM)
        config = {
            "program": "train.py",
            "method": "grid",
            "metric": {"name": "loss"},
            "parameters": {"x": {"values": list(range(1, points + 1))}},
        }
        with self.client() as client:
            self.sweep_id = client.create_sweep(m.SweepCreate(config)).id
        with (self.folder / "agent.log").open("w") as log:
            self.agent = subprocess.Popen(
                [sys.executable, "-m", "lightning_sweeps.tuner", self.sweep_id, "--slots", "1", "--cold"],
                cwd=self.folder,
                env=self.variables,
                stdout=log,
                stderr=log,
                text=True,
            )
        wait_until((self.folder / "logged").exists, timeout_s=LIMIT_S, what="the first value")
        wait_until(self.home.service_state(node_id()).exists, timeout_s=LIMIT_S, what="the service's state")

    def client(self) -> Client:
        server = read_server_file(self.home.server_file)
        assert server is not None
        return Client(server.url, server.token)

    def go(self) -> None:
        """Let the trials end."""
        (self.folder / "go").touch()

    def service_pid(self) -> int:
        return int(json.loads(self.home.service_state(node_id()).read_bytes())["pid"])

    def wait_for_agent(self) -> None:
        assert self.agent is not None
        assert self.agent.wait(LIMIT_S) == 0, (self.folder / "agent.log").read_text()

    def trials(self) -> list[m.Trial]:
        with self.client() as client:
            return client.trials(self.sweep_id)


@contextmanager
def running_bench(folder: Path) -> Iterator[Bench]:
    with empty_home(folder) as variables:
        home = folder / "home"
        server = start_server(home, "--lease-s", str(LEASE_S), "--automatic")  # an agent may start it again
        wait_for_server(home, server)
        bench = Bench(folder, dict(variables), server)
        try:
            yield bench
        finally:
            if bench.agent is not None and bench.agent.poll() is None:
                bench.agent.kill()
                bench.agent.wait()
            end_process(Home(home).service_state(node_id()))
            end_server(bench.server)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with running_bench(tmp_path) as started:
        yield started


def check_values(trials: list[m.Trial], values: list[float]) -> None:
    assert [(trial.state, trial.objective, trial.reports) for trial in trials] == [
        ("finished", value, 2) for value in values
    ]


def test_the_server_is_dead_when_the_trial_ends(bench: Bench) -> None:
    bench.start()
    bench.server.kill()
    bench.server.wait()
    bench.go()
    bench.wait_for_agent()  # it starts the local server again
    check_values(bench.trials(), [0.25])


def test_the_service_is_dead_when_the_trial_ends(bench: Bench) -> None:
    bench.start()
    os.kill(bench.service_pid(), signal.SIGKILL)
    bench.go()
    bench.wait_for_agent()
    check_values(bench.trials(), [0.25])


def test_the_agent_is_killed_and_another_one_runs_the_trial(bench: Bench) -> None:
    bench.start()
    first = bench.agent
    assert first is not None
    children = psutil.Process(first.pid).children(recursive=True)
    for process in [psutil.Process(first.pid), *children]:
        process.kill()
    first.wait()
    bench.go()
    with (bench.folder / "agent.log").open("w") as log:
        words = [sys.executable, "-m", "lightning_sweeps.tuner", bench.sweep_id, "--slots", "1", "--cold"]
        bench.agent = subprocess.Popen(words, cwd=bench.folder, env=bench.variables, stdout=log, stderr=log, text=True)
    bench.wait_for_agent()
    (trial,) = bench.trials()
    assert (trial.state, trial.objective, trial.attempt, trial.reports) == ("finished", 0.25, 2, 2)


def test_the_journals_of_a_trial_never_arrive(bench: Bench) -> None:
    bench.start()
    wait_until(lambda: bench.trials()[0].reports == 1, timeout_s=LIMIT_S, what="the first value at the server")
    os.kill(bench.service_pid(), signal.SIGSTOP)
    bench.go()
    bench.wait_for_agent()
    (trial,) = bench.trials()
    os.kill(bench.service_pid(), signal.SIGCONT)
    assert (trial.state, trial.objective) == ("finished", 1.0)
    assert trial.reason.startswith("the rest of its values did not arrive within 10 s: ")
    assert trial.reason in (bench.folder / "agent.log").read_text()
    wait_until(lambda: bench.trials()[0].objective == 0.25, timeout_s=LIMIT_S, what="the late value")
    assert bench.trials()[0].reason == ""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 256 MB in memory, on `folder`."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=256m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no free byte on the disk; return the file to delete."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    return ballast


def test_the_disk_of_all_processes_is_full_when_the_trial_ends(tmp_path: Path) -> None:
    with small_disk(tmp_path / "home") as disk, running_bench(tmp_path) as bench:
        bench.start()
        wait_until(lambda: bench.trials()[0].reports == 1, timeout_s=LIMIT_S, what="the first value at the server")
        ballast = fill(disk)
        bench.go()
        assert bench.agent is not None
        with pytest.raises(subprocess.TimeoutExpired):  # it waits for the server, whose database cannot grow
            bench.agent.wait(2 * LEASE_S)
        ballast.unlink()
        bench.wait_for_agent()
        check_values(bench.trials(), [0.25])  # the last page of the journal had room for the last row
        assert bench.trials()[0].attempt == 1
