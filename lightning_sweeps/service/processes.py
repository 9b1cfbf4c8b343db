"""What the processes of each run take: processor, memory, threads, disk, and their part of each GPU.

A run's processes are those that log to it and all that they have started: data-loader workers, and ranks of Lightning's
launcher that do not log themselves. Left out are those that log to another run, our own service and server, and what
these have started. What a system does not tell, or not us, is left out: nothing stands in for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.service.exits import Owner
from lightning_sweeps.system.gpus import MOST_PERCENT, GpuSample
from lightning_sweeps.system.node import is_alive
from lightning_sweeps.system.process_tree import children_of_all, is_helper

FORGET_EVERY = 12
"""Samples after which every process of the machine is looked at again: a pid may have come to stand for another one."""

_HAS_PROC = Path("/proc/self/io").exists()
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who logs: a run, and which of its ranks where all log to one."""

    run: str
    rank: int | None = None

    @classmethod
    def of(cls, info: RunInfo) -> Writer:
        return cls(info.id, info.rank if info.mode == "shared" else None)

    def key(self, name: str) -> str:
        return name if self.rank is None else f"rank.{self.rank}.{name}"


@dataclass(frozen=True, slots=True)
class Family:
    """The processes of a writer: those that log, they with all that they started, and whom of these we leave out."""

    roots: frozenset[int]
    members: frozenset[int]
    others: frozenset[int]


@dataclass(frozen=True, slots=True)
class Reading:
    """One process. Seconds and bytes are since it began, and have in them those of children that it has waited for."""

    cpu_s: float
    rss_bytes: int
    threads: int
    is_dead: bool = False
    """It has ended, and its parent has not noticed: it counts for its seconds alone."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a family at a time; bytes read and written are None where not all of them may be known."""

    at: float
    family: Family
    cpu_s: float
    disk_bytes: tuple[int, int] | None


@dataclass(slots=True)
class ProcessSampler:
    """Samples the processes of runs; rates are over the time since the sample before, so that a first one has none."""

    _strangers: set[int] = field(default_factory=set)
    """Processes of no run: not looked at again at every sample."""
    _helpers: set[int] = field(default_factory=set)
    _roots: frozenset[int] = frozenset()
    _before: dict[Writer, Totals] = field(default_factory=dict)
    _samples: int = 0

    def sample(
        self, owners: Mapping[Writer, Iterable[Owner]], gpus: Sequence[GpuSample]
    ) -> dict[Writer, dict[str, float]]:
        """Return one row for each writer of which a process lives; units are in the names.

        Args:
            owners: the processes that have opened each one's journals.
        """
        roots = {
            writer: frozenset(owner.pid for owner in some if is_alive(owner.pid, owner.started))
            for writer, some in owners.items()
        }
        rows: dict[Writer, dict[str, float]] = {}
        families = self._find(roots)
        before, self._before = self._before, {}
        for writer, family in families.items():
            readings = [reading for pid in family.members if (reading := read_process(pid)) is not None]
            living = [reading for reading in readings if not reading.is_dead]
            if not living:  # ended while we looked, or not to be read
                continue
            cpu_s = sum(reading.cpu_s for reading in readings)
            totals = self._before[writer] = Totals(time.monotonic(), family, cpu_s, _disk_bytes(family.members))
            row = {
                "memory.rss_bytes": float(sum(reading.rss_bytes for reading in living)),
                "threads": float(sum(reading.threads for reading in living)),
                "children": float(max(0, len(living) - len(family.roots))),
                **rates(before.get(writer), totals),
                **gpu_shares(family.members, gpus),
            }
            rows[writer] = {writer.key(name): value for name, value in row.items()}
        return rows

    def _find(self, roots: Mapping[Writer, frozenset[int]]) -> dict[Writer, Family]:
        """Return the families of those that have a root; of strangers only the new ones are looked at."""
        every = frozenset().union(*roots.values())
        if not every:
            return {}
        if every != self._roots or self._samples % FORGET_EVERY == 0:
            self._strangers.clear()
            self._helpers.clear()
        self._roots = every
        self._samples += 1
        there = set(psutil.pids())
        looked_at = there - self._strangers
        known = {pid for totals in self._before.values() for pid in totals.family.members}
        families = find_families(
            roots, children_of_all(looked_at), is_left_out=lambda pid: pid not in known and self._is_helper(pid)
        )
        ours = {pid for family in families.values() for pid in family.members | family.others}
        self._strangers = there - ours
        self._helpers &= ours
        return families

    def _is_helper(self, pid: int) -> bool:
        if pid not in self._helpers and is_helper(pid):
            self._helpers.add(pid)
        return pid in self._helpers


