"""A scenario for fault tests: a training program that logs, its service and its server, with ways to break each."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import psutil

from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.journal.records import FINAL_RUN_STATES
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.service_lock import is_held
from tests.faults.proxy import Proxy, proxy_to
from tests.servers import end_server, start_server, wait_for_server, wait_until

PROGRAM = """
import json, os, pathlib, sys, time
import lightning_sweeps
end, pace_s = pathlib.Path(sys.argv[1]), float(sys.argv[2])
run = lightning_sweeps.init("fault", mode="single")
calls = []
while not end.exists():
    before = time.perf_counter_ns()
    run.log({"x": len(calls), "y": 0.5})
    calls.append(time.perf_counter_ns() - before)
    time.sleep(pace_s)
before = time.perf_counter_ns()
lightning_sweeps.finish()
finish_ms = (time.perf_counter_ns() - before) / 1e6
calls.sort()
print(json.dumps({
    "written": len(calls), "lost": run.lost_rows, "p99_ms": calls[int(len(calls) * 0.99)] / 1e6,
    "worst_ms": calls[-1] / 1e6, "finish_ms": finish_ms,
}))
"""
PACE_S = 0.001
UPLOAD_TIMEOUT_S = 300.0
"""Long, because ten minutes without a server leave many rows to upload."""


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows that the program logged, rows on the server, and the duration of calls."""

    written: int
    lost: int
    p99_ms: float
    worst_ms: float
    finish_ms: float
    arrived: int = 0
    doubled: int = 0
    is_in_order: bool = True
    state: str = ""
    reason: str = ""

    @property
    def missing(self) -> int:
        """Rows in the journal that never arrived."""
        return self.written - self.lost - (self.arrived - self.doubled)


@dataclass
class Scenario:
    """The parts, which are all real processes. The service reaches the server through `proxy`."""

    home: Path
    server: subprocess.Popen[bytes]
    port: int
    proxy: Proxy
    token: str
    program: subprocess.Popen[str] | None = None
    _end: Path = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.home / "end"

    def start_program(self) -> None:
        variables = {
            **environment(),
            "LIGHTNING_SWEEPS_HOME": str(self.home),
            "LIGHTNING_SWEEPS_SERVICE": "process",
            "LIGHTNING_SWEEPS_URL": self.proxy.url,
            "LIGHTNING_SWEEPS_API_KEY": self.token,
            "LIGHTNING_SWEEPS_IDLE_EXIT_S": "2",
        }
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self._end), str(PACE_S)],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def service_pid(self) -> int:
        """The pid of the running service."""
        found: list[int] = []

        def is_known() -> bool:
            if not is_held(Home(self.home)):
                return False
            state = Home(self.home).service_state(node_id())
            with contextlib.suppress(FileNotFoundError):
                found[:] = [int(msgspec.json.decode(state.read_bytes())["pid"])]
            return bool(found) and psutil.pid_exists(found[0])

        wait_until(is_known, what="the service")
        return found[0]

    @property
    def program_pid(self) -> int:
        assert self.program is not None
        return self.program.pid

    def rows_on_server(self) -> int:
        with Client(f"http://127.0.0.1:{self.port}", self.token) as client:
            return sum(run.rows for run in client.runs(project="fault").runs)

    def wait_for_more_rows(self) -> None:
        """Wait until more rows arrive."""
        known = self.rows_on_server()
        wait_until(lambda: self.rows_on_server() > known, timeout_s=60, what="further rows on the server")

    def restart_server(self) -> None:
        self.server = start_server(self.home, port=self.port)
        wait_for_server(self.home, self.server)

    def finish(self) -> RowCounts:
        """End the program, and count the rows that it wrote and that arrived."""
        assert self.program is not None
        self._end.touch()
        printed, _ = self.program.communicate(timeout=UPLOAD_TIMEOUT_S)
        assert self.program.returncode == 0
        counted = RowCounts(**json.loads(printed))
        with Client(f"http://127.0.0.1:{self.port}", self.token) as client:
            wait_until(
                lambda: {run.state for run in client.runs(project="fault").runs} <= FINAL_RUN_STATES,
                timeout_s=UPLOAD_TIMEOUT_S,
                what="the run's end on the server",
            )
            (run,) = client.runs(project="fault").runs
            points = [point.value for point in client.points(run.id, "x")]
        return _with_arrivals(counted, points, run.state, run.reason)

    def end_service(self) -> None:
        """Kill the service if it runs."""
        if is_held(Home(self.home)):
            pid = self.service_pid
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not is_held(Home(self.home)), what="the service's end")


def _with_arrivals(counted: RowCounts, points: Sequence[float | str], state: str, reason: str) -> RowCounts:
    values = [float(point) for point in points]
    return replace(
        counted,
        arrived=len(values),
        doubled=len(values) - len(set(values)),
        is_in_order=values == sorted(values),
        state=state,
        reason=reason,
    )


@contextlib.contextmanager
def running_scenario(home: Path) -> Iterator[Scenario]:
    """Start the parts, wait for the first rows, and end all processes after the block."""
    server = start_server(home)
    file = wait_for_server(home, server)
    port = int(file.url.rpartition(":")[2])
    with proxy_to(port) as proxy:
        scenario = Scenario(home, server, port, proxy, file.token)
        try:
            scenario.start_program()
            wait_until(lambda: scenario.rows_on_server() > 0, timeout_s=60, what="the first rows")
            yield scenario
        finally:
            if scenario.program is not None:
                scenario.program.kill()
                scenario.program.communicate()
            scenario.end_service()
            with contextlib.suppress(ProcessLookupError):
                scenario.server.send_signal(signal.SIGCONT)
            end_server(scenario.server)
