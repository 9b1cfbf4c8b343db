"""Whether there is room for one more trial: memory on every GPU of the slot, and space on the disks it writes to."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from lightning_sweeps.agents.preflight.gpu_users import BYTES_PER_GIB, describe, holders
from lightning_sweeps.system.gpus import Gpu, GpuSample


def lack_of_memory(gpus: Sequence[Gpu], samples: Sequence[GpuSample], *, floor_gib: float) -> str:
    """Return which of these GPUs have less than `floor_gib` free, and who holds it; empty where all have enough.

    A GPU that does not tell how much is used counts as free.
    """
    uuids = {gpu.uuid for gpu in gpus}
    short = [sample for sample in samples if sample.uuid in uuids and _free_gib(sample) < floor_gib]
    if not short:
        return ""
    free = ", ".join(f"{_free_gib(sample):.1f} GiB of GPU {sample.index}" for sample in short)
    held = describe(holders(gpus, short)) or "no process that is visible from here holds the rest"
    return f"only {free} free, asked for: {floor_gib:g} (`--gpu-memory-floor-gib`); {held}"


def lack_of_space(folders: Iterable[Path], *, floor_gib: float) -> str:
    """Return the first of these folders whose disk has less than `floor_gib` free; empty where all have enough.

    Raises:
        OSError: a folder cannot be looked at.
    """
    for folder in folders:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free_gib = shutil.disk_usage(there).free / BYTES_PER_GIB
        if free_gib < floor_gib:
            return f"the disk of `{folder}` has {free_gib:.2f} GiB free, asked for: {floor_gib:g} (`--disk-floor-gib`)"
    return ""


def _free_gib(sample: GpuSample) -> float:
    return (sample.memory_total_bytes - (sample.memory_used_bytes or 0)) / BYTES_PER_GIB
