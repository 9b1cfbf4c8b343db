"""Notices when the kernel kills a process because memory is short, on the machine or in a container (Linux)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

RECENT_S = 4.0
"""How long an out-of-memory kill counts as recent: a killed process frees its memory before it ends."""

VMSTAT = Path("/proc/vmstat")
OWN_CGROUPS = Path("/proc/self/cgroup")
CGROUP_ROOT = Path("/sys/fs/cgroup")
COUNTER = "oom_kill"


def count_memory_kills() -> int:
    """Return how often the kernel killed a process for lack of memory: on this machine, and in this cgroup.

    A container may see only its own cgroup, whose file has the same counter as the machine's.
    """
    return sum(parse_counter(path) for path in (VMSTAT, *_cgroup_files()))


def parse_counter(path: Path) -> int:
    """Return the counter `oom_kill` of a file with one name and number in each line; 0 if it has none."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    words = (line.split() for line in lines)
    return next((int(found[1]) for found in words if len(found) == 2 and found[0] == COUNTER), 0)


def _cgroup_files() -> list[Path]:
    """Return the files with this process's memory events: cgroup 2, and cgroup 1 on old systems."""
    try:
        entries = [line.split(":", 2) for line in OWN_CGROUPS.read_text().splitlines()]
    except OSError:
        return []
    files = []
    for number, controllers, path in entries:
        inside = path.lstrip("/")
        if number == "0":
            files += [CGROUP_ROOT / inside / "memory.events", CGROUP_ROOT / "memory.events"]
        elif "memory" in controllers.split(","):
            files.append(CGROUP_ROOT / "memory" / inside / "memory.oom_control")
    return files


@dataclass(slots=True)
class OutOfMemoryKills:
    """Detects when the kernel kills a process because memory is short. The kernel does not report which process."""

    _count: int = field(default_factory=count_memory_kills)
    _risen_at: float = -RECENT_S

    def are_recent(self, now: float) -> bool:
        """Return whether there was a kill in the last `RECENT_S`. To miss none, call it every few seconds."""
        count = count_memory_kills()
        if count != self._count:
            self._count, self._risen_at = count, now
        return now - self._risen_at < RECENT_S
