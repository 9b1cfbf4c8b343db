"""The agent reports the processes that use a GPU's memory."""

from __future__ import annotations

import os

from lightning_sweeps.agents.preflight.gpu_users import GpuUser, describe_gpu_users, find_gpu_users
from lightning_sweeps.system.gpus import Gpu, GpuSample
from tests.fakes.gpus import GIB

GPUS = [Gpu("nvidia", index, f"GPU-{index}", "Imagined", 80 * GIB) for index in range(2)]


def sample(index: int, processes: dict[int, int], used: int | None = None) -> GpuSample:
    return GpuSample(index, f"GPU-{index}", None, used, 80 * GIB, None, None, None, None, processes)


def test_only_notable_users_of_these_gpus_count() -> None:
    samples = [sample(0, {1: 3 * GIB, 2: GIB // 8}), sample(1, {3: 5 * GIB})]
    assert find_gpu_users(GPUS[:1], samples) == (GpuUser(1, 0, 3 * GIB),)
    assert find_gpu_users(GPUS, samples, known={1}) == (GpuUser(3, 1, 5 * GIB),)


def test_all_memory_counts_if_the_driver_does_not_report_the_share_of_a_process() -> None:
    assert find_gpu_users(GPUS, [sample(0, {1: 0}, used=2 * GIB)]) == (GpuUser(1, 0, 2 * GIB),)


def test_the_message_names_the_process() -> None:
    text = describe_gpu_users([GpuUser(os.getpid(), 1, 3 * GIB), GpuUser(2**22 + 1, 1, GIB)])
    assert f"GPU 1: process {os.getpid()} (" in text
    assert ") uses 3.0 GiB; " in text
    assert "not visible from here" in text
