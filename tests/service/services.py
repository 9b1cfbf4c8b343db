"""Starts a real service and real programs that log."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.system.node import node_id
from tests.servers import wait_until

IDLE_EXIT_S = "1"
SAMPLE_INTERVAL_S = "0.3"


def start_service(home: Path, **variables: str) -> subprocess.Popen[bytes]:
    """Start the service of this node on `home`; its output goes to `service.log` there."""
    home.mkdir(parents=True, exist_ok=True)
    own = {
        "LIGHTNING_SWEEPS_HOME": str(home),
        "LIGHTNING_SWEEPS_IDLE_EXIT_S": IDLE_EXIT_S,
        "LIGHTNING_SWEEPS_SAMPLE_INTERVAL_S": SAMPLE_INTERVAL_S,
    }
    with Home(home).service_log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "lightning_sweeps.service", "--home", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**environment(), **own, **variables},
        )


@contextmanager
def running_service(home: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service during the block, then stop it with SIGTERM."""
    process = start_service(home, **{"LIGHTNING_SWEEPS_IDLE_EXIT_S": "600", **variables})
    try:
        wait_until(Home(home).service_state(node_id()).exists, what="the service's state file")
        yield process
    finally:
        process.terminate()
        process.wait(20)


def run_program(home: Path, code: str, *, stdin: int = subprocess.DEVNULL, **variables: str) -> subprocess.Popen[bytes]:
    """Start a Python program that logs to `home`, with these environment variables besides those of the test."""
    return subprocess.Popen(
        [sys.executable, "-c", f"import lightning_sweeps as ls, os, signal, sys\n{code}"],
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment(), "LIGHTNING_SWEEPS_HOME": str(home), **variables},
    )


def journal_files(home: Path) -> list[Path]:
    """Return the journals in the home folder."""
    return sorted(Home(home).journals.glob("*.journal"))
