"""A fake of AMD SMI's Python module for a simulated machine. First on PYTHONPATH, it replaces the real module.

`FAKE_AMDSMI` is the machine as JSON: `gpus`, a number; `hip_ids`, their HIP numbers; `unsupported`, functions that
fail; `problem`, why the driver cannot be used; `processes`, GPU memory in bytes by pid, by place.
"""

from __future__ import annotations

import enum
import json
import os
from typing import Any


class AmdSmiException(Exception):
    pass


class AmdSmiTemperatureType(enum.Enum):
    HOTSPOT = 1


class AmdSmiTemperatureMetric(enum.Enum):
    CURRENT = 0


class AmdSmiClkType(enum.Enum):
    GFX = 0
    MEM = 4


_started: set[int] = set()


def _machine() -> dict[str, Any]:
    machine: dict[str, Any] = json.loads(os.environ["FAKE_AMDSMI"])
    return machine


def _check(function: str) -> None:
    if os.getpid() not in _started:
        raise AmdSmiException("Error code:\n\t32 | AMDSMI_STATUS_NOT_INIT")
    if function in _machine().get("unsupported", ()):
        raise AmdSmiException("Error code:\n\t2 | AMDSMI_STATUS_NOT_SUPPORTED")


def amdsmi_init() -> None:
    problem = _machine().get("problem")
    if problem:
        raise AmdSmiException(problem)
    _started.add(os.getpid())


def amdsmi_get_processor_handles() -> list[int]:
    _check("handles")
    return list(range(_machine()["gpus"]))


def amdsmi_get_gpu_device_uuid(handle: int) -> str:
    _check("uuid")
    return f"{handle:02x}ff74a1-0000-1000-80ab-{handle:012x}"


def amdsmi_get_gpu_enumeration_info(handle: int) -> dict[str, Any]:
    _check("enumeration")
    return {"drm_render": 128 + handle, "hip_id": _machine().get("hip_ids", list(range(64)))[handle]}


def amdsmi_get_gpu_asic_info(handle: int) -> dict[str, Any]:
    _check("asic")
    return {"market_name": "AMD Instinct MI300X", "vendor_id": 0x1002}


def amdsmi_get_gpu_vram_usage(handle: int) -> dict[str, int]:
    _check("vram")
    return {"vram_total": 196_592, "vram_used": 285 + handle}


def amdsmi_get_gpu_activity(handle: int) -> dict[str, Any]:
    _check("activity")
    return {"gfx_activity": 60, "umc_activity": 5, "mm_activity": "N/A"}


def amdsmi_get_power_info(handle: int) -> dict[str, Any]:
    _check("power")
    return {"current_socket_power": "N/A", "average_socket_power": 135, "power_limit": 750}


def amdsmi_get_temp_metric(handle: int, kind: AmdSmiTemperatureType, metric: AmdSmiTemperatureMetric) -> int:
    _check("temperature")
    return 45


def amdsmi_get_clock_info(handle: int, kind: AmdSmiClkType) -> dict[str, int]:
    _check("clock")
    return {"clk": 2100 if kind is AmdSmiClkType.GFX else 1300, "min_clk": 132, "max_clk": 2100}


def amdsmi_get_gpu_process_list(handle: int) -> list[dict[str, Any]]:
    _check("processes")
    held = _machine().get("processes", {}).get(str(handle), {})
    return [
        {"name": "python", "pid": int(pid), "mem": size, "memory_usage": {"vram_mem": size, "gtt_mem": 0, "cpu_mem": 0}}
        for pid, size in held.items()
    ]
