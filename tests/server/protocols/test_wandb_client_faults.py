"""What the real wandb client has handed over is stored exactly once, whoever is killed and whatever is cut."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from lightning_sweeps.client import Client
from tests.faults.proxy import Behaviour, Proxy, proxy_to
from tests.server.protocols.wandb_client import PROGRAM_S, WandbPrograms
from tests.server.protocols.wandb_server import WandbServer
from tests.servers import end_server, start_server, wait_for_server, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

LOGS = """
import pathlib, time, wandb
end, step = pathlib.Path("end"), 0
with wandb.init(id="fault") as run:
    while not end.exists():
        run.log({"loss": step})
        step += 1
        time.sleep(0.002)
print("logged:", step)
"""
OFTEN = {"WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "0.5", "WANDB__FILE_STREAM_TIMEOUT_SECONDS": "5"}
"""The client sends its rows every half second instead of every 15, and waits 5 s for an answer."""
HAPPENS_S = 120
MORE_ROWS = 50


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@dataclass
class Faulty:
    """A program of a wandb user that logs rows, and its server, which it reaches through `proxy`."""

    home: Path
    programs: WandbPrograms
    proxy: Proxy
    server: subprocess.Popen[bytes]
    program: subprocess.Popen[str] = field(init=False)

    def start(self) -> None:
        program = self.programs.write(LOGS)
        self.program = self.programs.start("python", str(program), WANDB_BASE_URL=self.proxy.url, **OFTEN)

    def rows(self) -> int:
        """Return how many rows the server has."""
        return sum(run.rows for run in self.programs.served.client.runs(project=self.programs.served.project).runs)

    def wait_for_more_rows(self) -> None:
        """Wait until the server has rows that it did not have."""
        known = self.rows()
        wait_until(lambda: self.rows() >= known + MORE_ROWS, timeout_s=HAPPENS_S, what="new rows")

    def fail_once(self, behaviour: Behaviour) -> None:
        """Let at least one connection to the server fail."""
        known = self.proxy.failed
        self.proxy.behaviour = behaviour
        wait_until(lambda: self.proxy.failed > known, timeout_s=HAPPENS_S, what="a failed request")
        self.proxy.behaviour = "pass"

    def end_program(self) -> None:
        """Kill the program if it still runs."""
        if self.program.poll() is None:
            self.program.kill()
            self.program.communicate()

    def kill_server(self) -> None:
        """Kill the server with SIGKILL, and start it again."""
        self.server.kill()
        self.server.wait()
        self.server = start_server(self.home, port=port_of(self.programs.served.server.url))
        wait_for_server(self.home, self.server)

    def logged(self) -> int:
        """Let the program end, and return how many rows it logged."""
        (self.programs.folder / "end").touch()
        printed, _ = self.program.communicate(timeout=PROGRAM_S)
        assert self.program.returncode == 0, printed
        found = re.search(r"^logged: (\d+)$", printed, re.MULTILINE)
        assert found is not None, printed
        return int(found[1])

    def kill_program(self, *, with_sender: bool) -> None:
        """Kill the program with SIGKILL, and the process that sends its rows, too."""
        children = psutil.Process(self.program.pid).children(recursive=True)
        for process in [psutil.Process(self.program.pid), *(children if with_sender else [])]:
            process.kill()
        self.program.communicate(timeout=HAPPENS_S)
        _, alive = psutil.wait_procs(children, timeout=HAPPENS_S)
        assert not alive, "the client's other processes end by themselves"

    def check(self, count: int) -> None:
        """Check that the rows are there, each once, in order."""
        assert self.programs.served.losses() == [(step, float(step)) for step in range(count)]
        assert self.rows() == count


@pytest.fixture
def faulty(wandb_python: Path, home: Path, tmp_path: Path) -> Iterator[Faulty]:
    folder = tmp_path / "programs"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        server = start_server(home)
        stack.callback(lambda: end_server(server))
        found = wait_for_server(home, server)
        served = WandbServer(stack.enter_context(Client(found.url, found.token)), found)
        proxy = stack.enter_context(proxy_to(port_of(found.url)))
        parts = Faulty(home, WandbPrograms(served, wandb_python, folder), proxy, server)
        stack.callback(lambda: end_server(parts.server))
        parts.start()
        stack.callback(parts.end_program)
        yield parts


def test_a_cut_network_loses_and_doubles_nothing(faulty: Faulty) -> None:
    behaviours: list[Behaviour] = ["refuse", "half", "error", "half"]
    for behaviour in behaviours:
        faulty.wait_for_more_rows()
        faulty.fail_once(behaviour)
    faulty.wait_for_more_rows()
    faulty.check(faulty.logged())


def test_a_killed_server_loses_and_doubles_nothing(faulty: Faulty) -> None:
    for _ in range(3):
        faulty.wait_for_more_rows()
        faulty.kill_server()
    faulty.wait_for_more_rows()
    faulty.check(faulty.logged())


@pytest.mark.parametrize("with_sender", [False, True], ids=["program", "program and sender"])
def test_rows_of_a_killed_client_are_there_and_the_rest_comes_with_sync(faulty: Faulty, with_sender: bool) -> None:
    faulty.wait_for_more_rows()
    faulty.kill_program(with_sender=with_sender)
    known = faulty.rows()
    faulty.check(known)
    faulty.programs.sync("run-*-fault")
    complete = faulty.rows()
    assert complete >= known
    faulty.programs.sync("run-*-fault")
    faulty.check(complete)
