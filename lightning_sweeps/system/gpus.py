"""The one gate around NVML: which GPUs this machine has, what they do now, and why there are none.

A reading that fails is None and a GPU that fails is left out, so that one lost GPU hides no other; `gpu_problems` says
what was left out. NVML is initialised once a process and again after a fork. No CUDA context is ever made.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pynvml

T = TypeVar("T")

MILLIWATTS_PER_WATT = 1000.0
MICROSECONDS = 1_000_000
MOST_PERCENT = 100
_LEADING_NUMBER = re.compile(r"[+-]?\d+")


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU, or one part of a GPU that MIG divides.

    Attributes:
        index: place on the bus as NVML counts; the parts of one divided GPU share it.
        uuid: `GPU-...`, or `MIG-...` for a part.
        part: a part's place on its GPU.
    """

    index: int
    uuid: str
    name: str
    memory_bytes: int
    part: int | None = None

    @property
    def place(self) -> str:
        """`1` for the second GPU, `1:0` for its first part."""
        return _place(self.index, self.part)

    @property
    def is_part(self) -> bool:
        """Whether this is a MIG device, which CUDA finds by its UUID only."""
        return self.uuid.startswith("MIG-")


@dataclass(frozen=True, slots=True)
class GpuSample:
    """What a GPU does now; None is a reading that it does not give.

    Attributes:
        processes: bytes of GPU memory by pid; 0 where the driver does not tell them.
        process_percent: how busy each process kept it since the time asked for, by pid; those that are left out did not
            use it. None where nobody asked or the driver does not tell.
    """

    index: int
    uuid: str
    utilization_percent: float | None
    memory_used_bytes: int | None
    memory_total_bytes: int
    temperature_c: float | None
    power_w: float | None
    sm_clock_mhz: float | None
    memory_clock_mhz: float | None
    processes: Mapping[int, int] = field(default_factory=dict)
    process_percent: Mapping[int, float] | None = None
    part: int | None = None

    @property
    def place(self) -> str:
        """As `Gpu.place`."""
        return _place(self.index, self.part)


@dataclass(frozen=True, slots=True)
class _Device:
    """An NVML handle and that of the board it is on: a MIG part has no thermometer of its own."""

    index: int
    handle: Any
    board: Any
    part: int | None = None


def list_gpus() -> list[Gpu]:
    """Return this machine's GPUs in the order of the bus, MIG parts in place of a GPU that is divided.

    Empty where there is no driver: `driver_problem` says why.
    """
    gpus = []
    for device in _devices():
        uuid = _read(pynvml.nvmlDeviceGetUUID, device.handle)
        if uuid is not None:
            name = _read(pynvml.nvmlDeviceGetName, device.handle) or "GPU"
            gpus.append(Gpu(device.index, uuid, name, _total_memory(device), device.part))
    return gpus


def sample_gpus(*, since: float | None = None) -> list[GpuSample]:
    """Return what each GPU of `list_gpus` does now.

    Args:
        since: also ask how busy each process has kept it since then (seconds since the epoch).
    """
    return [sample for device in _devices() if (sample := _sample(device, since)) is not None]


def driver_problem() -> str:
    """Return why NVML cannot be used, in the words of the driver, or an empty string where it can."""
    return _start_nvml()


def gpu_problems() -> list[str]:
    """Return one line for each GPU that the driver counts but cannot reach."""
    if _start_nvml():
        return []
    problems = []
    for index in range(_read(pynvml.nvmlDeviceGetCount) or 0):
        try:
            pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(index))
        except pynvml.NVMLError as error:
            problems.append(f"GPU {index} cannot be used: {error}")
    return problems


def visible_gpus(gpus: Sequence[Gpu], cuda_visible_devices: str | None) -> list[Gpu]:
    """Return the GPUs that CUDA would show under this value of `CUDA_VISIBLE_DEVICES`, in the value's order.

    As CUDA reads it: unset shows all; the first entry that names nothing ends the list, so `-1` and an empty value show
    none; an entry given twice shows none at all. Entries are indices, or UUIDs and their beginnings where the first is.
    """
    if cuda_visible_devices is None:
        return list(gpus)
    by_uuid = cuda_visible_devices.strip().startswith(("GPU-", "MIG-"))
    shown: list[Gpu] = []
    for entry in cuda_visible_devices.split(","):
        gpu = _by_uuid(gpus, entry.strip()) if by_uuid else _by_index(gpus, entry.strip())
        if gpu is None:
            break
        if gpu in shown:
            return []
        shown.append(gpu)
    return shown


