"""The fault matrix: a part is hurt while a program logs 1,000 rows a second; what was written arrives once."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lightning_sweeps.node_lock import is_held
from lightning_sweeps.paths import Home
from tests.faults.report import MATRIX
from tests.faults.scene import Scene, scene
from tests.servers import wait_until

pytestmark = pytest.mark.fault

NEVER_BLOCKED_MS = 1000.0
"""`log()` must not wait for anything. A busy machine may take the processor away; no part of ours may."""

FINISH_MS = 1000.0
HOLD_S = 3.0
"""How long a fault lasts that is then mended."""

UNLIMITED = resource.RLIM_INFINITY


def hold() -> None:
    """Let the fault last: what is tested is that time passes and training goes on."""
    end = time.monotonic() + HOLD_S
    wait_until(lambda: time.monotonic() >= end, what="the time of the fault")


def service_killed(on: Scene, number: signal.Signals) -> None:
    """The program starts a new one by itself."""
    before = on.service_pid
    os.kill(before, number)
    wait_for_another_service(on, before)


def wait_for_another_service(on: Scene, before: int) -> None:
    home = Home(on.home)
    wait_until(lambda: is_held(home) and on.service_pid != before, timeout_s=60, what="a new service")


def service_stopped(on: Scene) -> None:
    pid = on.service_pid
    os.kill(pid, signal.SIGSTOP)
    hold()
    os.kill(pid, signal.SIGCONT)


def service_out_of_memory(on: Scene) -> None:
    """Its memory may not grow any more: what it does next fails."""
    before = on.service_pid
    resource.prlimit(before, resource.RLIMIT_AS, (1 << 20, 1 << 20))
    hold()
    if is_held(Home(on.home)) and on.service_pid == before:  # it lives on what it has
        os.kill(before, signal.SIGKILL)
    wait_for_another_service(on, before)


def server_killed(on: Scene) -> None:
    on.server.kill()
    on.server.wait()
    on.restart_server()


def server_stopped(on: Scene) -> None:
    on.server.send_signal(signal.SIGSTOP)
    hold()
    on.server.send_signal(signal.SIGCONT)


def behaves(behaviour: str) -> Callable[[Scene], None]:
    def misbehave(on: Scene) -> None:
        on.proxy.behaviour = behaviour  # type: ignore[assignment]
        hold()
        on.proxy.behaviour = "pass"

    return misbehave


def disk_full(on: Scene) -> None:
    """The kernel lets the program's files grow no further, as on a full disk, and then does again."""
    size = next(Home(on.home).journals.glob("*.journal")).stat().st_size
    largest = max(path.stat().st_size for path in Home(on.home).journals.glob("*.journal"))
    resource.prlimit(on.program_pid, resource.RLIMIT_FSIZE, (max(size, largest) + 1000, UNLIMITED))
    hold()
    resource.prlimit(on.program_pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


FAULTS: dict[str, Callable[[Scene], None]] = {
    "service killed (SIGKILL)": lambda on: service_killed(on, signal.SIGKILL),
    "service killed (SIGTERM)": lambda on: service_killed(on, signal.SIGTERM),
    "service stopped for 3 s (SIGSTOP)": service_stopped,
    "service out of memory": service_out_of_memory,
    "server killed and restarted": server_killed,
    "server stopped for 3 s (SIGSTOP)": server_stopped,
    "server answers 500 for 3 s": behaves("error"),
    "server answers half a response for 3 s": behaves("half"),
    "server accepts and never answers for 3 s": behaves("silent"),
    "server unreachable for 3 s": behaves("refuse"),
    "disk full for 3 s, then freed": disk_full,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_row_that_was_written_arrives_once_and_in_order(home: Path, fault: str) -> None:
    with scene(home) as on:
        FAULTS[fault](on)
        on.wait_for_more_rows()
        counted = on.finish()
    MATRIX.lines[fault] = counted
    assert (counted.missing, counted.doubled) == (0, 0)
    assert counted.is_in_order
    assert (counted.state, counted.lost > 0) == ("finished", fault.startswith("disk full"))
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
