"""Defines a GPU and a sample of it, for all vendors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU, or one part of a GPU that its driver has divided.

    Attributes:
        vendor: name of the GPU's vendor in the registry, for example `nvidia`.
        index: the vendor's number of the GPU; the parts of one GPU share it.
        uuid: unique id, the same in every process and after a reboot.
        name: model, for example `NVIDIA H100 80GB HBM3`.
        memory_bytes: total memory.
        part: number of the part on its GPU; None for a whole GPU.
    """

    vendor: str
    index: int
    uuid: str
    name: str
    memory_bytes: int
    part: int | None = None

    @property
    def place(self) -> str:
        """`1` for the GPU with index 1, `1:0` for its first part."""
        return _place(self.index, self.part)


@dataclass(frozen=True, slots=True)
class GpuProcesses:
    """The processes that use a GPU.

    Attributes:
        memory_bytes: GPU memory by pid; 0 if the driver does not report it.
        busy_percent: how busy each process kept the GPU, by pid, without processes that did not use it. None if it was
            not requested or the driver does not report it.
    """

    memory_bytes: Mapping[int, int] = field(default_factory=dict)
    busy_percent: Mapping[int, float] | None = None


@dataclass(frozen=True, slots=True)
class GpuSample:
    """The current state of a GPU. A value that the GPU does not report is None.

    Attributes:
        index, uuid, part: as in `Gpu`.
        processes, process_percent: as in `GpuProcesses`; `sample_gpus` fills them in.
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


def _place(index: int, part: int | None) -> str:
    return str(index) if part is None else f"{index}:{part}"
