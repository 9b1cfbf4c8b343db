"""The lock that makes the service single: one per node and home. The service takes it; who logs looks if it is held.

An advisory lock (flock) that the kernel gives back when the holder dies in whatever way. Where the home's file system
has no locks, a file beside it names the holder by pid and start time instead.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

import msgspec

from lightning_sweeps.core.paths import PRIVATE_FILE, Home, make_private_folder, write_whole
from lightning_sweeps.system.node import is_alive, node_id, process_start

DEADLINE_S = 0.5
"""A process that only looks whether the lock is held has it for an instant: try for a while."""
RETRY_S = 0.02
SETTLE_S = 0.1
"""Without locks two services may both find nobody: the one whose name is in the file after this time stays."""
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock where there are none."""

    pid: int
    started: float


def take(home: Home) -> int | None:
    """Take the lock and return its descriptor, to be kept open as long as the service runs; None where it is held."""
    make_private_folder(home.root)
    path = home.service_lock(node_id())
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                break
            time.sleep(RETRY_S)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                os.close(descriptor)
                raise
            if _take_by_name(_holder_path(path)):
                return descriptor
            break
    os.close(descriptor)
    return None


def is_held(home: Home) -> bool:
    """Tell whether a service of this node holds the lock."""
    path = home.service_lock(node_id())
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return _living_holder(_holder_path(path)) is not None
    finally:
        os.close(descriptor)
    return False


def _take_by_name(path: Path) -> bool:
    if _living_holder(path) is not None:
        return False
    own = Holder(os.getpid(), process_start(os.getpid()) or 0.0)
    write_whole(path, msgspec.json.encode(own))
    time.sleep(SETTLE_S)
    return _living_holder(path) == own


def _living_holder(path: Path) -> Holder | None:
    try:
        holder = msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None
    return holder if is_alive(holder.pid, holder.started) else None


def _holder_path(path: Path) -> Path:
    return path.with_suffix(".holder")
