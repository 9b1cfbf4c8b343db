"""Lists and samples the GPUs of all vendors. A vendor that fails does not affect the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from lightning_sweeps.system.gpus.devices import Gpu, GpuProcesses, GpuSample
from lightning_sweeps.system.gpus.registry import gpu_vendors, loaded_vendors
from lightning_sweeps.system.gpus.vendor import GpuVendor

T = TypeVar("T")


def list_gpus() -> list[Gpu]:
    """Return this machine's GPUs, vendor by vendor. Empty without a driver: `driver_problem` returns the reason."""
    return [gpu for vendor in gpu_vendors() for gpu in _ask(vendor.devices) or ()]


def sample_gpus(*, since: float | None = None) -> list[GpuSample]:
    """Return a sample of each GPU of `list_gpus`, with its processes.

    Args:
        since: also report how busy each process has kept the GPU since then (seconds since the epoch).
    """
    return [sample for vendor in gpu_vendors() for sample in _sample(vendor, since)]


def driver_problem() -> str:
    """Return the drivers' own messages about why they cannot be used, or an empty string."""
    problems = [_ask(vendor.driver_problem) for vendor in gpu_vendors()]
    return "; ".join(problem for problem in problems if problem)


def gpu_problems() -> list[str]:
    """Return one line for each vendor that cannot be loaded or read, and for each GPU that cannot be used."""
    problems = list(loaded_vendors()[1])
    for vendor in gpu_vendors():
        try:
            vendor.devices()
            problems += vendor.problems()
        except Exception as error:
            problems.append(f"the GPU vendor `{vendor.name}` cannot be used: {type(error).__name__}: {error}")
    return problems


def used_gpu_library() -> str:
    """Return the library that this process has prepared to compute on a GPU with, or an empty string."""
    return next((library for vendor in gpu_vendors() if (library := _ask(vendor.used_library))), "")


def _sample(vendor: GpuVendor, since: float | None) -> list[GpuSample]:
    samples = _ask(vendor.sample) or []
    processes = (_ask(lambda: vendor.processes(since=since)) if samples else None) or {}
    return [_with_processes(sample, processes.get(sample.uuid, GpuProcesses())) for sample in samples]


def _with_processes(sample: GpuSample, processes: GpuProcesses) -> GpuSample:
    return dataclasses.replace(sample, processes=processes.memory_bytes, process_percent=processes.busy_percent)


def _ask(question: Callable[[], T]) -> T | None:
    """Call a vendor. Its package may break the contract, and logging must not fail because of it."""
    try:
        return question()
    except Exception:
        return None
