"""AMD GPUs through AMD SMI, the Python module `amdsmi` that ROCm installs.

Source of names and units: AMD SMI's Python API reference. Memory is in MiB, power in W, temperature in degrees Celsius,
clocks in MHz; a value that a GPU does not report is `N/A`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from lightning_sweeps.system.gpus.devices import Gpu, GpuProcesses, GpuSample
from lightning_sweeps.system.gpus.vendor import GpuVendor

MIB = 1024**2
COMPUTE_DEVICE = "/dev/kfd"
"""A process that computes with ROCm has this file open. AMD SMI does not open it."""


class Amd(GpuVendor):
    """AMD GPUs in the order of HIP.

    Args:
        smi: the binding; default: the module `amdsmi`, imported when a GPU is first read.
    """

    name = "amd"
    visibility_variable = "HIP_VISIBLE_DEVICES"

    def __init__(self, smi: Any = None) -> None:
        self._module = smi
        self._started_by: int | None = None

    def devices(self) -> list[Gpu]:
        """Return all GPUs."""
        return [
            Gpu(self.name, index, uuid, self._name(handle), self._memory(handle)[1])
            for index, uuid, handle in self._handles()
        ]

    def sample(self) -> list[GpuSample]:
        """Return a sample of each GPU."""
        return [self._sample(index, uuid, handle) for index, uuid, handle in self._handles()]

    def processes(self, *, since: float | None = None) -> Mapping[str, GpuProcesses]:
        """Return the processes of each GPU, by UUID. AMD SMI does not report how busy they kept it."""
        del since
        found = {}
        for _, uuid, handle in self._handles():
            running = self._read("amdsmi_get_gpu_process_list", handle) or []
            found[uuid] = GpuProcesses({int(each["pid"]): _bytes(each["memory_usage"]["vram_mem"]) for each in running})
        return found

    def driver_problem(self) -> str:
        """Return AMD SMI's error if it cannot be initialised; empty if it is not installed."""
        return self._start() if self._smi is not None else ""

    def used_library(self) -> str:
        """Return `ROCm` if this process has opened AMD's compute device."""
        for entry in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):  # the descriptor that lists the folder
                if str(entry.readlink()) == COMPUTE_DEVICE:
                    return "ROCm"
        return ""

    @property
    def _smi(self) -> Any:
        """The module, or None if ROCm is not installed."""
        if self._module is None:
            try:
                with contextlib.redirect_stdout(None):  # it prints when its library is missing
                    self._module = importlib.import_module("amdsmi")
            except Exception:  # it raises what it likes when its library is missing
                self._module = False
        return self._module or None

    def _start(self) -> str:
        """Initialise AMD SMI once per process; return its error if that fails."""
        if self._started_by == os.getpid():
            return ""
        try:
            self._smi.amdsmi_init()
        except self._smi.AmdSmiException as error:
            return f"AMD SMI: {error}".partition("\n")[0]
        self._started_by = os.getpid()
        return ""

    def _handles(self) -> Iterator[tuple[int, str, Any]]:
        """Yield index, UUID and handle of each GPU. The index is HIP's, where AMD SMI knows it."""
        if self._smi is None or self._start():
            return
        for place, handle in enumerate(self._read("amdsmi_get_processor_handles") or []):
            uuid = self._read("amdsmi_get_gpu_device_uuid", handle)
            if uuid:
                number = (self._read("amdsmi_get_gpu_enumeration_info", handle) or {}).get("hip_id")
                yield int(number) if _is_number(number) else place, uuid, handle

    def _name(self, handle: Any) -> str:
        described = self._read("amdsmi_get_gpu_asic_info", handle) or {}
        return str(described.get("market_name") or "AMD GPU")

    def _memory(self, handle: Any) -> tuple[int | None, int]:
        """Return the used and the total memory in bytes."""
        usage = self._read("amdsmi_get_gpu_vram_usage", handle) or {}
        used, total = usage.get("vram_used"), usage.get("vram_total")
        return (int(used) * MIB if _is_number(used) else None), (int(total) * MIB if _is_number(total) else 0)

    def _sample(self, index: int, uuid: str, handle: Any) -> GpuSample:
        smi = self._smi
        activity = self._read("amdsmi_get_gpu_activity", handle) or {}
        power = self._read("amdsmi_get_power_info", handle) or {}
        heat = (smi.AmdSmiTemperatureType.HOTSPOT, smi.AmdSmiTemperatureMetric.CURRENT)
        used, total = self._memory(handle)
        return GpuSample(
            index=index,
            uuid=uuid,
            utilization_percent=_number(activity.get("gfx_activity")),
            memory_used_bytes=used,
            memory_total_bytes=total,
            temperature_c=_number(self._read("amdsmi_get_temp_metric", handle, *heat)),
            power_w=_first_number(power.get("current_socket_power"), power.get("average_socket_power")),
            sm_clock_mhz=self._clock(handle, smi.AmdSmiClkType.GFX),
            memory_clock_mhz=self._clock(handle, smi.AmdSmiClkType.MEM),
        )

    def _clock(self, handle: Any, kind: Any) -> float | None:
        return _number((self._read("amdsmi_get_clock_info", handle, kind) or {}).get("clk"))

    def _read(self, question: str, *arguments: Any) -> Any:
        ask: Callable[..., Any] | None = getattr(self._smi, question, None)
        if ask is None:
            return None  # an older version
        try:
            return ask(*arguments)
        except self._smi.AmdSmiException:
            return None  # this GPU does not report the value


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float)


def _number(value: Any) -> float | None:
    return float(value) if _is_number(value) else None


def _bytes(value: Any) -> int:
    return int(value) if _is_number(value) else 0


def _first_number(*values: Any) -> float | None:
    return next((float(value) for value in values if _is_number(value)), None)
