"""The GPU of a Mac with Apple silicon, as `ioreg` describes it. It needs no administrator.

The GPU shares the machine's memory. Power and temperature need root, so they are not reported.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from lightning_sweeps.system.gpus.devices import MOST_PERCENT, Gpu, GpuSample
from lightning_sweeps.system.gpus.vendor import GpuVendor

LIST_ACCELERATORS = ("ioreg", "-a", "-r", "-d", "1", "-c", "IOAccelerator")
LIMIT_S = 5.0


class Apple(GpuVendor):
    """The GPU of a Mac. There is one, and Metal has no variable that hides it from a process.

    Args:
        is_mac: whether this machine runs macOS; default: detected.
    """

    name = "apple"
    visibility_variable = "APPLE_VISIBLE_DEVICES"

    def __init__(self, *, is_mac: bool | None = None) -> None:
        self._is_mac = sys.platform == "darwin" if is_mac is None else is_mac

    def devices(self) -> list[Gpu]:
        """Return the GPU."""
        memory_bytes = _memory_bytes()
        return [Gpu(self.name, index, _uuid(each), _name(each), memory_bytes) for index, each in self._accelerators()]

    def sample(self) -> list[GpuSample]:
        """Return a sample: how busy the GPU is, and the memory that all processes use on it."""
        memory_bytes = _memory_bytes()
        return [_sample(index, each, memory_bytes) for index, each in self._accelerators()]

    def _accelerators(self) -> list[tuple[int, Mapping[str, Any]]]:
        if not self._is_mac:
            return []
        import plistlib  # other machines and most processes need neither
        import subprocess

        try:
            listed = subprocess.run(LIST_ACCELERATORS, capture_output=True, timeout=LIMIT_S, check=True).stdout
            found = plistlib.loads(listed)
        except (OSError, subprocess.SubprocessError, plistlib.InvalidFileException, ValueError):
            return []
        return list(enumerate(found))


def _memory_bytes() -> int:
    import psutil  # takes 20 ms

    return int(psutil.virtual_memory().total)


def _uuid(accelerator: Mapping[str, Any]) -> str:
    return f"APPLE-{accelerator.get('IORegistryEntryID', 0)}"


def _name(accelerator: Mapping[str, Any]) -> str:
    model = accelerator.get("model") or "Apple GPU"
    return model.rstrip(b"\0").decode(errors="replace") if isinstance(model, bytes) else str(model)


def _sample(index: int, accelerator: Mapping[str, Any], memory_bytes: int) -> GpuSample:
    statistics = accelerator.get("PerformanceStatistics", {})
    busy, used = statistics.get("Device Utilization %"), statistics.get("In use system memory")
    return GpuSample(
        index=index,
        uuid=_uuid(accelerator),
        utilization_percent=None if busy is None else float(min(busy, MOST_PERCENT)),
        memory_used_bytes=None if used is None else int(used),
        memory_total_bytes=memory_bytes,
        temperature_c=None,
        power_w=None,
        sm_clock_mhz=None,
        memory_clock_mhz=None,
    )
