"""Starting a run never waits and never fails, whatever the state of the service, the server and the home folder."""

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
"""Much longer than a start takes, and much shorter than any deadline."""
MOST_FILES = 16
"""The journal, the stack file, the lock and the log of the service, the claim of its start, which is looked at again if
another process has just made it, and their folders in a new home folder."""


def start(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    base = {**environment(), "LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_URL": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**base, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < NEVER_WAITED_S
    return done


def test_files_of_dead_processes_do_not_prevent_a_start(home: Path) -> None:
    """A lock file without an owner, a start that failed, and the address of a server that has exited."""
    home.mkdir(parents=True)
    paths = Home(home)
    paths.service_lock(node_id()).touch()
    paths.server_lock.touch()
    paths.server_file.write_bytes(msgspec.json.encode(ServerFile("http://127.0.0.1:1", "key", 2**22 - 1, 1.0, "0")))
    paths.service_start(node_id()).touch()
    os.utime(paths.service_start(node_id()), (1.0, 1.0))
    start(home, LIGHTNING_SWEEPS_SERVICE="process", LIGHTNING_SWEEPS_IDLE_EXIT_S="1")
    wait_until(lambda: is_held(paths), what="the start of a service")
    state = paths.service_state(node_id())
    wait_until(state.exists, what="the state file of the service")
    os.kill(msgspec.json.decode(state.read_bytes())["pid"], 9)
    wait_until(lambda: not is_held(paths), what="the exit of the service")


def test_a_start_time_in_the_future_is_ignored(home: Path) -> None:
    """The clock was set back in the meantime, so the file's time is meaningless."""
    home.mkdir(parents=True)
    paths = Home(home)
    paths.service_start(node_id()).touch()
    os.utime(paths.service_start(node_id()), (2e9, 2e9))
    start(home, LIGHTNING_SWEEPS_SERVICE="process", LIGHTNING_SWEEPS_IDLE_EXIT_S="1")
    wait_until(lambda: is_held(paths), what="a service")
    state = paths.service_state(node_id())
    wait_until(state.exists, what="the state file of the service")
    os.kill(msgspec.json.decode(state.read_bytes())["pid"], 9)
    wait_until(lambda: not is_held(paths), what="the exit of the service")


@pytest.mark.fault
def test_a_home_that_cannot_be_written_is_logged_once(tmp_path: Path) -> None:
    done = start(Path("/proc/none"), TMPDIR=str(tmp_path))
    assert done.stderr.count("the home folder `/proc/none` cannot be used") == 1, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.fault
@pytest.mark.skipif(not CAN_BE_SLOW, reason="needs Linux's seccomp")
def test_on_a_slow_file_system_a_start_asks_for_few_files_and_every_row_arrives(home: Path) -> None:
    """A start waits for a few file system operations, and never for a file of another process."""
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
