"""Finds the processes that use memory of a slot's GPUs before a trial starts there and runs out of memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import psutil

from lightning_sweeps.system.gpus import Gpu, GpuSample

BYTES_PER_GIB = 1024**3
NOTABLE_BYTES = 256 * 1024**2
"""A GPU context or a desktop uses less than this."""


@dataclass(frozen=True, slots=True)
class GpuUser:
    """A process that uses memory of a GPU.

    Attributes:
        pid: the process.
        gpu: index of the GPU.
        memory_bytes: GPU memory that the process uses.
    """

    pid: int
    gpu: int
    memory_bytes: int


def find_gpu_users(
    gpus: Sequence[Gpu], samples: Sequence[GpuSample], *, known: Collection[int] = ()
) -> tuple[GpuUser, ...]:
    """Return the processes that use a notable part of these GPUs' memory.

    If the driver does not report memory per process, all memory in use counts for each process.

    Args:
        gpus: the GPUs to check.
        samples: current samples of the machine's GPUs.
        known: pids to leave out.
    """
    uuids = {gpu.uuid for gpu in gpus}
    return tuple(
        GpuUser(pid, sample.index, used_bytes or sample.memory_used_bytes or 0)
        for sample in samples
        if sample.uuid in uuids
        for pid, used_bytes in sorted(sample.processes.items())
        if pid not in known and (used_bytes or sample.memory_used_bytes or 0) >= NOTABLE_BYTES
    )


def describe_gpu_users(users: Sequence[GpuUser]) -> str:
    """Return one line that names the processes."""
    return "; ".join(
        f"GPU {user.gpu}: process {user.pid} ({_command(user.pid)}) uses {user.memory_bytes / BYTES_PER_GIB:.1f} GiB"
        for user in users
    )


def _command(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return f"{' '.join(process.cmdline())[:80] or process.name()}, user {process.username()}"
    except psutil.Error:
        return "not visible from here"
