"""Stops the server of this machine."""

from __future__ import annotations

import signal
import time

import psutil

from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import ServerError
from lightning_sweeps.system.local_server import mark_stopped, read_server_file

STOP_DEADLINE_S = 10.0
POLL_INTERVAL_S = 0.02


def stop_server(home: Home) -> ServerFile | None:
    """Stop the server of a home folder, and wait for its end. Return where it was; None if no server runs.

    No service or agent starts another one. A command does when it needs one.

    Raises:
        ServerError: the server still runs after `STOP_DEADLINE_S`.
    """
    file = read_server_file(home.server_file)
    if file is None:
        return None
    mark_stopped(home, file)
    try:
        process = psutil.Process(file.pid)
        process.send_signal(signal.SIGTERM)
    except psutil.NoSuchProcess:  # it has just ended by itself
        return file
    deadline = time.monotonic() + STOP_DEADLINE_S
    while _runs(process):
        if time.monotonic() > deadline:
            raise ServerError(
                f"the server (pid {file.pid}) still runs {STOP_DEADLINE_S:.0f} s after SIGTERM",
                hint=f"end it with `kill -9 {file.pid}`",
            )
        time.sleep(POLL_INTERVAL_S)
    return file


def _runs(process: psutil.Process) -> bool:
    """Return whether the process is still running. A zombie is not: its parent, the service, reaps it later."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
