"""A fake of Intel's Python module for Level Zero's Sysman, for a simulated machine. First on PYTHONPATH, it is used.

`FAKE_ZES` is the machine as JSON: `gpus`, a number; `unsupported`, functions that fail;
`problem`, the number that `zesInit` returns; `processes`, GPU memory in bytes by pid, by GPU; `seconds`, the time that
its counters show: every GPU is busy for 60 % of it and draws 150 W.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable
from typing import Any

ZE_RESULT_SUCCESS = 0
ZE_RESULT_ERROR_UNINITIALIZED = 0x78000001
ZE_RESULT_ERROR_UNSUPPORTED_FEATURE = 0x78000003
ZE_RESULT_ERROR_INVALID_ARGUMENT = 0x78000004
ZES_DEVICE_TYPE_GPU = 1
ZES_DEVICE_TYPE_VPU = 5
ZES_ENGINE_GROUP_ALL = 0
ZES_ENGINE_GROUP_COMPUTE_ALL = 1
ZES_ENGINE_GROUP_COMPUTE_SINGLE = 4
ZES_ENGINE_GROUP_RENDER_SINGLE = 5
ZES_ENGINE_GROUP_3D_RENDER_COMPUTE_ALL = 11
ZES_TEMP_SENSORS_GLOBAL = 0
ZES_TEMP_SENSORS_GPU = 1
ZES_FREQ_DOMAIN_GPU = 0
ZES_FREQ_DOMAIN_MEMORY = 1
ZES_STRUCTURE_TYPE_DEVICE_PROPERTIES = 0x1
ZES_STRUCTURE_TYPE_ENGINE_PROPERTIES = 0x5
ZES_STRUCTURE_TYPE_FREQ_PROPERTIES = 0x9
ZES_STRUCTURE_TYPE_TEMP_PROPERTIES = 0x14
ZES_STRUCTURE_TYPE_PROCESS_STATE = 0x16
ZES_STRUCTURE_TYPE_FREQ_STATE = 0x1B
ZES_STRUCTURE_TYPE_MEM_STATE = 0x1E

GIB = 1024**3
WATTS = 150
BUSY_PERCENT = 60
GPU_BIT, ITEM_SHIFT = 16, 8
"""A handle is the GPU's number plus `GPU_BIT`, above the number of a thing that the GPU has."""


class zes_driver_handle_t(ctypes.c_void_p):  # noqa: N801 - the real module's names
    pass


class zes_device_handle_t(ctypes.c_void_p):  # noqa: N801
    pass


class zes_mem_handle_t(ctypes.c_void_p):  # noqa: N801
    pass


class zes_pwr_handle_t(ctypes.c_void_p):  # noqa: N801
    pass


class zes_freq_handle_t(ctypes.c_void_p):  # noqa: N801
    pass


class zes_temp_handle_t(ctypes.c_void_p):  # noqa: N801
    pass


class zes_engine_handle_t(ctypes.c_void_p):  # noqa: N801
    pass


class _Uuid(ctypes.Structure):
    _fields_ = (("id", ctypes.c_ubyte * 16),)


class _CoreProperties(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int32), ("uuid", _Uuid), ("name", ctypes.c_char * 256))


class zes_device_properties_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("stype", ctypes.c_int32), ("core", _CoreProperties))


class zes_process_state_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("stype", ctypes.c_int32), ("processId", ctypes.c_uint32), ("memSize", ctypes.c_uint64))


class zes_mem_state_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("stype", ctypes.c_int32), ("free", ctypes.c_uint64), ("size", ctypes.c_uint64))


class zes_power_energy_counter_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("energy", ctypes.c_uint64), ("timestamp", ctypes.c_uint64))


class zes_engine_properties_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("stype", ctypes.c_int32), ("type", ctypes.c_int32))


class zes_engine_stats_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("activeTime", ctypes.c_uint64), ("timestamp", ctypes.c_uint64))


class zes_freq_properties_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("stype", ctypes.c_int32), ("type", ctypes.c_int32))


class zes_freq_state_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("stype", ctypes.c_int32), ("actual", ctypes.c_double))


class zes_temp_properties_t(ctypes.Structure):  # noqa: N801
    _fields_ = (("stype", ctypes.c_int32), ("type", ctypes.c_int32))


_started: set[int] = set()


def _machine() -> dict[str, Any]:
    machine: dict[str, Any] = json.loads(os.environ["FAKE_ZES"])
    return machine


def _problem(function: str) -> int:
    if os.getpid() not in _started:
        return ZE_RESULT_ERROR_UNINITIALIZED
    return ZE_RESULT_ERROR_UNSUPPORTED_FEATURE if function in _machine().get("unsupported", ()) else ZE_RESULT_SUCCESS


def _micros() -> int:
    return int(_machine().get("seconds", 0) * 1_000_000)


def _checked_type(structure: Any, expected: int) -> int:
    return ZE_RESULT_SUCCESS if structure.stype == expected else ZE_RESULT_ERROR_INVALID_ARGUMENT


def _listing(name: str, count_of: Callable[[int], int]) -> Callable[..., int]:
    """Return a function that tells how many things an object has, or fills in their handles."""

    def ask(*arguments: Any) -> int:
        *owners, count, items = arguments
        owner = owners[0].value if owners else 0
        problem = _problem(name)
        if problem:
            return problem
        count._obj.value = count_of(owner)
        for place in range(len(items or ())):
            items[place].value = (owner << ITEM_SHIFT) + GPU_BIT + place
        return ZE_RESULT_SUCCESS

    return ask


