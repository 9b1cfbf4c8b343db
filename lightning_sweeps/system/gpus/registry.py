"""Registers GPU vendors."""

from __future__ import annotations

import functools

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.errors import LightningSweepsError
from lightning_sweeps.system.gpus.vendor import GpuVendor

BUILT_IN = {
    "nvidia": "lightning_sweeps.system.gpus.nvidia:Nvidia",
    "amd": "lightning_sweeps.system.gpus.amd:Amd",
    "apple": "lightning_sweeps.system.gpus.apple:Apple",
    "intel": "lightning_sweeps.system.gpus.intel:Intel",
}

GPU_VENDORS: Registry[type[GpuVendor]] = Registry(
    "GPU vendor",
    "lightning_sweeps.gpu_vendors",
    BUILT_IN,
    required=("name", "visibility_variable", "devices", "sample"),
)
"""Name to subclass of `GpuVendor`."""


@functools.cache
def loaded_vendors() -> tuple[tuple[GpuVendor, ...], tuple[str, ...]]:
    """Return one instance of each vendor, and one line for each vendor that cannot be loaded.

    Logging and training must not fail because a package that adds a vendor is broken.
    """
    vendors: list[GpuVendor] = []
    problems: list[str] = []
    for name in GPU_VENDORS.names():
        try:
            vendors.append(GPU_VENDORS.get(name)())
        except LightningSweepsError as error:
            problems.append(error.message)
        except Exception as error:  # another package's constructor may raise anything
            problems.append(f"the GPU vendor `{name}` cannot be used: {type(error).__name__}: {error}")
    return tuple(vendors), tuple(problems)


def gpu_vendors() -> tuple[GpuVendor, ...]:
    """Return one instance of each vendor that can be loaded."""
    return loaded_vendors()[0]


def vendor_of(name: str) -> GpuVendor:
    """Return the vendor with this name.

    Raises:
        UsageError: there is no such vendor.
    """
    return next((vendor for vendor in gpu_vendors() if vendor.name == name), None) or GPU_VENDORS.get(name)()
