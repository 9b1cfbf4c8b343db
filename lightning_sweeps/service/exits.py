"""How a process that is not our child ended: its exit status, seen through its pidfd.

A pidfd becomes readable when the process dies. Until the parent reaps it, the zombie's status can be read from
/proc/<pid>/stat (field 52); after that, since Linux 6.15, the pidfd itself tells it (PIDFD_GET_INFO,
include/uapi/linux/pidfd.h). On older kernels a parent that reaps at once wins the race, and elsewhere there is neither:
the status is then unknown, and is said to be.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
from dataclasses import dataclass, field
from pathlib import Path

from lightning_sweeps.journal.closing import ExitStatus
from lightning_sweeps.system.node import is_alive

PIDFD_INFO_EXIT = 1 << 3
INFO_SIZE = 64
"""struct pidfd_info: u64 mask, u64 cgroup id, eleven u32 of ids, then the i32 exit status at byte 60."""
EXIT_CODE_OFFSET = 60
PIDFD_GET_INFO = (3 << 30) | (INFO_SIZE << 16) | (0xFF << 8) | 11
"""_IOWR(0xFF, 11, struct pidfd_info)"""
RECENT_S = 3.0
"""A killed process takes a while to end: its memory is given back first."""
EXIT_CODE_FIELD = 49
"""Of /proc/<pid>/stat, counted behind the name."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that owns journals: pid and start time name it."""

    pid: int
    started: float


@dataclass(slots=True)
class ExitWatch:
    """Watches processes until they end. Not a child watcher: it works for any process of this user."""

    _descriptors: dict[int, Owner] = field(default_factory=dict)
    _polled: set[Owner] = field(default_factory=set)

    def add(self, owner: Owner) -> bool:
        """Watch the process; False where it has already ended."""
        if owner in self._polled or owner in self._descriptors.values():
            return True
        try:
            descriptor = os.pidfd_open(owner.pid)
        except ProcessLookupError:
            return False
        except (OSError, AttributeError):  # no pidfds on this system: looked at by pid and start time
            self._polled.add(owner)
            return is_alive(owner.pid, owner.started)
        if not is_alive(owner.pid, owner.started):
            os.close(descriptor)
            return False
        self._descriptors[descriptor] = owner
        return True

    def alive(self) -> frozenset[Owner]:
        """Return the processes that are watched and of which nobody has heard that they ended."""
        return frozenset(self._polled.union(self._descriptors.values()))

    def wait(self, timeout_s: float) -> list[tuple[Owner, ExitStatus | None]]:
        """Return the processes that have ended, as soon as one has or after `timeout_s`."""
        poll = select.poll()
        for descriptor in self._descriptors:
            poll.register(descriptor, select.POLLIN)
        ended: list[tuple[Owner, ExitStatus | None]] = []
        for descriptor, _ in poll.poll(timeout_s * 1000):
            owner = self._descriptors.pop(descriptor)
            ended.append((owner, _exit_status(descriptor, owner.pid)))
            os.close(descriptor)
        for owner in [owner for owner in self._polled if not is_alive(owner.pid, owner.started)]:
            self._polled.remove(owner)
            ended.append((owner, None))
        return ended

    def close(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()


def _kills_by_memory() -> int:
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:  # no Linux
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


@dataclass(slots=True)
class MemoryKills:
    """Whether the kernel has just ended a process because memory was short: it counts them, but does not say whom."""

    _count: int = field(default_factory=_kills_by_memory)
    _risen_at: float = -RECENT_S

    def are_recent(self, now: float) -> bool:
        """Tell it for the last `RECENT_S`; ask about once a second, also where nobody wants to know."""
        count = _kills_by_memory()
        if count != self._count:
            self._count, self._risen_at = count, now
        return now - self._risen_at < RECENT_S


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
