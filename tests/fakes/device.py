"""A stand-in for a GPU that computes when a test says so. It replaces the copies of `journal/device_copy.py`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from lightning_sweeps.journal.device_copy import DeviceCopy, DeviceNumber, filled


@dataclass(eq=False)
class DeviceTensor:
    """A number that the device has computed once `computed` is set."""

    number: float
    computed: threading.Event = field(default_factory=threading.Event)
    fails_with: str = ""
    cannot_copy: str = ""

    def item(self) -> float:
        assert self.cannot_copy, "the value was read, which waits for the device"
        return self.number


class StandInCopy(DeviceCopy):
    """The copy of the numbers of one row."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: list[DeviceTensor] = []

    def add(self, tensor: Any) -> DeviceNumber:
        self._taken.append(tensor)
        return DeviceNumber(len(self._taken) - 1)

    @property
    def has_numbers(self) -> bool:
        return bool(self._taken)

    def start(self) -> None:
        for tensor in self._taken:
            if tensor.cannot_copy:
                raise RuntimeError(tensor.cannot_copy)

    def is_ready(self) -> bool:
        return all(tensor.computed.is_set() for tensor in self._taken)

    def resolve(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        failed = next((tensor.fails_with for tensor in self._taken if tensor.fails_with), "")
        numbers = {place: tensor.number for place, tensor in enumerate(self._taken)}
        return filled(values, None if failed else numbers), failed


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> type[DeviceTensor]:
    """Make journals treat `DeviceTensor`s as tensors on a GPU."""
    monkeypatch.setattr("lightning_sweeps.journal.values.is_on_device", lambda value: isinstance(value, DeviceTensor))
    monkeypatch.setattr("lightning_sweeps.journal.writer.DeviceCopy", StandInCopy)
    return DeviceTensor
