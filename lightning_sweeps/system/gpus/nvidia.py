"""NVIDIA GPUs through NVML, including MIG parts.

NVML is initialised once per process and again after a fork. It never creates a CUDA context.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from lightning_sweeps.system.gpus.devices import MOST_PERCENT, Gpu, GpuProcesses, GpuSample
from lightning_sweeps.system.gpus.vendor import GpuVendor

T = TypeVar("T")

MILLIWATTS_PER_WATT = 1000.0
MICROSECONDS = 1_000_000
CUDA_LIBRARY = "libcuda.so.1"
CUDA_ERROR_NOT_INITIALIZED = 3
UUID_PREFIXES = ("GPU-", "MIG-")
DEVICE_ORDER_VARIABLE = "CUDA_DEVICE_ORDER"
_LEADING_NUMBER = re.compile(r"[+-]?\d+")


@dataclass(frozen=True, slots=True)
class _Device:
    """An NVML handle, and the handle of its board: a MIG part has no temperature sensor."""

    index: int
    handle: Any
    board: Any
    part: int | None = None


class Nvidia(GpuVendor):
    """NVIDIA GPUs in the order of the PCI bus. MIG parts replace a GPU that MIG divides.

    Args:
        nvml: the NVML binding; default: the module `pynvml`, imported when a GPU is first read.
    """

    name = "nvidia"
    visibility_variable = "CUDA_VISIBLE_DEVICES"

    def __init__(self, nvml: Any = None) -> None:
        self._module = nvml
        self._started_by: int | None = None

    @property
    def _nvml(self) -> Any:
        if self._module is None:
            self._module = importlib.import_module("pynvml")
        return self._module

    def devices(self) -> list[Gpu]:
        """Return all GPUs and MIG parts."""
        nvml, gpus = self._nvml, []
        for device in self._devices():
            uuid = self._read(nvml.nvmlDeviceGetUUID, device.handle)
            if uuid is not None:
                name = self._read(nvml.nvmlDeviceGetName, device.handle) or "GPU"
                gpus.append(Gpu(self.name, device.index, uuid, name, self._total_memory(device), device.part))
        return gpus

    def sample(self) -> list[GpuSample]:
        """Return a sample of each GPU."""
        return [sample for device in self._devices() if (sample := self._sample(device)) is not None]

    def processes(self, *, since: float | None = None) -> Mapping[str, GpuProcesses]:
        """Return the compute processes of each GPU, by UUID."""
        nvml, found = self._nvml, {}
        for device in self._devices():
            uuid = self._read(nvml.nvmlDeviceGetUUID, device.handle)
            if uuid is not None:
                running = self._read(nvml.nvmlDeviceGetComputeRunningProcesses, device.handle) or []
                found[uuid] = GpuProcesses(
                    {int(process.pid): int(process.usedGpuMemory or 0) for process in running},
                    None if since is None else self._busy_percent(device, since),
                )
        return found

    def used_library(self) -> str:
        """Return `CUDA` if any library has called `cuInit` in this process."""
        import ctypes  # only fork servers need it

        try:
            cuda = ctypes.CDLL(CUDA_LIBRARY, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
        except OSError:  # it is not loaded
            return ""
        is_initialised = cuda.cuDeviceGetCount(ctypes.byref(ctypes.c_int())) != CUDA_ERROR_NOT_INITIALIZED
        return "CUDA" if is_initialised else ""

    def driver_problem(self) -> str:
        """Return NVML's error if it cannot be initialised."""
        return self._start()

    def problems(self) -> list[str]:
        """Return one line for each GPU that NVML lists but cannot open."""
        if self._start():
            return []
        nvml, problems = self._nvml, []
        for index in range(self._read(nvml.nvmlDeviceGetCount) or 0):
            try:
                nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByIndex(index))
            except nvml.NVMLError as error:
                problems.append(f"GPU {index} cannot be used: {error}")
        return problems

    def visible(self, gpus: Sequence[Gpu], value: str | None) -> list[Gpu]:
        """Return the GPUs that CUDA shows for this value of `CUDA_VISIBLE_DEVICES`.

        The rules are CUDA's. The first entry that is not a GPU ends the list, so `-1` and an empty value show none. If
        a GPU is listed twice, no GPU is visible. Entries are indices, or UUID prefixes if the first entry is one.
        """
        if value is None:
            return list(gpus)
        is_by_uuid = value.strip().startswith(UUID_PREFIXES)
        shown: list[Gpu] = []
        for entry in value.split(","):
            gpu = _by_uuid(gpus, entry.strip()) if is_by_uuid else _by_index(gpus, entry.strip())
            if gpu is None:
                break
            if gpu in shown:
                return []
            shown.append(gpu)
        return shown

    def device_names(self, gpus: Sequence[Gpu], value: str | None) -> list[str]:
        """Return indices, or UUIDs if there is a MIG part or the current value contains UUIDs: CUDA allows no mix."""
        is_by_uuid = (value or "").strip().startswith(UUID_PREFIXES) or any(gpu.part is not None for gpu in gpus)
        return [gpu.uuid if is_by_uuid else str(gpu.index) for gpu in gpus]

    def environment(self, gpus: Sequence[Gpu], parent: Mapping[str, str]) -> dict[str, str]:
        """Return `CUDA_VISIBLE_DEVICES`, and the device order that makes CUDA use NVML's indices."""
        variables = super().environment(gpus, parent)
        if gpus and self.visibility_variable not in parent and DEVICE_ORDER_VARIABLE not in parent:
            variables[DEVICE_ORDER_VARIABLE] = "PCI_BUS_ID"  # CUDA's default order is fastest first
        return variables

    def _start(self) -> str:
        """Initialise NVML once per process; return its error if that fails."""
        if self._started_by == os.getpid():
            return ""
        nvml = self._nvml
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            return str(error)
        self._started_by = os.getpid()
        return ""

    def _read(self, question: Callable[..., T], *arguments: Any) -> T | None:
        try:
            return question(*arguments)
        except self._nvml.NVMLError:
            return None  # this GPU does not report the value

    def _devices(self) -> Iterator[_Device]:
        if self._start():
            return
        nvml = self._nvml
        for index in range(self._read(nvml.nvmlDeviceGetCount) or 0):
            board = self._read(nvml.nvmlDeviceGetHandleByIndex, index)
            if board is None:
                continue
            mode = self._read(nvml.nvmlDeviceGetMigMode, board)
            if mode is None or mode[0] != nvml.NVML_DEVICE_MIG_ENABLE:
                yield _Device(index, board, board)
                continue
            for place in range(self._read(nvml.nvmlDeviceGetMaxMigDeviceCount, board) or 0):
                part = self._read(nvml.nvmlDeviceGetMigDeviceHandleByIndex, board, place)
                if part is not None:
                    yield _Device(index, part, board, place)

    def _total_memory(self, device: _Device) -> int:
        memory = self._read(self._nvml.nvmlDeviceGetMemoryInfo, device.handle)
        return 0 if memory is None else int(memory.total)

    def _sample(self, device: _Device) -> GpuSample | None:
        nvml = self._nvml
        uuid = self._read(nvml.nvmlDeviceGetUUID, device.handle)
        if uuid is None:
            return None
        utilization = self._read(nvml.nvmlDeviceGetUtilizationRates, device.handle)
        memory = self._read(nvml.nvmlDeviceGetMemoryInfo, device.handle)
        milliwatts = self._read(nvml.nvmlDeviceGetPowerUsage, device.board)
        return GpuSample(
            index=device.index,
            uuid=uuid,
            utilization_percent=None if utilization is None else float(utilization.gpu),
            memory_used_bytes=None if memory is None else int(memory.used),
            memory_total_bytes=0 if memory is None else int(memory.total),
            temperature_c=self._number(nvml.nvmlDeviceGetTemperature, device.board, nvml.NVML_TEMPERATURE_GPU),
            power_w=None if milliwatts is None else milliwatts / MILLIWATTS_PER_WATT,
            sm_clock_mhz=self._number(nvml.nvmlDeviceGetClockInfo, device.board, nvml.NVML_CLOCK_SM),
            memory_clock_mhz=self._number(nvml.nvmlDeviceGetClockInfo, device.board, nvml.NVML_CLOCK_MEM),
            part=device.part,
        )

    def _busy_percent(self, device: _Device, since: float) -> dict[int, float] | None:
        """Return each process's mean utilization. The driver records only processes that used the GPU."""
        nvml = self._nvml
        try:
            recorded = nvml.nvmlDeviceGetProcessUtilization(device.handle, int(since * MICROSECONDS))
        except nvml.NVMLError_NotFound:
            return {}
        except nvml.NVMLError:
            return None
        percents: dict[int, list[int]] = {}
        for sample in recorded:
            if (
                sample.pid and sample.timeStamp and sample.smUtil <= MOST_PERCENT
            ):  # the driver may leave entries unfilled
                percents.setdefault(int(sample.pid), []).append(int(sample.smUtil))
        return {pid: sum(some) / len(some) for pid, some in percents.items()}

    def _number(self, question: Callable[..., Any], *arguments: Any) -> float | None:
        value = self._read(question, *arguments)
        return None if value is None else float(value)


def _by_uuid(gpus: Sequence[Gpu], prefix: str) -> Gpu | None:
    if not prefix.startswith(UUID_PREFIXES):
        return None
    matches = [gpu for gpu in gpus if gpu.uuid.startswith(prefix)]
    return matches[0] if len(matches) == 1 else None


def _by_index(gpus: Sequence[Gpu], entry: str) -> Gpu | None:
    number = _LEADING_NUMBER.match(entry)  # CUDA reads `1gpu` as 1
    if number is None:
        return None
    return next((gpu for gpu in gpus if gpu.index == int(number.group())), None)
