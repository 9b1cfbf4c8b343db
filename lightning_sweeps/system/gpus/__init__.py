"""The GPUs of this machine: lists them, samples them, and determines which of them a process sees.

The functions here use all registered vendors. Each vendor is one file, which uses the vendor's driver.
"""

from lightning_sweeps.system.gpus.devices import MOST_PERCENT, Gpu, GpuProcesses, GpuSample
from lightning_sweeps.system.gpus.inventory import (
    driver_problem,
    gpu_problems,
    list_gpus,
    sample_gpus,
    used_gpu_library,
)
from lightning_sweeps.system.gpus.vendor import GpuVendor
from lightning_sweeps.system.gpus.visibility import (
    device_names,
    environment_for,
    visibility_variables,
    visible_gpus,
    visible_names,
)

__all__ = [
    "MOST_PERCENT",
    "Gpu",
    "GpuProcesses",
    "GpuSample",
    "GpuVendor",
    "device_names",
    "driver_problem",
    "environment_for",
    "gpu_problems",
    "list_gpus",
    "sample_gpus",
    "used_gpu_library",
    "visibility_variables",
    "visible_gpus",
    "visible_names",
]
