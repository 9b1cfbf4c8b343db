"""Checks the GPUs as their drivers show them, and which of them programs may use."""

from __future__ import annotations

from collections.abc import Iterator

from lightning_sweeps.cli.doctor_checks.finding import Finding, Level, Machine
from lightning_sweeps.core.settings import environment
from lightning_sweeps.system.gpus.registry import loaded_vendors
from lightning_sweeps.system.gpus.vendor import GpuVendor

CHECK = "gpu"


def find(machine: Machine) -> Iterator[Finding]:
    """Name the GPUs of each vendor. If no GPU is found, say why."""
    del machine
    vendors, problems = loaded_vendors()
    for problem in problems:
        yield Finding(CHECK, "warn", problem, "install or remove the package that adds this GPU vendor")
    found = [finding for vendor in vendors for finding in _of_vendor(vendor)]
    yield from found
    if not found:
        reasons = "; ".join(f"{vendor.name}: {problem}" for vendor in vendors if (problem := vendor.driver_problem()))
        because = f" ({reasons})" if reasons else ""
        yield Finding(CHECK, "ok", f"no GPU: trials run on the processor{because}")


def _of_vendor(vendor: GpuVendor) -> Iterator[Finding]:
    for problem in vendor.problems():
        yield Finding(CHECK, "fail", problem, "`nvidia-smi -q` and `dmesg`; a GPU that is lost needs a restart")
    gpus = vendor.devices()
    if not gpus:
        return
    value = environment().get(vendor.visibility_variable)
    visible = vendor.visible(gpus, value)
    names = ", ".join(sorted({gpu.name for gpu in gpus}))
    if len(visible) == len(gpus):
        yield Finding(CHECK, "ok", f"{len(gpus)} x {names}")
        return
    level: Level = "warn" if visible else "fail"
    yield Finding(
        CHECK,
        level,
        f"{vendor.visibility_variable} is `{value}`: programs see {len(visible)} of {len(gpus)} GPUs ({names})",
        f"`unset {vendor.visibility_variable}` for all of them",
    )
