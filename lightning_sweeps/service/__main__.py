"""`python -m lightning_sweeps.service`: one per node and user; the lock file makes it single."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import sys
import time
from pathlib import Path

from lightning_sweeps.node import node_id
from lightning_sweeps.paths import PRIVATE_FILE, Home, make_private_folder
from lightning_sweeps.service.loop import Service
from lightning_sweeps.settings import read_settings

LOCK_DEADLINE_S = 0.5
LOCK_RETRY_S = 0.02


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m lightning_sweeps.service",
        description="Ships journals to the server, samples this machine and watches the ranks. Started when needed.",
    )
    parser.add_argument("--home", type=Path, help="the home folder (default: LIGHTNING_SWEEPS_HOME)")
    parser.add_argument("--detach", action="store_true", help="leave the process tree of whoever starts it")
    options = parser.parse_args()
    settings = read_settings()
    home = Home(options.home or settings.home)
    if options.detach and os.fork() > 0:
        os._exit(0)  # the service is nobody's child: no tree that is ended can take it along
    make_private_folder(home.root)
    lock = os.open(home.service_lock(node_id()), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    if not _take(lock):
        return 0  # another one of this node is there already
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    Service(home, settings).run()
    return 0


def _take(lock: int) -> bool:
    """Take the lock; a process that only looks whether it is taken holds it for an instant, so try for a while."""
    deadline = time.monotonic() + LOCK_DEADLINE_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOCK_RETRY_S)


if __name__ == "__main__":
    sys.exit(main())
