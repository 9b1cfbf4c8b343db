"""Who else holds memory of a slot's GPUs: told before a trial starts there and runs out of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import psutil

from lightning_sweeps.system.gpus import Gpu, GpuSample

BYTES_PER_GIB = 1024**3
NOTABLE_BYTES = 256 * 1024**2
"""Less than this is what a CUDA context or a desktop takes."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process and what it holds of one GPU."""

    pid: int
    gpu: int
    memory_bytes: int


def holders(gpus: Sequence[Gpu], samples: Sequence[GpuSample], *, known: Collection[int] = ()) -> tuple[Holder, ...]:
    """Return the processes that hold a notable part of these GPUs' memory, without those `known`.

    Where the driver does not tell what each process holds, a process counts with all that is in use.
    """
    uuids = {gpu.uuid for gpu in gpus}
    return tuple(
        Holder(pid, sample.index, held or sample.memory_used_bytes or 0)
        for sample in samples
        if sample.uuid in uuids
        for pid, held in sorted(sample.processes.items())
        if pid not in known and (held or sample.memory_used_bytes or 0) >= NOTABLE_BYTES
    )


def describe(found: Sequence[Holder]) -> str:
    """Return one line that names the processes."""
    return "; ".join(
        f"GPU {holder.gpu}: {holder.memory_bytes / BYTES_PER_GIB:.1f} GiB are held by process {holder.pid}"
        f" ({_command(holder.pid)})"
        for holder in found
    )


def _command(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return f"{' '.join(process.cmdline())[:80] or process.name()}, user {process.username()}"
    except psutil.Error:
        return "not visible from here"
