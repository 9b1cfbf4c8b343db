"""Samples the processes of each run: CPU, memory, threads, disk, and their share of each GPU.

The processes of a run are those that log to it and all their descendants, such as data-loader workers and ranks of
Lightning's launcher that do not log themselves. Processes that log to another run, the service and the server are left
out, with their descendants. A value that the system does not report is left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.service.exits import LoggingProcess
from lightning_sweeps.system.gpus import MOST_PERCENT, GpuSample
from lightning_sweeps.system.node import is_alive
from lightning_sweeps.system.process_tree import children_of_all, is_helper

RESCAN_SAMPLES = 12
"""Number of samples after which all processes of the machine are examined again, because pids are reused."""

_HAS_PROC = Path("/proc/self/io").exists()
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class RunRank:
    """A run, and the rank in it if all ranks log to one run."""

    run: str
    rank: int | None = None

    @classmethod
    def of(cls, info: RunInfo) -> RunRank:
        """Return the run and rank of a journal's header."""
        return cls(info.id, info.rank if info.mode == "shared" else None)

    def key(self, name: str) -> str:
        """Return the metric name, with the rank if there is one."""
        return name if self.rank is None else f"rank.{self.rank}.{name}"


@dataclass(frozen=True, slots=True)
class RunProcesses:
    """The processes of a run: `roots` log, `members` includes their descendants, `others` are left out."""

    roots: frozenset[int]
    members: frozenset[int]
    others: frozenset[int]


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """Resource usage of one process since its start, including children that it has waited for."""

    cpu_s: float
    rss_bytes: int
    threads: int
    is_dead: bool = False
    """Whether it is a zombie: only its CPU seconds count."""


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """Sums over a run's processes at one time. `disk_bytes` (read, written) is None if one process cannot be read."""

    at: float
    processes: RunProcesses
    cpu_s: float
    disk_bytes: tuple[int, int] | None


@dataclass(slots=True)
class ProcessSampler:
    """Samples the processes of runs. Rates are averages since the previous sample, so the first sample has none."""

    _unrelated: set[int] = field(default_factory=set)
    """Processes that belong to no run. They are not examined at every sample."""
    _helpers: set[int] = field(default_factory=set)
    _roots: frozenset[int] = frozenset()
    _before: dict[RunRank, UsageTotals] = field(default_factory=dict)
    _samples: int = 0

    def sample(
        self, owners: Mapping[RunRank, Iterable[LoggingProcess]], gpus: Sequence[GpuSample]
    ) -> dict[RunRank, dict[str, float]]:
        """Return one row for each run with a living process, with units in the names.

        Args:
            owners: the processes that log to each run.
            gpus: samples of the GPUs of this node.
        """
        roots = {
            run_rank: frozenset(owner.pid for owner in some if is_alive(owner.pid, owner.started))
            for run_rank, some in owners.items()
        }
        rows: dict[RunRank, dict[str, float]] = {}
        found = self._find(roots)
        before, self._before = self._before, {}
        for run_rank, processes in found.items():
            readings = [reading for pid in processes.members if (reading := read_process(pid)) is not None]
            living = [reading for reading in readings if not reading.is_dead]
            if not living:  # they have just ended, or cannot be read
                continue
            cpu_s = sum(reading.cpu_s for reading in readings)
            disk_bytes = _disk_bytes(processes.members)
            totals = self._before[run_rank] = UsageTotals(time.monotonic(), processes, cpu_s, disk_bytes)
            row = {
                "memory.rss_bytes": float(sum(reading.rss_bytes for reading in living)),
                "threads": float(sum(reading.threads for reading in living)),
                "children": float(max(0, len(living) - len(processes.roots))),
                **rates(before.get(run_rank), totals),
                **gpu_shares(processes.members, gpus),
            }
            rows[run_rank] = {run_rank.key(name): value for name, value in row.items()}
        return rows

    def _find(self, roots: Mapping[RunRank, frozenset[int]]) -> dict[RunRank, RunProcesses]:
        """Return the processes of each run with a root; only new processes and those of runs are examined."""
        every = frozenset().union(*roots.values())
        if not every:
            return {}
        if every != self._roots or self._samples % RESCAN_SAMPLES == 0:
            self._unrelated.clear()
            self._helpers.clear()
        self._roots = every
        self._samples += 1
        there = set(psutil.pids())
        looked_at = there - self._unrelated
        known = {pid for totals in self._before.values() for pid in totals.processes.members}
        found = find_run_processes(
            roots, children_of_all(looked_at), is_left_out=lambda pid: pid not in known and self._is_helper(pid)
        )
        ours = {pid for processes in found.values() for pid in processes.members | processes.others}
        self._unrelated = there - ours
        self._helpers &= ours
        return found

    def _is_helper(self, pid: int) -> bool:
        if pid not in self._helpers and is_helper(pid):
            self._helpers.add(pid)
        return pid in self._helpers


