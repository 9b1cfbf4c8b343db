"""The memory that copies from a GPU go to, and placeholders in rows. tests/gpu has the copies themselves."""

from __future__ import annotations

import pytest
import torch

from lightning_sweeps.journal.device_copy import SLOT_BYTES, DeviceCopy, DeviceNumber, HostMemory, filled, is_on_device


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.uint8, torch.bool])
def test_a_slot_holds_numbers_of_every_type(dtype: torch.dtype) -> None:
    memory = HostMemory(2, is_pinned=False)
    numbers = torch.tensor([1, 0, 1]).to(dtype)
    _, first = memory.take(3, dtype)
    _, second = memory.take(64, dtype)
    first.copy_(numbers)
    second.zero_()
    assert first.tolist() == numbers.tolist()


def test_slots_are_used_again_and_run_out() -> None:
    memory = HostMemory(2, is_pinned=False)
    taken = [memory.take(1, torch.float32)[0] for _ in range(3)]
    assert taken[2] is None
    assert taken[0] is not None
    memory.release(taken[0])
    assert memory.take(1, torch.float32)[0] == taken[0]
    assert memory.take(SLOT_BYTES // 8 + 1, torch.float64) == (None, None)


def test_placeholders_become_numbers_or_are_left_out() -> None:
    row = {"loss": DeviceNumber(1), "lr": 0, "val": {"loss": DeviceNumber(0)}}
    assert filled(row, {0: 0.5, 1: 0.25}) == {"loss": 0.25, "lr": 0, "val": {"loss": 0.5}}
    assert filled(row, None) == {"lr": 0, "val": {}}


def test_what_is_on_the_cpu_is_read_at_once() -> None:
    assert not is_on_device(torch.zeros(()))
    assert not is_on_device(0.5)


def test_only_one_element_is_a_number() -> None:
    with pytest.raises(TypeError, match="2 elements"):
        DeviceCopy().add(torch.zeros(2))
