"""A fake of NVML's Python module for a simulated machine. First on PYTHONPATH, it replaces the real module.

`FAKE_NVML` describes the machine as JSON, made by `tests.fakes.gpus.fake_nvml_environment`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NVML_DEVICE_MIG_ENABLE = 1
NVML_TEMPERATURE_GPU = 0
NVML_CLOCK_SM = 1
NVML_CLOCK_MEM = 2


class NVMLError(Exception):
    message = "Unknown Error"

    def __str__(self) -> str:
        return self.message


class NVMLError_Uninitialized(NVMLError):  # noqa: N801 - the real module's name
    message = "Uninitialized"


class NVMLError_LibraryNotFound(NVMLError):  # noqa: N801
    message = "NVML Shared Library Not Found"


class NVMLError_DriverNotLoaded(NVMLError):  # noqa: N801
    message = "Driver Not Loaded"


class NVMLError_GpuIsLost(NVMLError):  # noqa: N801
    message = "GPU is lost"


class NVMLError_NotSupported(NVMLError):  # noqa: N801
    message = "Not Supported"


class NVMLError_NotFound(NVMLError):  # noqa: N801
    message = "Not Found"


@dataclass(frozen=True)
class Handle:
    index: int
    part: int | None = None


@dataclass(frozen=True)
class Memory:
    total: int
    used: int

    @property
    def free(self) -> int:
        return self.total - self.used


@dataclass(frozen=True)
class Utilization:
    gpu: int
    memory: int


@dataclass(frozen=True)
class ProcessInfo:
    pid: int
    usedGpuMemory: int | None  # noqa: N815


@dataclass(frozen=True)
class ProcessSample:
    pid: int
    timeStamp: int  # noqa: N815
    smUtil: int  # noqa: N815
    memUtil: int = 0  # noqa: N815


_initialised_by: int | None = None


def _machine() -> dict[str, Any]:
    machine: dict[str, Any] = json.loads(os.environ["FAKE_NVML"])
    return machine


def _processes(machine: dict[str, Any], index: int) -> dict[str, int]:
    """Return each process's memory of a GPU. A file can add processes while the test runs."""
    held: dict[str, int] = machine["processes"].get(str(index), {})
    try:
        later: dict[str, dict[str, int]] = json.loads(Path(machine["processes_file"]).read_text())
    except FileNotFoundError:
        later = {}
    return held | later.get(str(index), {}) | _stand_ins(index)


def _stand_ins(index: int) -> dict[str, int]:
    """Return the memory that living processes with a stand-in for a GPU say they hold (tests/gpu/rehearsal)."""
    folder = os.environ.get("FAKE_NVML_MEMORY")
    if folder is None or index:
        return {}
    files = [file for file in Path(folder).iterdir() if Path("/proc", file.name, "exe").exists()]
    return {file.name: int(file.read_text() or 0) for file in files}


def _checked() -> dict[str, Any]:
    if _initialised_by != os.getpid():
        raise NVMLError_Uninitialized
    return _machine()


def _readable(handle: Handle, reading: str) -> dict[str, Any]:
    machine = _checked()
    if handle.index in machine["lost_later"]:
        raise NVMLError_GpuIsLost
    if reading in machine["unsupported"]:
        raise NVMLError_NotSupported
    return machine


def nvmlInit() -> None:  # noqa: N802
    global _initialised_by
    problem = _machine()["problem"]
    if problem == "library":
        raise NVMLError_LibraryNotFound
    if problem == "driver":
        raise NVMLError_DriverNotLoaded
    _initialised_by = os.getpid()


def nvmlShutdown() -> None:  # noqa: N802
    global _initialised_by
    _initialised_by = None


def nvmlDeviceGetCount() -> int:  # noqa: N802
    return int(_checked()["gpus"])


def nvmlDeviceGetHandleByIndex(index: int) -> Handle:  # noqa: N802
    if index in _checked()["lost"]:
        raise NVMLError_GpuIsLost
    return Handle(index)


def nvmlDeviceGetName(handle: Handle) -> str:  # noqa: N802
    return str(_readable(handle, "name")["name"])


def nvmlDeviceGetUUID(handle: Handle) -> str:  # noqa: N802
    _readable(handle, "uuid")
    tail = f"{handle.index:02d}a1b2c3-0000-4000-8000-{handle.index:012d}"
    return f"GPU-{tail}" if handle.part is None else f"MIG-{handle.part}{tail}"


def nvmlDeviceGetMemoryInfo(handle: Handle) -> Memory:  # noqa: N802
    machine = _readable(handle, "memory")
    parts = 1 if handle.part is None else len(machine["mig"][str(handle.index)])
    total = machine["memory_bytes"] // parts
    used = sum(_processes(machine, handle.index).values())
    return Memory(total=total, used=min(used, total))


def nvmlDeviceGetUtilizationRates(handle: Handle) -> Utilization:  # noqa: N802
    machine = _readable(handle, "utilization")
    if handle.part is not None:
        raise NVMLError_NotSupported
    return Utilization(gpu=machine["busy_percent"] + handle.index if _processes(machine, handle.index) else 0, memory=5)


def nvmlDeviceGetTemperature(handle: Handle, sensor: int) -> int:  # noqa: N802
    _readable(handle, "temperature")
    return 40 + handle.index


def nvmlDeviceGetPowerUsage(handle: Handle) -> int:  # noqa: N802
    _readable(handle, "power")
    return 100_500 + handle.index


def nvmlDeviceGetClockInfo(handle: Handle, clock: int) -> int:  # noqa: N802
    _readable(handle, "clock")
    return 1500 if clock == NVML_CLOCK_SM else 2600


def nvmlDeviceGetComputeRunningProcesses(handle: Handle) -> list[ProcessInfo]:  # noqa: N802
    machine = _readable(handle, "processes")
    return [ProcessInfo(int(pid), used) for pid, used in _processes(machine, handle.index).items()]


def nvmlDeviceGetProcessUtilization(handle: Handle, since: int) -> list[ProcessSample]:  # noqa: N802
    """Every process but for those that idle, twice, and an entry that the driver has not filled."""
    machine = _readable(handle, "process_percent")
    if handle.part is not None:
        raise NVMLError_NotSupported
    busy = [int(pid) for pid in _processes(machine, handle.index) if int(pid) not in machine["idle"]]
    if not busy:
        raise NVMLError_NotFound
    noted = [ProcessSample(pid, since + at, 30 + 20 * at) for pid in busy for at in (1, 2)]
    return [*noted, ProcessSample(0, 0, 0), ProcessSample(busy[0], since + 3, 4_294_967)]


def nvmlDeviceGetMigMode(handle: Handle) -> list[int]:  # noqa: N802
    machine = _readable(handle, "mig")
    mode = 1 if str(handle.index) in machine["mig"] else 0
    return [mode, mode]


def nvmlDeviceGetMaxMigDeviceCount(handle: Handle) -> int:  # noqa: N802
    _checked()
    return 7


def nvmlDeviceGetMigDeviceHandleByIndex(handle: Handle, place: int) -> Handle:  # noqa: N802
    parts = _checked()["mig"].get(str(handle.index), [])
    if place not in parts:
        raise NVMLError_NotFound
    return Handle(handle.index, place)
