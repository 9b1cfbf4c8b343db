"""A stand-in for one NVIDIA GPU on the CPU, for what the checks in tests/gpu use of `torch.cuda`.

Operations compute at once, on the CPU. A stream only knows until when it would be busy: `torch.cuda._sleep` makes it
busy, an event is done when the stream would have come to it, and reading a value waits for that. Memory is a number in
a file per process, which the fake NVML reads (`FAKE_NVML_MEMORY` names the folder).
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml  # the fake: it is beside this folder on PYTHONPATH
import torch
from torch.overrides import TorchFunctionMode

CYCLES_PER_S = 2 * 10**9
CONTEXT_BYTES = 300 * 1024**2
SMALL_BYTES = 2**20
CPU = torch.device("cpu")
WAITING = ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__")

_thread = threading.local()
_state = SimpleNamespace(sync_mode=0, held_bytes=0, host_memory=set())


class Stream:
    """A stream that would be busy until some time."""

    def __init__(self, device: Any = None) -> None:
        self.device = device
        self.busy_until = 0.0

    def wait_stream(self, other: Stream) -> None:
        self.busy_until = max(self.busy_until, other.busy_until)

    def synchronize(self) -> None:
        _wait_until(self.busy_until)


class Event:
    """An event that is done when its stream would have come to it."""

    def __init__(self) -> None:
        self._done_at = 0.0

    def record(self, stream: Stream | None = None) -> None:
        self._done_at = (stream or current_stream()).busy_until

    def query(self) -> bool:
        return time.monotonic() >= self._done_at

    def synchronize(self) -> None:
        _wait_until(self._done_at)


_default_stream = Stream()


def current_stream(device: Any = None) -> Stream:
    found: Stream = getattr(_thread, "stream", _default_stream)
    return found


def set_stream(stream: Stream) -> None:
    _thread.stream = stream


@contextlib.contextmanager
def stream(chosen: Stream) -> Iterator[None]:
    before = current_stream()
    set_stream(chosen)
    try:
        yield
    finally:
        set_stream(before)


def sleep(cycles: int) -> None:
    busy = current_stream()
    busy.busy_until = max(busy.busy_until, time.monotonic()) + cycles / CYCLES_PER_S


def _wait_until(moment: float) -> None:
    while (left_s := moment - time.monotonic()) > 0:
        time.sleep(left_s)


def synchronize(device: Any = None) -> None:
    if is_visible():
        allocate(0)
    current_stream().synchronize()


def handle() -> Any:
    """Return the fake NVML's handle of the first visible GPU."""
    pynvml.nvmlInit()
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
    return next(each for each in handles if wanted in (str(each.index), pynvml.nvmlDeviceGetUUID(each)))


def is_visible() -> bool:
    return os.environ.get("CUDA_VISIBLE_DEVICES", "0") not in ("", "-1")


def properties(device: Any = None) -> Any:
    return SimpleNamespace(
        uuid=pynvml.nvmlDeviceGetUUID(handle()).removeprefix("GPU-"),
        name=pynvml.nvmlDeviceGetName(handle()),
        total_memory=pynvml.nvmlDeviceGetMemoryInfo(handle()).total,
        major=9,
        minor=0,
    )


def memory_info(device: Any = None) -> tuple[int, int]:
    allocate(0)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle())
    return memory.free, memory.total


def allocate(size_bytes: int) -> None:
    """Hold memory of the GPU, and first of all a context."""
    file = Path(os.environ["FAKE_NVML_MEMORY"], str(os.getpid()))
    _state.held_bytes += size_bytes
    if size_bytes and size_bytes > pynvml.nvmlDeviceGetMemoryInfo(handle()).free:
        raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {size_bytes / 2**30:.2f} GiB.")
    file.write_text(str(CONTEXT_BYTES + _state.held_bytes))


def is_gpu(value: Any) -> bool:
    return (isinstance(value, str) and value.startswith("cuda")) or (
        isinstance(value, torch.device) and value.type == "cuda"
    )


def is_on_host(tensor: Any) -> bool:
    return tensor.untyped_storage().data_ptr() in _state.host_memory


def on_host(tensor: Any) -> Any:
    _state.host_memory.add(tensor.untyped_storage().data_ptr())
    return tensor


class OnTheCpu(TorchFunctionMode):
    """Runs on the CPU what was meant for the GPU. All tensors count as the GPU's, but for copies to the host."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named, name = dict(kwargs or {}), getattr(func, "__name__", "")
        if func == torch.Tensor.is_cuda.__get__:  # type: ignore[attr-defined]
            return not is_on_host(args[0])
        if name == "get_device":
            return 0
        if name == "cuda":
            allocate(0)
            return args[0]
        if name in WAITING and args and isinstance(args[0], torch.Tensor) and not is_on_host(args[0]):
            self._wait()
        if name in ("zeros", "empty") and is_gpu(named.get("device")) and args and isinstance(args[0], int):
            allocate(args[0] if args[0] > SMALL_BYTES else 0)
            return torch.zeros(1, dtype=named.get("dtype"))
        if func is torch.device:
            return func(*args, **named)
        pinned = named.pop("pin_memory", False)
        to_host = name == "to" and len(args) > 1 and args[1] == "cpu" and named.get("non_blocking")
        if is_gpu(named.get("device")):
            allocate(0)
            named["device"] = CPU
        result = func(*[CPU if is_gpu(value) else value for value in args], **named)
        if to_host:
            return on_host(result.clone())
        return on_host(result) if pinned else result

    def _wait(self) -> None:
        if _state.sync_mode == "error":
            raise RuntimeError("called a synchronizing CUDA operation")
        current_stream().synchronize()


def install() -> None:
    """Change torch."""
    cuda: Any = torch.cuda
    replaced = {
        "is_available": is_visible,
        "device_count": lambda: 1 if is_visible() else 0,
        "current_device": lambda: 0,
        "set_device": lambda _: None,
        "get_device_name": lambda _=None: properties().name,
        "get_device_properties": properties,
        "mem_get_info": memory_info,
        "is_current_stream_capturing": lambda: False,
        "reset_peak_memory_stats": lambda: None,
        "memory_allocated": lambda: 0,
        "max_memory_allocated": lambda: 0,
        "get_sync_debug_mode": lambda: _state.sync_mode,
        "set_sync_debug_mode": lambda mode: setattr(_state, "sync_mode", mode),
        "synchronize": synchronize,
        "current_stream": current_stream,
        "set_stream": set_stream,
        "stream": stream,
        "_sleep": sleep,
        "Stream": Stream,
        "Event": Event,
    }
    for name, value in replaced.items():
        setattr(cuda, name, value)
    OnTheCpu().__enter__()  # type: ignore[no-untyped-call]
