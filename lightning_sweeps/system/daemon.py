"""Processes of our own that live on: the service and the local server, started by whoever needs them first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import service_environment


def start_detached(module: str, *options: str, home: Home, log: Path) -> subprocess.Popen[bytes]:
    """Start `python -m module` on a home folder, in a session of its own, its output going to `log`.

    Not by fork: it has nothing of this process but its environment, without what marks a trial's processes.

    Raises:
        OSError: it cannot be started, or the log not be written.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module, "--home", str(home.root), *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home.root,
            env=service_environment(),
            start_new_session=True,
        )
