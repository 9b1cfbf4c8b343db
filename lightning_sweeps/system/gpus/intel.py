"""Intel GPUs through Sysman, the part of Level Zero that describes devices, with Intel's Python module `pyzes`.

Source of names and units: the Sysman chapter of the Level Zero specification. Memory is in bytes, temperature in
degrees Celsius, clocks in MHz. Utilization and power are differences of counters: a process knows them from its second
sample on.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.system.gpus.devices import MOST_PERCENT, Gpu, GpuProcesses, GpuSample
from lightning_sweeps.system.gpus.vendor import GpuVendor

ENGINES = ("ALL", "COMPUTE_ALL", "3D_RENDER_COMPUTE_ALL", "COMPUTE_SINGLE", "RENDER_SINGLE")
"""Groups of engines that say how busy a GPU is, best first."""
SENSORS = ("GPU", "GLOBAL")
HIERARCHY_VARIABLE = "ZE_FLAT_DEVICE_HIERARCHY"


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter of Sysman that only grows.

    Attributes:
        value: microseconds of activity, or microjoules.
        at: when it was read, microseconds.
    """

    value: int
    at: int

    def rate_since(self, earlier: Counter | None) -> float | None:
        """Return the growth per microsecond; None if there is no earlier value or no time between."""
        if earlier is None or self.at <= earlier.at or self.value < earlier.value:
            return None
        return (self.value - earlier.value) / (self.at - earlier.at)


