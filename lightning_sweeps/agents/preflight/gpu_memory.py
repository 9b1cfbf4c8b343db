"""Checks that every GPU of a slot has enough free memory for one more trial."""

from __future__ import annotations

from collections.abc import Sequence

from lightning_sweeps.agents.preflight.gpu_users import BYTES_PER_GIB, describe_gpu_users, find_gpu_users
from lightning_sweeps.system.gpus import Gpu, GpuSample


def memory_shortage(gpus: Sequence[Gpu], samples: Sequence[GpuSample], *, floor_gib: float) -> str:
    """Return which GPUs have too little free memory and who uses it, or an empty string.

    A GPU that does not report its used memory counts as free.

    Args:
        gpus: the slot's GPUs.
        samples: current samples of the machine's GPUs.
        floor_gib: free memory that each GPU must have.
    """
    uuids = {gpu.uuid for gpu in gpus}
    short = [sample for sample in samples if sample.uuid in uuids and _free_gib(sample) < floor_gib]
    if not short:
        return ""
    free = ", ".join(f"{_free_gib(sample):.1f} GiB of GPU {sample.index}" for sample in short)
    users = describe_gpu_users(find_gpu_users(gpus, short)) or "no visible process uses the rest"
    return f"only {free} free, required: {floor_gib:g} (`--gpu-memory-floor-gib`); {users}"


def _free_gib(sample: GpuSample) -> float:
    return (sample.memory_total_bytes - (sample.memory_used_bytes or 0)) / BYTES_PER_GIB