def _by_uuid(gpus: Sequence[Gpu], prefix: str) -> Gpu | None:
    if not prefix.startswith(("GPU-", "MIG-")):
        return None
    matches = [gpu for gpu in gpus if gpu.uuid.startswith(prefix)]
    return matches[0] if len(matches) == 1 else None


def _by_index(gpus: Sequence[Gpu], entry: str) -> Gpu | None:
    number = _LEADING_NUMBER.match(entry)  # CUDA reads `1gpu` as 1
    if number is None:
        return None
    return next((gpu for gpu in gpus if gpu.index == int(number.group())), None)


_started_by: int | None = None


def _start_nvml() -> str:
    """Initialise NVML in this process once; return what the driver says where that fails."""
    global _started_by
    if _started_by == os.getpid():
        return ""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return str(error)
    _started_by = os.getpid()
    return ""


def _read(question: Callable[..., T], *arguments: Any) -> T | None:
    try:
        return question(*arguments)
    except pynvml.NVMLError:
        return None  # a reading that this GPU does not give is a value, not an error


def _devices() -> Iterator[_Device]:
    if _start_nvml():
        return
    for index in range(_read(pynvml.nvmlDeviceGetCount) or 0):
        board = _read(pynvml.nvmlDeviceGetHandleByIndex, index)
        if board is None:
            continue
        mode = _read(pynvml.nvmlDeviceGetMigMode, board)
        if mode is None or mode[0] != pynvml.NVML_DEVICE_MIG_ENABLE:
            yield _Device(index, board, board)
            continue
        for place in range(_read(pynvml.nvmlDeviceGetMaxMigDeviceCount, board) or 0):
            part = _read(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, board, place)
            if part is not None:
                yield _Device(index, part, board, place)


def _total_memory(device: _Device) -> int:
    memory = _read(pynvml.nvmlDeviceGetMemoryInfo, device.handle)
    return 0 if memory is None else int(memory.total)


def _sample(device: _Device, since: float | None) -> GpuSample | None:
    uuid = _read(pynvml.nvmlDeviceGetUUID, device.handle)
    if uuid is None:
        return None
    utilization = _read(pynvml.nvmlDeviceGetUtilizationRates, device.handle)
    memory = _read(pynvml.nvmlDeviceGetMemoryInfo, device.handle)
    milliwatts = _read(pynvml.nvmlDeviceGetPowerUsage, device.board)
    processes = _read(pynvml.nvmlDeviceGetComputeRunningProcesses, device.handle) or []
    return GpuSample(
        index=device.index,
        uuid=uuid,
        utilization_percent=None if utilization is None else float(utilization.gpu),
        memory_used_bytes=None if memory is None else int(memory.used),
        memory_total_bytes=0 if memory is None else int(memory.total),
        temperature_c=_number(pynvml.nvmlDeviceGetTemperature, device.board, pynvml.NVML_TEMPERATURE_GPU),
        power_w=None if milliwatts is None else milliwatts / MILLIWATTS_PER_WATT,
        sm_clock_mhz=_number(pynvml.nvmlDeviceGetClockInfo, device.board, pynvml.NVML_CLOCK_SM),
        memory_clock_mhz=_number(pynvml.nvmlDeviceGetClockInfo, device.board, pynvml.NVML_CLOCK_MEM),
        processes={int(process.pid): int(process.usedGpuMemory or 0) for process in processes},
        process_percent=None if since is None else _process_percent(device, since),
        part=device.part,
    )


def _process_percent(device: _Device, since: float) -> dict[int, float] | None:
    """Return the mean of what the driver has noted of each process; it notes only those that used the GPU."""
    try:
        noted = pynvml.nvmlDeviceGetProcessUtilization(device.handle, int(since * MICROSECONDS))
    except pynvml.NVMLError_NotFound:
        return {}
    except pynvml.NVMLError:
        return None
    percents: dict[int, list[int]] = {}
    for sample in noted:
        if sample.pid and sample.timeStamp and sample.smUtil <= MOST_PERCENT:  # the driver may leave entries unfilled
            percents.setdefault(int(sample.pid), []).append(int(sample.smUtil))
    return {pid: sum(some) / len(some) for pid, some in percents.items()}


def _place(index: int, part: int | None) -> str:
    return str(index) if part is None else f"{index}:{part}"


def _number(question: Callable[..., Any], *arguments: Any) -> float | None:
    value = _read(question, *arguments)
    return None if value is None else float(value)
