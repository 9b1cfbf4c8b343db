"""Starts the service and the local server as daemons that outlive the process that starts them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lightning_sweeps.core.paths import Home, open_private
from lightning_sweeps.core.settings import service_environment


def start_daemon(module: str, *options: str, home: Home, log: Path) -> subprocess.Popen[bytes]:
    """Start `python -m module` in its own session.

    The daemon inherits this process's environment without the variable that marks a trial's processes.

    Args:
        module: the module to run.
        options: further arguments.
        home: the home folder, which is also its working folder.
        log: the file for its output.

    Raises:
        OSError: the daemon cannot be started, or the log cannot be written.
    """
    with open_private(log) as output:
        return subprocess.Popen(
            [sys.executable, "-m", module, "--home", str(home.root), *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home.root,
            env=service_environment(),
            start_new_session=True,
        )