def find_families(
    roots: Mapping[Writer, frozenset[int]],
    children: Mapping[int, Sequence[int]],
    *,
    is_left_out: Callable[[int], bool] = lambda _: False,
) -> dict[Writer, Family]:
    """Return the processes of each writer that has a root.

    Args:
        children: by parent.
        is_left_out: whether a process that somebody has started is no part of his work.
    """
    every = frozenset().union(*roots.values())
    families: dict[Writer, Family] = {}
    for writer, own in roots.items():
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
            families[writer] = Family(own, frozenset(members), frozenset(others))
    return families


def rates(before: Totals | None, now: Totals) -> dict[str, float]:
    """Return what was taken per second since the sample before.

    A process that is waited for passes its seconds and bytes on to its parent, so that sums over a family never jump.
    They do where one that is left out comes or goes: then there are no rates.
    """
    if before is None or before.family.roots != now.family.roots or before.family.others != now.family.others:
        return {}
    seconds = max(now.at - before.at, 1e-3)
    found = {"cpu.percent": 100.0 * (now.cpu_s - before.cpu_s) / seconds}
    if before.disk_bytes is not None and now.disk_bytes is not None:
        found["disk.read_bytes_per_s"] = (now.disk_bytes[0] - before.disk_bytes[0]) / seconds
        found["disk.written_bytes_per_s"] = (now.disk_bytes[1] - before.disk_bytes[1]) / seconds
    return {name: value for name, value in found.items() if value >= 0}  # less: one left without being waited for


def gpu_shares(members: frozenset[int], gpus: Sequence[GpuSample]) -> dict[str, float]:
    """Return these processes' memory and use of each GPU on which they are.

    Drivers that name processes as the host does, in a container with numbers of its own, name none of these.
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


def read_process(pid: int) -> Reading | None:
    """Return what a process takes; None where it is gone or nobody tells us."""
    return _linux_process(pid) if _HAS_PROC else _portable_process(pid)


def _linux_process(pid: int) -> Reading | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:  # it ended while we looked
        return None
    fields = stat.rpartition(b")")[2].split()  # the name before it may hold blanks and parentheses
    ticks = sum(int(field) for field in fields[11:15])  # its own and its children's, as user and in the kernel
    is_dead = fields[0] in (b"Z", b"X")
    return Reading(ticks / _TICKS_PER_S, int(fields[21]) * _PAGE_BYTES, int(fields[17]), is_dead)


def _portable_process(pid: int) -> Reading | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            return Reading(sum(process.cpu_times()), process.memory_info().rss, process.num_threads())
    except psutil.Error:
        return None


def _disk_bytes(members: Iterable[int]) -> tuple[int, int] | None:
    """Return how much these processes had read from disks and written to them."""
    read = written = 0
    for pid in members if _HAS_PROC else ():
        try:
            lines = Path(f"/proc/{pid}/io").read_bytes().split()
        except OSError:  # it ended, or its memory is nobody's business
            return None
        read += int(lines[lines.index(b"read_bytes:") + 1])
        written += int(lines[lines.index(b"write_bytes:") + 1])
    return (read, written) if _HAS_PROC else None
