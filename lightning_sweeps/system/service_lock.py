"""The lock that allows one service per node and home folder.

The service acquires it, and processes that log check whether a service has it. It is an advisory lock (flock), which
the kernel releases when its owner dies. If the home's file system has no locks, a file names the owner by pid and start
time instead.
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
"""A process that checks the lock holds it briefly, so the service retries for this long."""
RETRY_S = 0.02
SETTLE_S = 0.1
"""Without locks, two services may start at once. After this time, the one in the file continues."""
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


class LockOwner(msgspec.Struct, frozen=True):
    """The owner of the lock on a file system without locks."""

    pid: int
    started: float


def take(home: Home) -> int | None:
    """Acquire the lock.

    Returns:
        A descriptor that must stay open while the service runs, or None if another service holds the lock.
    """
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
            if _take_by_name(_owner_path(path)):
                return descriptor
            break
    os.close(descriptor)
    return None


def release(home: Home, descriptor: int) -> None:
    """Release the lock that `take` has acquired."""
    owner = _owner_path(home.service_lock(node_id()))
    if _is_named(owner):
        owner.unlink(missing_ok=True)
    os.close(descriptor)


def is_held(home: Home, node: str | None = None) -> bool:
    """Return whether a service of this node, or of another one that shares the home folder, holds the lock.

    On a file system without locks, another node counts as having a service.
    """
    path = home.service_lock(node or node_id())
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
        return node is not None or _live_owner(_owner_path(path)) is not None
    finally:
        os.close(descriptor)
    return False


def _take_by_name(path: Path) -> bool:
    if _live_owner(path) is not None:
        return False
    write_whole(path, msgspec.json.encode(_this_process()))
    time.sleep(SETTLE_S)
    return _is_named(path)


def _is_named(path: Path) -> bool:
    """Return whether the file names this process as the owner."""
    return _live_owner(path) == _this_process()


def _this_process() -> LockOwner:
    return LockOwner(os.getpid(), process_start(os.getpid()) or 0.0)


def _live_owner(path: Path) -> LockOwner | None:
    try:
        owner = msgspec.json.decode(path.read_bytes(), type=LockOwner)
    except (OSError, msgspec.DecodeError):
        return None
    return owner if is_alive(owner.pid, owner.started) else None


def _owner_path(path: Path) -> Path:
    return path.with_suffix(".owner")
