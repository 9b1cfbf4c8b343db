"""Determines which GPUs a process sees, from the visibility variables of all vendors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lightning_sweeps.system.gpus.devices import Gpu
from lightning_sweeps.system.gpus.inventory import list_gpus
from lightning_sweeps.system.gpus.registry import BUILT_IN, GPU_VENDORS, gpu_vendors, vendor_of

VISIBILITY_WORDS = ("VISIBLE", "DEVICE", "AFFINITY")
"""One of them is in the name of every vendor's variable, for example ASCEND_RT_VISIBLE_DEVICES and ZE_AFFINITY_MASK."""


def visible_gpus(environ: Mapping[str, str]) -> list[Gpu]:
    """Return the GPUs of this machine that a process with this environment sees."""
    gpus = list_gpus()
    return [
        gpu
        for vendor in gpu_vendors()
        for gpu in vendor.visible(
            [gpu for gpu in gpus if gpu.vendor == vendor.name], environ.get(vendor.visibility_variable)
        )
    ]


def device_names(gpus: Sequence[Gpu], environ: Mapping[str, str]) -> list[str]:
    """Return the GPUs' names in their vendors' visibility variables, in the style of the variables' current values."""
    names: dict[str, str] = {}
    for vendor in [vendor_of(name) for name in dict.fromkeys(gpu.vendor for gpu in gpus)]:
        own = [gpu for gpu in gpus if gpu.vendor == vendor.name]
        value = environ.get(vendor.visibility_variable)
        names |= zip((gpu.uuid for gpu in own), vendor.device_names(own, value), strict=True)
    return [names[gpu.uuid] for gpu in gpus]


def environment_for(
    gpus: Sequence[Gpu], *, hidden_vendors: Collection[str] = (), parent: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that limit a new process to these GPUs.

    Args:
        gpus: the GPUs that the process may use.
        hidden_vendors: names of vendors with GPUs that the process must not see.
        parent: environment from which the process inherits. The variables of vendors without GPUs stay unchanged.
    """
    variables: dict[str, str] = {}
    for name in hidden_vendors:
        variables |= vendor_of(name).environment([], parent)
    for name in dict.fromkeys(gpu.vendor for gpu in gpus):
        variables |= vendor_of(name).environment([gpu for gpu in gpus if gpu.vendor == name], parent)
    return variables


def visible_names(environ: Mapping[str, str]) -> list[str]:
    """Return the names in the first visibility variable that is set; empty if none is set.

    Every process that logs calls this, so it loads vendors only if a variable has a name like theirs, and none after
    the first whose variable is set.
    """
    if not any(is_like_a_visibility_variable(name) for name in environ):
        return []
    built_in = (GPU_VENDORS.get(name).visibility_variable for name in BUILT_IN)
    value = next((environ[name] for name in built_in if name in environ), None)
    if value is None:
        value = next((environ[name] for name in visibility_variables() if name in environ), "")
    return [name for name in value.split(",") if name]


def is_like_a_visibility_variable(name: str) -> bool:
    """Return whether a variable is named like those by which vendors limit the devices of a process."""
    return any(word in name for word in VISIBILITY_WORDS)


def visibility_variables() -> list[str]:
    """Return the visibility variables of all vendors."""
    return list(dict.fromkeys(vendor.visibility_variable for vendor in gpu_vendors()))
