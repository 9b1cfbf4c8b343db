"""The exit status of a process that has ended before the service sees it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lightning_sweeps.journal.closing import ExitStatus
from lightning_sweeps.service.exits import ExitWatch, LoggingProcess
from lightning_sweeps.system.node import is_zombie, process_start
from tests.servers import wait_until

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@needs_proc
@pytest.mark.parametrize(
    ("end", "status"),
    [("raise SystemExit(3)", ExitStatus(code=3)), ("import os; os.kill(os.getpid(), 9)", ExitStatus(signal=9))],
    ids=["exit", "signal"],
)
def test_a_process_that_is_not_reaped_yet_still_has_its_exit_status(end: str, status: ExitStatus) -> None:
    code = f"input(); {end}"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        started = process_start(process.pid)
        assert started is not None and process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
        wait_until(lambda: is_zombie(process.pid, started), what="the end of the process")
        watch, owner = ExitWatch(), LoggingProcess(process.pid, started)
        assert watch.add(owner)
        assert watch.wait(10) == [(owner, status)]
    assert not ExitWatch().add(owner)
