"""Which machine this is, and which process: names that stay the same where pids and clocks do not."""

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
    """The process that writes the journal: pid and start time together name it on its node."""

    pid: int
    started: float
    node: str
    host: str
    user: str = ""
    command: list[str] = field(default_factory=list)


_MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


@functools.cache
def node_id() -> str:
    """Return this machine's id, the same for all its processes and after a reboot.

    The pid namespace is part of it: pids of two containers on one machine must not be compared.
    """
    name = read_settings().node  # of machines that nothing else tells apart
    told = (name,) if name else ()
    return derive_id(socket.gethostname(), _machine_id(), _pid_namespace(), *told, prefix="n-")


def process_start(pid: int) -> float | None:
    """Return when the process started, or None where there is no such process (a zombie counts as gone).

    On Linux in clock ticks since boot, which no change of the system clock moves; elsewhere seconds since the epoch.
    Only good for comparing with another call for the same pid on the same machine.
    """
    return _linux_start(pid) if Path("/proc/self/stat").exists() else _portable_start(pid)


def is_alive(pid: int, started: float) -> bool:
    """Tell whether the very process that started then with this pid still lives."""
    return process_start(pid) == started


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


def _linux_start(pid: int) -> float | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(b")")[2].split()  # the name before it may hold blanks and parentheses
    state, start_ticks = fields[0], fields[19]
    return None if state in (b"Z", b"X") else float(start_ticks)


def _portable_start(pid: int) -> float | None:
    import psutil  # 10 ms that a training process on Linux need not spend

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
