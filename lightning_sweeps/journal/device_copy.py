"""Copies the numbers of one row from a GPU without waiting for it.

`Tensor.item()` waits until the GPU has computed everything that was queued before it. A `DeviceCopy` queues two
operations instead: the numbers are gathered into a new tensor on the stream that computes them, so that later
operations on them cannot change what was logged; then a stream of our own copies that tensor to pinned host memory and
records an event. The first row of a process, and the first with a data type, may wait: CUDA then allocates pinned
memory or loads a kernel.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Any

SLOT_BYTES = 512
"""Room for 64 numbers of the largest type."""
SLOTS = 2048
"""More rows are never on their way: CUDA queues about a thousand operations, and each row queues several."""


class DeviceValueError(Exception):
    """A value is on a GPU: reading it now would wait. It never reaches users."""


def is_on_device(value: Any) -> bool:
    """Return whether a value is a plain tensor on a CUDA or ROCm device: to read a subclass may need a collective."""
    return getattr(value, "is_cuda", False) is True and type(value) in _plain_tensor_types()


class DeviceCopy:
    """The numbers of one row that a GPU computes.

    Call `add` for each tensor, then `start` once, and `resolve` when `is_ready` is true.
    """

    def __init__(self) -> None:
        self._tensors: list[Any] = []
        self._groups: list[_Group] = []

    def add(self, tensor: Any) -> DeviceNumber:
        """Return what stands for the number in a tensor of one element.

        Raises:
            TypeError: the tensor does not have one element.
        """
        if tensor.numel() != 1:
            raise TypeError(f"a `Tensor` of {tensor.numel()} elements is not a number; log its mean or its elements")
        self._tensors.append(tensor.detach().reshape(()))
        return DeviceNumber(len(self._tensors) - 1)

    @property
    def has_numbers(self) -> bool:
        """Whether `add` has taken a number."""
        return bool(self._tensors)

    def start(self) -> None:
        """Queue the copies.

        Raises:
            RuntimeError: the GPU has failed, or a CUDA graph is being captured.
        """
        if _torch().cuda.is_current_stream_capturing():
            raise RuntimeError("a CUDA graph is being captured; log after its replay")
        places: dict[tuple[Any, Any], list[int]] = {}
        for place, tensor in enumerate(self._tensors):
            places.setdefault((tensor.device, tensor.dtype), []).append(place)
        self._groups = [_Group(some, [self._tensors[place] for place in some]) for some in places.values()]
        self._tensors = []

    def is_ready(self) -> bool:
        """Return whether all numbers have arrived. Does not wait. After a failure of the GPU the answer is true."""
        try:
            return all(group.copy.event.query() for group in self._groups)
        except RuntimeError:  # `resolve` reports it
            return True

    def resolve(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the values with the numbers in place, and the GPU's error, or an empty string.

        After an error, the numbers are left out.
        """
        try:
            numbers: dict[int, Any] = {}
            for group in self._groups:
                numbers.update(zip(group.places, group.take_numbers(), strict=True))
        except RuntimeError as error:
            return self.without_numbers(values), str(error).partition("\n")[0]
        return filled(values, numbers), ""

    def without_numbers(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row without the numbers that are on their way."""
        return filled(values, None)


class DeviceNumber(int):
    """Stands for a number in a row until it has arrived; its value is the number's place in the copy."""


class TensorCopy:
    """A copy of one GPU tensor in pinned host memory, made by a stream of our own.

    Attributes:
        host: the copy, with the shape of the tensor. It may be read after `event`.
        event: recorded after the copy.

    Args:
        tensor: the tensor. It is kept until this object is deleted, and must not change before `event`.
        host: where to copy to. None: to new memory; allocating it may wait for the GPU.
    """

    def __init__(self, tensor: Any, host: Any = None) -> None:
        torch = _torch()
        self._tensor = tensor
        compute, copies = torch.cuda.current_stream(tensor.device), _copy_stream(tensor.device)
        device = torch.cuda.current_device()
        copies.wait_stream(compute)
        self.event = torch.cuda.Event()
        torch.cuda.set_stream(copies)  # takes 8 us less than the context manager
        try:
            self.host = tensor.to("cpu", non_blocking=True) if host is None else host.copy_(tensor, non_blocking=True)
            self.event.record(copies)
        finally:
            torch.cuda.set_stream(compute)
            if tensor.get_device() != device:  # a stream makes its device the current one
                torch.cuda.set_device(device)


class HostMemory:
    """Memory for copies of rows, in slots. It is allocated once: allocating pinned memory waits for the GPU.

    Args:
        slots: the number of slots.
        is_pinned: whether the memory is pinned, so that a GPU can copy to it without a wait.
    """

    def __init__(self, slots: int, *, is_pinned: bool) -> None:
        torch = _torch()
        self._memory = torch.empty((slots, SLOT_BYTES), dtype=torch.uint8, pin_memory=is_pinned)
        self._free = list(range(slots))

    def take(self, count: int, dtype: Any) -> tuple[int | None, Any]:
        """Return a free slot and a tensor of shape (count,) in it, or None and None if none fits."""
        size = count * dtype.itemsize
        if size > SLOT_BYTES or not self._free:
            return None, None
        slot = self._free.pop()
        return slot, self._memory[slot, :size].view(dtype)

    def release(self, slot: int) -> None:
        """Make a slot free again."""
        self._free.append(slot)


class _Group:
    """The tensors of one device and data type, which are copied together.

    Attributes:
        places: the places of the numbers in the row's copy.
        copy: the numbers, shape (len(places),).
    """

    def __init__(self, places: list[int], tensors: list[Any]) -> None:
        self.places = places
        gathered = _torch().stack(tensors)
        self._slot, host = _host_memory().take(len(tensors), gathered.dtype)
        self.copy = TensorCopy(gathered, host)

    def take_numbers(self) -> list[Any]:
        """Return the numbers, once they have arrived, and release their memory.

        Raises:
            RuntimeError: the GPU has failed.
        """
        self.copy.event.query()
        numbers: list[Any] = self.copy.host.tolist()
        if self._slot is not None:
            _host_memory().release(self._slot)
        return numbers


@functools.cache
def _host_memory() -> HostMemory:
    """Return this process's memory for copies of rows."""
    return HostMemory(SLOTS, is_pinned=True)


@functools.cache
def _copy_stream(device: Any) -> Any:
    """Return this process's stream for copies from a device."""
    return _torch().cuda.Stream(device)


def filled(values: Mapping[str, Any], numbers: Mapping[int, Any] | None) -> dict[str, Any]:
    """Return the row with the numbers in place of their placeholders; None: without them."""
    row: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, DeviceNumber):
            if numbers is not None:
                row[key] = numbers[int(value)]
        else:
            row[key] = filled(value, numbers) if isinstance(value, dict) else value
    return row


def _torch() -> Any:
    return sys.modules["torch"]


def _plain_tensor_types() -> tuple[type, ...]:
    torch = _torch()
    return (torch.Tensor, torch.nn.Parameter)