zesDriverGet = _listing("zesDriverGet", lambda _: 1)  # noqa: N816
zesDeviceGet = _listing("zesDeviceGet", lambda _: _machine()["gpus"] + 1)  # noqa: N816 - the last one is an NPU
zesDeviceEnumMemoryModules = _listing("zesDeviceEnumMemoryModules", lambda _: 2)  # noqa: N816
zesDeviceEnumPowerDomains = _listing("zesDeviceEnumPowerDomains", lambda _: 2)  # noqa: N816
zesDeviceEnumFrequencyDomains = _listing("zesDeviceEnumFrequencyDomains", lambda _: 2)  # noqa: N816
zesDeviceEnumTemperatureSensors = _listing("zesDeviceEnumTemperatureSensors", lambda _: 2)  # noqa: N816
zesDeviceEnumEngineGroups = _listing("zesDeviceEnumEngineGroups", lambda _: 3)  # noqa: N816


def zesInit(flags: int) -> int:  # noqa: N802
    problem = int(_machine().get("problem", 0))
    if not problem:
        _started.add(os.getpid())
    return problem


def _gpu_of(handle: Any) -> int:
    """Return the number of a device from its handle."""
    return int(handle.value & 0xFF) - GPU_BIT


def zesDeviceGetProperties(handle: Any, properties: Any) -> int:  # noqa: N802
    seen, gpu = properties._obj, _gpu_of(handle)
    seen.core.type = ZES_DEVICE_TYPE_GPU if gpu < _machine()["gpus"] else ZES_DEVICE_TYPE_VPU
    seen.core.uuid.id[:] = bytes([0x86, 0x80, *[0] * 13, gpu])
    seen.core.name = b"Intel(R) Data Center GPU Max 1550"
    return _problem("zesDeviceGetProperties") or _checked_type(seen, ZES_STRUCTURE_TYPE_DEVICE_PROPERTIES)


def zesDeviceProcessesGetState(handle: Any, count: Any, processes: Any) -> int:  # noqa: N802
    held = _machine().get("processes", {}).get(str(_gpu_of(handle)), {})
    count._obj.value = len(held)
    for each, (pid, size) in zip(processes or (), held.items(), strict=False):
        each.processId, each.memSize = int(pid), size
        if each.stype != ZES_STRUCTURE_TYPE_PROCESS_STATE:
            return ZE_RESULT_ERROR_INVALID_ARGUMENT
    return _problem("zesDeviceProcessesGetState")


def zesMemoryGetState(handle: Any, state: Any) -> int:  # noqa: N802
    state._obj.size, state._obj.free = 64 * GIB, 63 * GIB
    return _problem("zesMemoryGetState") or _checked_type(state._obj, ZES_STRUCTURE_TYPE_MEM_STATE)


def zesPowerGetEnergyCounter(handle: Any, counter: Any) -> int:  # noqa: N802
    counter._obj.energy, counter._obj.timestamp = WATTS * _micros(), _micros()
    return _problem("zesPowerGetEnergyCounter")


def zesEngineGetProperties(handle: Any, properties: Any) -> int:  # noqa: N802
    kinds = (ZES_ENGINE_GROUP_RENDER_SINGLE, ZES_ENGINE_GROUP_ALL, ZES_ENGINE_GROUP_ALL)
    properties._obj.type = kinds[_gpu_of(handle)]
    return _problem("zesEngineGetProperties") or _checked_type(properties._obj, ZES_STRUCTURE_TYPE_ENGINE_PROPERTIES)


def zesEngineGetActivity(handle: Any, stats: Any) -> int:  # noqa: N802
    percent = (1, BUSY_PERCENT - 20, BUSY_PERCENT + 20)[_gpu_of(handle)]
    stats._obj.activeTime, stats._obj.timestamp = percent * _micros() // 100, _micros()
    return _problem("zesEngineGetActivity")


def zesFrequencyGetProperties(handle: Any, properties: Any) -> int:  # noqa: N802
    properties._obj.type = (ZES_FREQ_DOMAIN_GPU, ZES_FREQ_DOMAIN_MEMORY)[_gpu_of(handle)]
    return _problem("zesFrequencyGetProperties") or _checked_type(properties._obj, ZES_STRUCTURE_TYPE_FREQ_PROPERTIES)


def zesFrequencyGetState(handle: Any, state: Any) -> int:  # noqa: N802
    state._obj.actual = (1600.0, 3200.0)[_gpu_of(handle)]
    return _problem("zesFrequencyGetState") or _checked_type(state._obj, ZES_STRUCTURE_TYPE_FREQ_STATE)


def zesTemperatureGetProperties(handle: Any, properties: Any) -> int:  # noqa: N802
    properties._obj.type = (ZES_TEMP_SENSORS_GLOBAL, ZES_TEMP_SENSORS_GPU)[_gpu_of(handle)]
    return _problem("zesTemperatureGetProperties") or _checked_type(properties._obj, ZES_STRUCTURE_TYPE_TEMP_PROPERTIES)


def zesTemperatureGetState(handle: Any, degrees: Any) -> int:  # noqa: N802
    degrees._obj.value = (50.0, 47.0)[_gpu_of(handle)]
    return _problem("zesTemperatureGetState")
