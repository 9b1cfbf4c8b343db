"""Who holds a GPU's memory is named."""

from __future__ import annotations

import os

from lightning_sweeps.agents.preflight.gpu_users import Holder, describe, holders
from lightning_sweeps.system.gpus import Gpu, GpuSample
from tests.fakes.gpus import GIB

GPUS = [Gpu(index, f"GPU-{index}", "Imagined", 80 * GIB) for index in range(2)]


def sample(index: int, processes: dict[int, int], used: int | None = None) -> GpuSample:
    return GpuSample(index, f"GPU-{index}", None, used, 80 * GIB, None, None, None, None, processes)


def test_only_notable_holders_of_these_gpus_count() -> None:
    samples = [sample(0, {1: 3 * GIB, 2: GIB // 8}), sample(1, {3: 5 * GIB})]
    assert holders(GPUS[:1], samples) == (Holder(1, 0, 3 * GIB),)
    assert holders(GPUS, samples, known={1}) == (Holder(3, 1, 5 * GIB),)


def test_where_the_driver_does_not_tell_the_share_the_whole_counts() -> None:
    assert holders(GPUS, [sample(0, {1: 0}, used=2 * GIB)]) == (Holder(1, 0, 2 * GIB),)


def test_the_message_names_the_process() -> None:
    text = describe([Holder(os.getpid(), 1, 3 * GIB), Holder(2**22 + 1, 1, GIB)])
    assert f"GPU 1: 3.0 GiB are held by process {os.getpid()} (" in text
    assert "not visible from here" in text
