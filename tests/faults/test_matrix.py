"""The fault matrix: a part is hurt while a program logs 1,000 rows a second; what was written arrives once."""

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
from tests.faults.report import MATRIX, Line
from tests.faults.scenario import Scene, scene
from tests.servers import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.alone]

Hurt = Callable[[Scene, float], None]
"""Hurts the scene; gets the seconds that the fault is to last."""

NEVER_BLOCKED_MS = 1000.0
"""`log()` must not wait for anything. A busy machine may take the processor away; no part of ours may."""

FINISH_MS = 1000.0
P99_MS = 1.0
SHORT_S = 3.0
"""How long a fault lasts that is then mended; with `--long-faults` each lasts its own time."""

UNLIMITED = resource.RLIM_INFINITY


def hold(seconds: float) -> None:
    """Let the fault last: what is tested is that time passes and training goes on."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, timeout_s=2 * seconds, what="the time of the fault")


def service_killed(on: Scene, number: signal.Signals) -> None:
    """The program starts a new one by itself."""
    before = on.service_pid
    os.kill(before, number)
    wait_for_another_service(on, before)


def wait_for_another_service(on: Scene, before: int) -> None:
    home = Home(on.home)
    wait_until(lambda: is_held(home) and on.service_pid != before, timeout_s=60, what="a new service")


def service_stopped(on: Scene, seconds: float) -> None:
    pid = on.service_pid
    os.kill(pid, signal.SIGSTOP)
    hold(seconds)
    os.kill(pid, signal.SIGCONT)


def service_out_of_memory(on: Scene, seconds: float) -> None:
    """Its memory may not grow any more: what it does next fails."""
    before = on.service_pid
    resource.prlimit(before, resource.RLIMIT_AS, (1 << 20, 1 << 20))
    hold(seconds)
    if is_held(Home(on.home)) and on.service_pid == before:  # it lives on what it has
        os.kill(before, signal.SIGKILL)
    wait_for_another_service(on, before)


def server_killed(on: Scene) -> None:
    on.server.kill()
    on.server.wait()
    on.restart_server()


def server_stopped(on: Scene, seconds: float) -> None:
    on.server.send_signal(signal.SIGSTOP)
    hold(seconds)
    on.server.send_signal(signal.SIGCONT)


def behaves(behaviour: str) -> Hurt:
    def misbehave(on: Scene, seconds: float) -> None:
        on.proxy.behaviour = behaviour  # type: ignore[assignment]
        hold(seconds)
        on.proxy.behaviour = "pass"

    return misbehave


def disk_full(on: Scene, seconds: float) -> None:
    """The kernel lets the program's files grow no further, as on a full disk, and then does again."""
    size = next(Home(on.home).journals.glob("*.journal")).stat().st_size
    largest = max(path.stat().st_size for path in Home(on.home).journals.glob("*.journal"))
    resource.prlimit(on.program_pid, resource.RLIMIT_FSIZE, (max(size, largest) + 1000, UNLIMITED))
    hold(seconds)
    resource.prlimit(on.program_pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


@dataclass(frozen=True, slots=True)
class Fault:
    """How to hurt, in words and in deed, and how long where time is given to it; 0 for what happens at once."""

    how: str
    hurt: Hurt
    long_s: float = 0.0

    def lasting_s(self, *, is_long: bool) -> float:
        return self.long_s if is_long else min(self.long_s, SHORT_S)


FAULTS = {
    "service killed (SIGKILL)": Fault(
        "the service gets the signal; the program, which logs on, must start another one by itself",
        lambda on, _: service_killed(on, signal.SIGKILL),
    ),
    "service killed (SIGTERM)": Fault("the same with SIGTERM", lambda on, _: service_killed(on, signal.SIGTERM)),
    "service stopped (SIGSTOP)": Fault("SIGSTOP, later SIGCONT", service_stopped, 180),
    "service out of memory": Fault(
        "its limit of address space falls to 1 MiB (`prlimit`), so that whatever it does next fails; then it is killed",
        service_out_of_memory,
        30,
    ),
    "server killed and restarted": Fault(
        "SIGKILL to the server, then a new one on the same home and port", lambda on, _: server_killed(on)
    ),
    "server stopped (SIGSTOP)": Fault("SIGSTOP, later SIGCONT", server_stopped, 180),
    "server answers 500": Fault("a proxy before the server answers every request so", behaves("error"), 60),
    "server answers half a response": Fault(
        "the proxy forwards requests and cuts the answers in the middle", behaves("half"), 60
    ),
    "server accepts and never answers": Fault("the proxy takes everything and says nothing", behaves("silent"), 60),
    "server unreachable": Fault("the proxy closes each connection at once", behaves("refuse"), 600),
    "disk full, then freed": Fault(
        "the program's files may not grow any more (`RLIMIT_FSIZE`), later again", disk_full, 60
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_row_that_was_written_arrives_once_and_in_order(
    home: Path, fault: str, request: pytest.FixtureRequest
) -> None:
    seconds = FAULTS[fault].lasting_s(is_long=request.config.getoption("--long-faults"))
    with scene(home) as on:
        FAULTS[fault].hurt(on, seconds)
        on.wait_for_more_rows()
        counted = on.finish()
    MATRIX.lines[fault] = Line(counted, seconds, FAULTS[fault].how)
    assert (counted.missing, counted.doubled) == (0, 0)
    assert counted.is_in_order
    assert (counted.state, counted.lost > 0) == ("finished", fault.startswith("disk full"))
    assert counted.p99_ms < P99_MS
    assert counted.worst_ms < NEVER_BLOCKED_MS
    assert counted.finish_ms < FINISH_MS


def test_a_deleted_journal_folder_costs_what_was_not_shipped_and_a_new_journal_begins(home: Path) -> None:
    with scene(home) as on:
        before = on.rows_on_server()
        shutil.rmtree(Home(on.home).journals)
        on.wait_for_more_rows()
        counted = on.finish()
    assert counted.arrived >= before
    assert counted.doubled == 0
    assert counted.is_in_order
    assert counted.worst_ms < NEVER_BLOCKED_MS
