"""The fault matrix: a part fails while a program logs 1,000 rows per second, and every row arrives once."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.service_lock import is_held
from tests.faults.report import MATRIX, FaultResult
from tests.faults.scenario import Scenario, running_scenario
from tests.servers import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.alone, pytest.mark.slow]

CauseFault = Callable[[Scenario, float], None]
"""Causes a fault that lasts the given number of seconds."""

LONGEST_LOG_MS = 1000.0
"""`log()` waits for nothing, but a busy machine may suspend the process."""

FINISH_MS = 1000.0
P99_MS = 1.0
SHORT_S = 3.0
"""How long a fault with a duration lasts; with `--long-faults` it lasts `Fault.long_s`."""

UNLIMITED = resource.RLIM_INFINITY


def hold(seconds: float) -> None:
    """Let the fault last while training continues."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, timeout_s=2 * seconds, what="the end of the fault")


def service_killed(scenario: Scenario, number: signal.Signals) -> None:
    """Kill the service; the program starts a new one."""
    before = scenario.service_pid
    os.kill(before, number)
    wait_for_another_service(scenario, before)


def wait_for_another_service(scenario: Scenario, before: int) -> None:
    home = Home(scenario.home)
    wait_until(lambda: is_held(home) and scenario.service_pid != before, timeout_s=60, what="a new service")


def service_stopped(scenario: Scenario, seconds: float) -> None:
    pid = scenario.service_pid
    os.kill(pid, signal.SIGSTOP)
    hold(seconds)
    os.kill(pid, signal.SIGCONT)


def service_out_of_memory(scenario: Scenario, seconds: float) -> None:
    """Limit the memory of the service, so that its next allocation fails."""
    before = scenario.service_pid
    resource.prlimit(before, resource.RLIMIT_AS, (1 << 20, 1 << 20))
    hold(seconds)
    if is_held(Home(scenario.home)) and scenario.service_pid == before:  # it needed no further memory
        os.kill(before, signal.SIGKILL)
    wait_for_another_service(scenario, before)


def server_killed(scenario: Scenario) -> None:
    scenario.server.kill()
    scenario.server.wait()
    scenario.restart_server()


def server_stopped(scenario: Scenario, seconds: float) -> None:
    scenario.server.send_signal(signal.SIGSTOP)
    hold(seconds)
    scenario.server.send_signal(signal.SIGCONT)


def behaves(behaviour: str) -> CauseFault:
    def misbehave(scenario: Scenario, seconds: float) -> None:
        scenario.proxy.behaviour = behaviour  # type: ignore[assignment]
        hold(seconds)
        scenario.proxy.behaviour = "pass"

    return misbehave


def disk_full(scenario: Scenario, seconds: float) -> None:
    """Let the kernel reject further growth of the program's files, as on a full disk, and then allow it again."""
    size = next(Home(scenario.home).journals.glob("*.journal")).stat().st_size
    largest = max(path.stat().st_size for path in Home(scenario.home).journals.glob("*.journal"))
    resource.prlimit(scenario.program_pid, resource.RLIMIT_FSIZE, (max(size, largest) + 1000, UNLIMITED))
    hold(seconds)
    resource.prlimit(scenario.program_pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: how it is caused, in words and in code, and how long it lasts; 0 for a fault without a duration."""

    how: str
    cause: CauseFault
    long_s: float = 0.0

    def lasting_s(self, *, is_long: bool) -> float:
        return self.long_s if is_long else min(self.long_s, SHORT_S)


FAULTS = {
    "service killed (SIGKILL)": Fault(
        "the service gets the signal; the program continues to log and must start a new service",
        lambda scenario, _: service_killed(scenario, signal.SIGKILL),
    ),
    "service killed (SIGTERM)": Fault(
        "the same with SIGTERM", lambda scenario, _: service_killed(scenario, signal.SIGTERM)
    ),
    "service stopped (SIGSTOP)": Fault("SIGSTOP, later SIGCONT", service_stopped, 180),
    "service out of memory": Fault(
        "its address space is limited to 1 MiB (`prlimit`), so every allocation fails; then it is killed",
        service_out_of_memory,
        30,
    ),
    "server killed and restarted": Fault(
        "SIGKILL to the server, then a new server with the same home folder and port",
        lambda scenario, _: server_killed(scenario),
    ),
    "server stopped (SIGSTOP)": Fault("SIGSTOP, later SIGCONT", server_stopped, 180),
    "server answers 500": Fault("a proxy in front of the server answers every request with 500", behaves("error"), 60),
    "server answers half a response": Fault(
        "the proxy forwards requests and sends half of each response", behaves("half"), 60
    ),
    "server accepts and never answers": Fault(
        "the proxy accepts every connection and never answers", behaves("silent"), 60
    ),
    "server unreachable": Fault("the proxy closes every connection at once", behaves("refuse"), 600),
    "disk full, then freed": Fault(
        "the files of the program may not grow (`RLIMIT_FSIZE`), later they may again", disk_full, 60
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_row_that_was_written_arrives_once_and_in_order(
    home: Path, fault: str, request: pytest.FixtureRequest
) -> None:
    seconds = FAULTS[fault].lasting_s(is_long=request.config.getoption("--long-faults"))
    with running_scenario(home) as scenario:
        FAULTS[fault].cause(scenario, seconds)
        scenario.wait_for_more_rows()
        counted = scenario.finish()
    MATRIX.lines[fault] = FaultResult(counted, seconds, FAULTS[fault].how)
    assert (counted.missing, counted.doubled) == (0, 0)
    assert counted.is_in_order
    assert (counted.state, counted.lost > 0) == ("finished", fault.startswith("disk full"))
    assert counted.p99_ms < P99_MS
    assert counted.worst_ms < LONGEST_LOG_MS
    assert counted.finish_ms < FINISH_MS


def test_deleting_the_journal_folder_loses_only_rows_that_were_not_uploaded(home: Path) -> None:
    with running_scenario(home) as scenario:
        before = scenario.rows_on_server()
        shutil.rmtree(Home(scenario.home).journals)
        scenario.wait_for_more_rows()
        counted = scenario.finish()
    assert counted.arrived >= before
    assert counted.doubled == 0
    assert counted.is_in_order
    assert counted.worst_ms < LONGEST_LOG_MS
