"""The lock that makes the service single: one per node and home."""

from __future__ import annotations

import fcntl
import os
import time

from lightning_sweeps.node import node_id
from lightning_sweeps.paths import PRIVATE_FILE, Home, make_private_folder

DEADLINE_S = 0.5
"""A process that only looks whether the lock is taken holds it for an instant: try for a while."""
RETRY_S = 0.02


def take_lock(home: Home) -> int | None:
    """Take the lock and return its descriptor, to be kept open as long as the service runs; None where it is taken."""
    make_private_folder(home.root)
    descriptor = os.open(home.service_lock(node_id()), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                return None
            time.sleep(RETRY_S)
