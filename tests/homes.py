"""Home folders that do not exist yet: programs in them start the service and the server themselves."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from lightning_sweeps.cli.stop_server import stop_server
from lightning_sweeps.core.paths import Home
from lightning_sweeps.system.node import node_id
from tests.servers import wait_until


@contextmanager
def empty_home(folder: Path) -> Iterator[dict[str, str]]:
    """Provide an environment with a home that does not exist; end the service and the server that it got."""
    home = folder / "home"
    own = {
        "LIGHTNING_SWEEPS_HOME": str(home),
        "LIGHTNING_SWEEPS_SERVICE": "process",
        "LIGHTNING_SWEEPS_IDLE_EXIT_S": "60",
    }
    try:
        yield os.environ | own
    finally:
        stop_server(Home(home))  # first: a server starts a service if journals wait, and from now on nothing starts it
        end_process(Home(home).service_state(node_id()))
        stop_server(Home(home))


def end_process(described: Path) -> None:
    """End the process whose pid is in this file, if there is one."""
    pid = int(json.loads(described.read_bytes())["pid"]) if described.exists() else None
    if pid is not None and psutil.pid_exists(pid):
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not psutil.pid_exists(pid), what=f"the end of process {pid}")