def find_run_processes(
    roots: Mapping[RunRank, frozenset[int]],
    children: Mapping[int, Sequence[int]],
    *,
    is_left_out: Callable[[int], bool] = lambda _: False,
) -> dict[RunRank, RunProcesses]:
    """Return the processes of each run that has a root.

    Args:
        roots: the processes that log to each run.
        children: child processes, by parent.
        is_left_out: whether a descendant does not belong to the run.
    """
    every = frozenset().union(*roots.values())
    found: dict[RunRank, RunProcesses] = {}
    for run_rank, own in roots.items():
        members: set[int] = set()
        others: set[int] = set()
        waiting = list(own)
        while waiting:
            pid = waiting.pop()
            members.add(pid)
            for child in children.get(pid, ()):
                if child in every or is_left_out(child):
                    others |= {child} - own
                elif child not in members:
                    waiting.append(child)
        if own:
            found[run_rank] = RunProcesses(own, frozenset(members), frozenset(others))
    return found


def rates(before: UsageTotals | None, now: UsageTotals) -> dict[str, float]:
    """Return the usage per second since the previous sample.

    When a parent waits for a process, the process's seconds and bytes are added to the parent's, so the sums over a run
    do not jump. They do jump when a left-out process appears or ends. Then no rates are returned.
    """
    if before is None:
        return {}
    if (before.processes.roots, before.processes.others) != (now.processes.roots, now.processes.others):
        return {}
    seconds = max(now.at - before.at, 1e-3)
    found = {"cpu.percent": 100.0 * (now.cpu_s - before.cpu_s) / seconds}
    if before.disk_bytes is not None and now.disk_bytes is not None:
        found["disk.read_bytes_per_s"] = (now.disk_bytes[0] - before.disk_bytes[0]) / seconds
        found["disk.written_bytes_per_s"] = (now.disk_bytes[1] - before.disk_bytes[1]) / seconds
    # a rate is negative if a process ended and no parent waited for it
    return {name: value for name, value in found.items() if value >= 0}


def gpu_shares(members: frozenset[int], gpus: Sequence[GpuSample]) -> dict[str, float]:
    """Return the memory and utilization of these processes on each GPU that they use.

    In a container with its own pids, a driver that reports the host's pids matches none of them.
    """
    row: dict[str, float] = {}
    for gpu in gpus:
        percents = gpu.process_percent
        here = members & (gpu.processes.keys() | (percents or {}).keys())
        if held := sum(gpu.processes.get(pid, 0) for pid in here):
            row[f"gpu.{gpu.place}.memory_used_bytes"] = float(held)
        if here and percents is not None:
            used = sum(percents.get(pid, 0.0) for pid in here)
            row[f"gpu.{gpu.place}.utilization_percent"] = min(used, float(MOST_PERCENT))
    return row


def read_process(pid: int) -> ProcessReading | None:
    """Return the usage of a process, or None if it has ended or cannot be read."""
    return _linux_process(pid) if _HAS_PROC else _portable_process(pid)


def _linux_process(pid: int) -> ProcessReading | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:  # it has just ended
        return None
    fields = stat.rpartition(b")")[2].split()  # the name before it may contain spaces and parentheses
    ticks = sum(int(field) for field in fields[11:15])  # of the process and its children, in user and kernel mode
    is_dead = fields[0] in (b"Z", b"X")
    return ProcessReading(ticks / _TICKS_PER_S, int(fields[21]) * _PAGE_BYTES, int(fields[17]), is_dead)


def _portable_process(pid: int) -> ProcessReading | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            return ProcessReading(sum(process.cpu_times()), process.memory_info().rss, process.num_threads())
    except psutil.Error:
        return None


def _disk_bytes(members: Iterable[int]) -> tuple[int, int] | None:
    """Return the bytes that these processes read from disks and wrote to them, or None if one cannot be read."""
    read = written = 0
    for pid in members if _HAS_PROC else ():
        try:
            lines = Path(f"/proc/{pid}/io").read_bytes().split()
        except OSError:  # it has ended, or permission is denied
            return None
        read += int(lines[lines.index(b"read_bytes:") + 1])
        written += int(lines[lines.index(b"write_bytes:") + 1])
    return (read, written) if _HAS_PROC else None
