"""Identifies this machine and its processes, even when pids are reused and clocks change."""

from __future__ import annotations

import functools
import getpass
import os
import platform
import socket
import sys
from pathlib import Path

from msgspec import Struct, field

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.core.settings import read_settings


class Process(Struct, array_like=True, frozen=True):
    """A process that writes a journal.

    Attributes:
        pid, started: identify the process on its node; `started` is from `process_start`.
        node: id of the machine.
        host: name of the machine.
        user: name of the user.
        command: the command line.
    """

    pid: int
    started: float
    node: str
    host: str
    user: str = ""
    command: list[str] = field(default_factory=list)


_MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


@functools.cache
def node_id() -> str:
    """Return this machine's id, which is the same for all its processes and after a reboot.

    It depends on the pid namespace, because the pids of two containers on one machine must not be compared.
    """
    name = read_settings().node
    names = (name,) if name else ()
    return derive_id(socket.gethostname(), _machine_id(), _pid_namespace(), *names, prefix="n-")


def process_start(pid: int) -> float | None:
    """Return when a process started, or None if there is no such process. A zombie counts as gone.

    Compare the value only with another one for the same pid on the same machine. On Linux its unit is clock ticks since
    boot, which do not depend on the system clock; elsewhere it is seconds since the epoch.
    """
    return _linux_start(pid) if Path("/proc/self/stat").exists() else _portable_start(pid)


def is_alive(pid: int, started: float) -> bool:
    """Return whether the process with this pid and start time is still running."""
    return process_start(pid) == started


def is_zombie(pid: int, started: float) -> bool:
    """Return whether the process has ended and its parent has not reaped it yet. Linux only."""
    fields = _linux_fields(pid)
    return fields is not None and fields[0] == b"Z" and float(fields[19]) == started


def this_process() -> Process:
    """Describe the calling process for a journal's header."""
    pid = os.getpid()
    return Process(
        pid=pid,
        started=process_start(pid) or 0.0,
        node=node_id(),
        host=socket.gethostname(),
        user=_user(),
        command=list(sys.orig_argv),
    )


def parent_of(pid: int) -> int | None:
    """Return the pid of a process's parent, or None if there is no such process."""
    if Path("/proc/self/stat").exists():
        fields = _linux_fields(pid)
        return None if fields is None else int(fields[1])
    import psutil  # takes 10 ms, which training processes on Linux avoid

    try:
        return psutil.Process(pid).ppid()
    except psutil.NoSuchProcess:
        return None


def _linux_start(pid: int) -> float | None:
    fields = _linux_fields(pid)
    if fields is None:
        return None
    state, start_ticks = fields[0], fields[19]
    return None if state in (b"Z", b"X") else float(start_ticks)


def _linux_fields(pid: int) -> list[bytes] | None:
    """Return the fields of a process's status after its name, or None if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return stat.rpartition(b")")[2].split()  # the name before it may contain spaces and parentheses


def _portable_start(pid: int) -> float | None:
    import psutil  # takes 10 ms, which training processes on Linux avoid

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def _machine_id() -> str:
    for path in _MACHINE_ID_FILES:
        try:
            return path.read_text().strip()
        except OSError:
            continue
    return platform.node()


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id without a name
        return str(os.getuid())
