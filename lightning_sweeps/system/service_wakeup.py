"""Wakes the service of this node, so that it uploads at once what the journals have now.

The service listens on a FIFO in the home folder. A byte in it means: upload now. Nobody waits for an answer, and a
process that cannot wake the service loses nothing: the service also looks at the journals by itself.
"""

from __future__ import annotations

import contextlib
import os
import stat

from lightning_sweeps.core.paths import PRIVATE_FILE, Home, make_private_folder
from lightning_sweeps.system.node import node_id

DRAIN_BYTES = 4096


def listen(home: Home) -> int:
    """Return a descriptor that becomes readable when a process calls `wake_service`. Only the service calls this.

    Raises:
        OSError: the file system of the home folder has no FIFOs, or another file has this name.
    """
    path = home.service_wakeup(node_id())
    make_private_folder(home.root)
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, PRIVATE_FILE)
    # also open for writing, so that it is not at its end whenever no process has it open
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    if not _is_fifo(descriptor):
        os.close(descriptor)
        raise FileExistsError(f"`{path}` is not a FIFO")
    return descriptor


def drain(descriptor: int) -> bool:
    """Read what was written to the FIFO; return whether there was anything."""
    try:
        return bool(os.read(descriptor, DRAIN_BYTES))
    except BlockingIOError:
        return False


def wake_service(home: Home) -> bool:
    """Make the service upload everything now. Never waits; return whether a service is listening."""
    try:
        descriptor = os.open(home.service_wakeup(node_id()), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # there is no FIFO, or no service has it open
        return False
    try:
        if not _is_fifo(descriptor):
            return False
        with contextlib.suppress(BlockingIOError):  # it is full: the service will see that
            os.write(descriptor, b"\n")
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _is_fifo(descriptor: int) -> bool:
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
