"""Finds the exit status of processes that are not our children, through their pidfds.

A pidfd becomes readable when the process dies. Until the parent reaps it, the exit status of the zombie is in
/proc/<pid>/stat (field 52). After that, the pidfd has it since Linux 6.15 (PIDFD_GET_INFO, see
include/uapi/linux/pidfd.h). On older kernels, the parent may reap the process before the service reads the status;
other systems have neither. The exit status is then unknown.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
from dataclasses import dataclass, field
from pathlib import Path

from lightning_sweeps.journal.closing import ExitStatus
from lightning_sweeps.system.node import is_alive, is_zombie

PIDFD_INFO_EXIT = 1 << 3
INFO_SIZE = 64
"""struct pidfd_info: u64 mask, u64 cgroup id, eleven u32 of ids, then the i32 exit status at byte 60."""
EXIT_CODE_OFFSET = 60
PIDFD_GET_INFO = (3 << 30) | (INFO_SIZE << 16) | (0xFF << 8) | 11
"""_IOWR(0xFF, 11, struct pidfd_info)"""
EXIT_CODE_FIELD = 49
"""Index of the exit status in /proc/<pid>/stat, counted after the name."""


@dataclass(frozen=True, slots=True)
class LoggingProcess:
    """A process that writes journals, identified by its pid and start time."""

    pid: int
    started: float


@dataclass(slots=True)
class ExitWatch:
    """Watches processes of this user until they end. They do not have to be child processes."""

    _descriptors: dict[int, LoggingProcess] = field(default_factory=dict)
    _polled: set[LoggingProcess] = field(default_factory=set)

    def add(self, owner: LoggingProcess) -> bool:
        """Watch a process; return False if it has ended and been reaped, so that its exit status is lost."""
        if owner in self._polled or owner in self._descriptors.values():
            return True
        try:
            descriptor = os.pidfd_open(owner.pid)
        except ProcessLookupError:
            return False
        except (OSError, AttributeError):  # this system has no pidfds: check the pid and start time
            self._polled.add(owner)
            return is_alive(owner.pid, owner.started)
        if not is_alive(owner.pid, owner.started) and not is_zombie(owner.pid, owner.started):
            os.close(descriptor)
            return False
        self._descriptors[descriptor] = owner
        return True

    def alive(self) -> frozenset[LoggingProcess]:
        """Return the watched processes that have not been reported as ended."""
        return frozenset(self._polled.union(self._descriptors.values()))

    def wait(self, timeout_s: float, *, wakeup: int | None = None) -> list[tuple[LoggingProcess, ExitStatus | None]]:
        """Wait up to `timeout_s` for a process to end, and return those that have ended with their exit status.

        Args:
            timeout_s: how long to wait, in seconds.
            wakeup: a descriptor that ends the wait when it is readable. It is not read.
        """
        poll = select.poll()
        if wakeup is not None:
            poll.register(wakeup, select.POLLIN)
        for descriptor in self._descriptors:
            poll.register(descriptor, select.POLLIN)
        ended: list[tuple[LoggingProcess, ExitStatus | None]] = []
        for descriptor, _ in poll.poll(timeout_s * 1000):
            if descriptor == wakeup:
                continue
            owner = self._descriptors.pop(descriptor)
            ended.append((owner, _exit_status(descriptor, owner.pid)))
            os.close(descriptor)
        for owner in [owner for owner in self._polled if not is_alive(owner.pid, owner.started)]:
            self._polled.remove(owner)
            ended.append((owner, None))
        return ended

    def close(self) -> None:
        """Close the pidfds."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()


def _exit_status(descriptor: int, pid: int) -> ExitStatus | None:
    status = _status_of_zombie(pid)
    return status if status is not None else _status_from_pidfd(descriptor)


def _status_of_zombie(pid: int) -> ExitStatus | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:  # reaped
        return None
    fields = stat.rpartition(b")")[2].split()
    return ExitStatus.from_wait(int(fields[EXIT_CODE_FIELD])) if fields[0] in (b"Z", b"X") else None


def _status_from_pidfd(descriptor: int) -> ExitStatus | None:
    request = bytearray(INFO_SIZE)
    struct.pack_into("=Q", request, 0, PIDFD_INFO_EXIT)
    try:
        fcntl.ioctl(descriptor, PIDFD_GET_INFO, request)
    except OSError:  # an older kernel
        return None
    (mask,) = struct.unpack_from("=Q", request, 0)
    if not mask & PIDFD_INFO_EXIT:
        return None
    (status,) = struct.unpack_from("=i", request, EXIT_CODE_OFFSET)
    return ExitStatus.from_wait(status)
