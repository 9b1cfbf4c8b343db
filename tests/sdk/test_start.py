"""The start never waits and never fails: whatever state the service, the server and the home are in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.service_lock import is_held
from tests.fakes.slow_files import CAN_BE_SLOW, SlowFolder
from tests.servers import running_server, wait_until

PROGRAM = """
import time, lightning_sweeps as ls
before = time.perf_counter()
ls.setup()
run = ls.init("start")
run.log({"x": 1})
ls.finish()
print(time.perf_counter() - before)
"""
NEVER_WAITED_S = 2.0
"""Far above what it takes, far below every deadline that it could have waited for."""
MOST_FILES = 14
"""Journal, stacks, the service's lock and log, with their folders where the home is new."""


def start(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    base = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_URL": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**base, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < NEVER_WAITED_S
    return done


def test_leftovers_of_dead_helpers_are_no_obstacle(home: Path) -> None:
    """A lock file without holder, a start that came to nothing, the address of a server that is gone."""
    home.mkdir(parents=True)
    paths = Home(home)
    paths.service_lock(node_id()).touch()
    paths.server_lock.touch()
    paths.server_file.write_bytes(msgspec.json.encode(ServerFile("http://127.0.0.1:1", "key", 2**22 - 1, 1.0, "0")))
    paths.service_start(node_id()).touch()
    os.utime(paths.service_start(node_id()), (1.0, 1.0))
    start(home, LIGHTNING_SWEEPS_SERVICE="process", LIGHTNING_SWEEPS_IDLE_EXIT_S="1")
    wait_until(lambda: is_held(paths), what="a service in spite of them")
    state = paths.service_state(node_id())
    wait_until(state.exists, what="its state")
    os.kill(msgspec.json.decode(state.read_bytes())["pid"], 9)
    wait_until(lambda: not is_held(paths), what="its end")


def test_a_start_that_lies_in_the_future_is_none(home: Path) -> None:
    """The clock was set back since: the file's time says nothing."""
    home.mkdir(parents=True)
    paths = Home(home)
    paths.service_start(node_id()).touch()
    os.utime(paths.service_start(node_id()), (2e9, 2e9))
    start(home, LIGHTNING_SWEEPS_SERVICE="process", LIGHTNING_SWEEPS_IDLE_EXIT_S="1")
    wait_until(lambda: is_held(paths), what="a service")
    state = paths.service_state(node_id())
    wait_until(state.exists, what="its state")
    os.kill(msgspec.json.decode(state.read_bytes())["pid"], 9)
    wait_until(lambda: not is_held(paths), what="its end")


@pytest.mark.fault
def test_a_home_that_cannot_be_written_is_said_once(home: Path) -> None:
    done = start(Path("/proc/none"), LIGHTNING_SWEEPS_SERVICE="process")
    assert 1 <= done.stderr.count(" once)") <= 2, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.fault
@pytest.mark.skipif(not CAN_BE_SLOW, reason="needs Linux's seccomp")
def test_on_a_slow_file_system_a_start_asks_for_few_files_and_every_row_arrives(home: Path) -> None:
    """What a start waits for there is a handful of answers, never a file that another process is to write."""
    delay_s = 0.05
    with running_server(home) as (client, file):
        variables = {
            **environment(),
            "LIGHTNING_SWEEPS_HOME": str(home),
            "LIGHTNING_SWEEPS_URL": file.url,
            "LIGHTNING_SWEEPS_API_KEY": file.token,
            "LIGHTNING_SWEEPS_SERVICE": "process",
            "LIGHTNING_SWEEPS_IDLE_EXIT_S": "2",
        }
        slow = SlowFolder(str(home), delay_s)
        with slow.started([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, env=variables) as training:
            printed, _ = training.communicate()
            operations = [path for process, path in slow.operations if process == training.pid]
            assert 3 <= len(operations) <= MOST_FILES, operations
            assert delay_s < float(printed) < NEVER_WAITED_S
            wait_until(lambda: [run.rows for run in client.runs(project="start").runs] == [1], what="the row")
            wait_until(lambda: not is_held(Home(home)), what="the service's end")