class Intel(GpuVendor):
    """Intel GPUs in the order of Level Zero. A card of several tiles is one GPU.

    Args:
        zes: the binding; default: the module `pyzes`, imported when a GPU is first read.
    """

    name = "intel"
    visibility_variable = "ZE_AFFINITY_MASK"

    def __init__(self, zes: Any = None) -> None:
        self._module = zes
        self._started_by: int | None = None
        self._counters: dict[tuple[str, str], Counter] = {}

    def devices(self) -> list[Gpu]:
        """Return all GPUs."""
        return [
            Gpu(self.name, index, _uuid(seen), _name(seen), self._memory(handle)[1])
            for index, seen, handle in self._gpus()
        ]

    def sample(self) -> list[GpuSample]:
        """Return a sample of each GPU."""
        return [self._sample(index, _uuid(seen), handle) for index, seen, handle in self._gpus()]

    def processes(self, *, since: float | None = None) -> Mapping[str, GpuProcesses]:
        """Return the processes of each GPU, by UUID. Sysman does not report how busy they kept it."""
        del since
        found = {}
        for _, seen, handle in self._gpus():
            running = self._list("zesDeviceProcessesGetState", handle, "zes_process_state_t", kind="PROCESS_STATE")
            found[_uuid(seen)] = GpuProcesses({int(each.processId): int(each.memSize) for each in running})
        return found

    def driver_problem(self) -> str:
        """Return the error of Level Zero if it cannot be initialised; empty if `pyzes` or the loader is missing."""
        return self._start() if self._zes is not None else ""

    def used_library(self) -> str:
        """Return `SYCL` if PyTorch has prepared an Intel GPU in this process."""
        xpu = getattr(sys.modules.get("torch"), "xpu", None)
        return "SYCL" if xpu is not None and xpu.is_initialized() else ""

    def environment(self, gpus: Sequence[Gpu], parent: Mapping[str, str]) -> dict[str, str]:
        """Return `ZE_AFFINITY_MASK`, and the hierarchy in which its numbers are cards, not tiles."""
        variables = super().environment(gpus, parent)
        if gpus and self.visibility_variable not in parent and HIERARCHY_VARIABLE not in parent:
            variables[HIERARCHY_VARIABLE] = "COMPOSITE"
        return variables

    @property
    def _zes(self) -> Any:
        """The module, or None if it or Level Zero's loader is missing."""
        if self._module is None:
            try:
                self._module = importlib.import_module("pyzes")
            except Exception:  # it loads the library when it is imported, and raises what it likes
                self._module = False
        return self._module or None

    def _start(self) -> str:
        """Initialise Sysman once per process; return its error if that fails."""
        if self._started_by == os.getpid():
            return ""
        result = self._zes.zesInit(0)
        if result != self._zes.ZE_RESULT_SUCCESS:
            return f"Level Zero: zesInit returned {result:#x}"
        self._started_by = os.getpid()
        return ""

    def _gpus(self) -> Iterator[tuple[int, Any, Any]]:
        """Yield index, properties and handle of each GPU."""
        if self._zes is None or self._start():
            return
        index = 0
        for driver in self._list("zesDriverGet", None, "zes_driver_handle_t"):
            for handle in self._list("zesDeviceGet", driver, "zes_device_handle_t"):
                seen = self._read("zesDeviceGetProperties", handle, "zes_device_properties_t", kind="DEVICE_PROPERTIES")
                if seen is not None and seen.core.type == self._zes.ZES_DEVICE_TYPE_GPU:
                    yield index, seen, handle
                    index += 1

    def _sample(self, index: int, uuid: str, handle: Any) -> GpuSample:
        used, total = self._memory(handle)
        busy, watts = self._busy_share(uuid, handle), self._watts(uuid, handle)
        return GpuSample(
            index=index,
            uuid=uuid,
            utilization_percent=None if busy is None else min(MOST_PERCENT * busy, float(MOST_PERCENT)),
            memory_used_bytes=used,
            memory_total_bytes=total,
            temperature_c=self._temperature(handle),
            power_w=watts,
            sm_clock_mhz=self._clock(handle, self._zes.ZES_FREQ_DOMAIN_GPU),
            memory_clock_mhz=self._clock(handle, self._zes.ZES_FREQ_DOMAIN_MEMORY),
        )

    def _memory(self, handle: Any) -> tuple[int | None, int]:
        """Return the used and the total memory in bytes. Some drivers show them to administrators only."""
        modules = self._list("zesDeviceEnumMemoryModules", handle, "zes_mem_handle_t")
        states = [self._read("zesMemoryGetState", each, "zes_mem_state_t", kind="MEM_STATE") for each in modules]
        known = [state for state in states if state is not None]
        total = sum(int(state.size) for state in known)
        return (total - sum(int(state.free) for state in known) if known else None), total

    def _busy_share(self, uuid: str, handle: Any) -> float | None:
        """Return which share of the time since the last sample the GPU was busy; of several tiles the mean."""
        by_kind: dict[int, list[float]] = {}
        for place, engine in enumerate(self._list("zesDeviceEnumEngineGroups", handle, "zes_engine_handle_t")):
            kind = self._read("zesEngineGetProperties", engine, "zes_engine_properties_t", kind="ENGINE_PROPERTIES")
            stats = self._read("zesEngineGetActivity", engine, "zes_engine_stats_t")
            if kind is None or stats is None:
                continue
            share = self._rate(uuid, f"engine {place}", Counter(int(stats.activeTime), int(stats.timestamp)))
            if share is not None:
                by_kind.setdefault(int(kind.type), []).append(share)
        kinds = [getattr(self._zes, f"ZES_ENGINE_GROUP_{name}") for name in ENGINES]
        shares = next((by_kind[kind] for kind in kinds if kind in by_kind), None)
        return None if shares is None else sum(shares) / len(shares)

    def _watts(self, uuid: str, handle: Any) -> float | None:
        """Return the mean power since the last sample. The first domain is the whole card's or package's."""
        for domain in self._list("zesDeviceEnumPowerDomains", handle, "zes_pwr_handle_t"):
            read = self._read("zesPowerGetEnergyCounter", domain, "zes_power_energy_counter_t")
            if read is not None:
                return self._rate(uuid, "energy", Counter(int(read.energy), int(read.timestamp)))
        return None

    def _temperature(self, handle: Any) -> float | None:
        found: dict[int, float] = {}
        for sensor in self._list("zesDeviceEnumTemperatureSensors", handle, "zes_temp_handle_t"):
            kind = self._read("zesTemperatureGetProperties", sensor, "zes_temp_properties_t", kind="TEMP_PROPERTIES")
            degrees = ctypes.c_double()
            if kind is not None and self._works("zesTemperatureGetState", sensor, ctypes.byref(degrees)):
                found.setdefault(int(kind.type), degrees.value)
        kinds = [getattr(self._zes, f"ZES_TEMP_SENSORS_{name}") for name in SENSORS]
        return next((found[kind] for kind in kinds if kind in found), None)

    def _clock(self, handle: Any, wanted: int) -> float | None:
        for domain in self._list("zesDeviceEnumFrequencyDomains", handle, "zes_freq_handle_t"):
            kind = self._read("zesFrequencyGetProperties", domain, "zes_freq_properties_t", kind="FREQ_PROPERTIES")
            if kind is not None and kind.type == wanted:
                state = self._read("zesFrequencyGetState", domain, "zes_freq_state_t", kind="FREQ_STATE")
                return None if state is None or state.actual < 0 else float(state.actual)
        return None

    def _rate(self, uuid: str, what: str, now: Counter) -> float | None:
        earlier = self._counters.get((uuid, what))
        self._counters[uuid, what] = now
        return now.rate_since(earlier)

    def _list(self, question: str, owner: Any, item: str, *, kind: str = "") -> list[Any]:
        """Return what an object has. Sysman is asked for the number first, then for the items."""
        zes, owners = self._zes, () if owner is None else (owner,)
        count = ctypes.c_uint32()
        if not self._works(question, *owners, ctypes.byref(count), None) or not count.value:
            return []
        items = (getattr(zes, item) * count.value)()
        if kind:
            for each in items:
                each.stype = getattr(zes, f"ZES_STRUCTURE_TYPE_{kind}")
        return list(items)[: count.value] if self._works(question, *owners, ctypes.byref(count), items) else []

    def _read(self, question: str, owner: Any, structure: str, *, kind: str = "") -> Any:
        """Return a filled structure, or None if this GPU does not report it."""
        found = getattr(self._zes, structure)()
        if kind:
            found.stype = getattr(self._zes, f"ZES_STRUCTURE_TYPE_{kind}")
        return found if self._works(question, owner, ctypes.byref(found)) else None

    def _works(self, question: str, *arguments: Any) -> bool:
        """Return whether a call succeeds. An older driver lacks functions."""
        with contextlib.suppress(AttributeError):
            return bool(getattr(self._zes, question)(*arguments) == self._zes.ZE_RESULT_SUCCESS)
        return False


def _uuid(seen: Any) -> str:
    return f"INTEL-{bytes(seen.core.uuid.id).hex()}"


def _name(seen: Any) -> str:
    return seen.core.name.decode(errors="replace") or "Intel GPU"
