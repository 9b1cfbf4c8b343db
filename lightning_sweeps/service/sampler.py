"""Samples the machine: CPU, memory, disk, network and every GPU, as one row of numbers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from lightning_sweeps.journal.records import GpuInfo, NodeInfo
from lightning_sweeps.system.gpus import GpuSample, list_gpus
from lightning_sweeps.system.node import node_id, this_process


@dataclass(slots=True)
class NodeCounters:
    """Byte counters since boot, and when they were read (monotonic time)."""

    time: float
    disk_read: int
    disk_written: int
    network_received: int
    network_sent: int


def read_counters() -> NodeCounters:
    """Return the byte counters of all disks and network interfaces; zeros if the system has none."""
    disk = psutil.disk_io_counters()
    network = psutil.net_io_counters()
    return NodeCounters(
        time.monotonic(),
        disk.read_bytes if disk else 0,
        disk.write_bytes if disk else 0,
        network.bytes_recv if network else 0,
        network.bytes_sent if network else 0,
    )


@dataclass(slots=True)
class NodeSampler:
    """Samples this node. Rates are averages since the previous sample.

    Args:
        disk_path: a path on the file system whose usage is sampled.
    """

    disk_path: Path
    _before: NodeCounters = field(default_factory=read_counters)

    def __post_init__(self) -> None:
        psutil.cpu_percent()  # the first call starts the measurement

    def sample(self, gpus: Iterable[GpuSample]) -> dict[str, float]:
        """Return one row, with units in the names. A value that cannot be read is left out."""
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(str(self.disk_path))
        row = {
            "cpu.percent": psutil.cpu_percent(),
            "memory.used_bytes": float(memory.total - memory.available),
            "memory.percent": memory.percent,
            "disk.used_bytes": float(disk.used),
            "disk.percent": disk.percent,
        }
        return {**row, **self._rates(), **_gpu_row(gpus)}

    def _rates(self) -> dict[str, float]:
        before, self._before = self._before, read_counters()
        seconds = max(self._before.time - before.time, 1e-3)
        return {
            "disk.read_bytes_per_s": (self._before.disk_read - before.disk_read) / seconds,
            "disk.written_bytes_per_s": (self._before.disk_written - before.disk_written) / seconds,
            "network.received_bytes_per_s": (self._before.network_received - before.network_received) / seconds,
            "network.sent_bytes_per_s": (self._before.network_sent - before.network_sent) / seconds,
        }


def describe_node() -> NodeInfo:
    """Return the description of this machine for the header of its journal."""
    gpus = list_gpus()
    return NodeInfo(
        id=node_id(),
        host=this_process().host,
        cpu_count=psutil.cpu_count() or 0,
        memory_bytes=psutil.virtual_memory().total,
        gpus=[gpu.name for gpu in gpus],
        devices=[GpuInfo(gpu.place, gpu.uuid, gpu.name, gpu.memory_bytes) for gpu in gpus],
    )


def _gpu_row(gpus: Iterable[GpuSample]) -> dict[str, float]:
    row: dict[str, float] = {}
    for gpu in gpus:
        readings = {
            "utilization_percent": gpu.utilization_percent,
            "memory_used_bytes": gpu.memory_used_bytes,
            "memory_percent": _percent(gpu.memory_used_bytes, gpu.memory_total_bytes),
            "temperature_c": gpu.temperature_c,
            "power_w": gpu.power_w,
            "sm_clock_mhz": gpu.sm_clock_mhz,
            "memory_clock_mhz": gpu.memory_clock_mhz,
        }
        row.update({f"gpu.{gpu.place}.{name}": float(value) for name, value in readings.items() if value is not None})
    return row


def _percent(used: int | None, total: int) -> float | None:
    return None if used is None or not total else 100.0 * used / total
