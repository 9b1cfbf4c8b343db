"""An agent waits while other processes use its GPU's memory, and ends when the disk is full."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lightning_sweeps.agents.preflight.disk_space import disk_shortage
from lightning_sweeps.agents.preflight.gpu_memory import memory_shortage
from lightning_sweeps.client import Client
from lightning_sweeps.system.gpus import Gpu, GpuSample
from tests.agents.trials import finish, make_sweep, start_agent
from tests.fakes.gpus import GIB, fake_nvml_environment
from tests.servers import wait_until

SHOW_AND_STAY = """
import os, pathlib, time
with open("visible", "a") as visible:
    visible.write(os.environ["CUDA_VISIBLE_DEVICES"] + " ")
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""
GPUS = [Gpu("nvidia", index, f"GPU-{index}", "Imagined", 80 * GIB) for index in range(2)]


def sample(index: int, used: int | None) -> GpuSample:
    processes = {} if used is None else {os.getpid(): used}
    return GpuSample(index, f"GPU-{index}", None, used, 80 * GIB, None, None, None, None, processes)


def test_only_the_slots_own_gpus_count() -> None:
    samples = [sample(0, 10 * GIB), sample(1, 75 * GIB)]
    assert memory_shortage(GPUS[:1], samples, floor_gib=70) == ""
    text = memory_shortage(GPUS, samples, floor_gib=20)
    assert text.startswith("only 5.0 GiB of GPU 1 free, required: 20 (`--gpu-memory-floor-gib`); GPU 1: process")
    assert f"process {os.getpid()} (" in text
    assert text.endswith(" uses 75.0 GiB")


def test_a_gpu_that_does_not_report_its_used_memory_counts_as_free() -> None:
    assert memory_shortage(GPUS, [sample(0, None)], floor_gib=80) == ""


def test_a_folder_that_does_not_exist_yet_is_on_its_parents_disk(tmp_path: Path) -> None:
    assert disk_shortage([tmp_path / "a" / "b"], floor_gib=0) == ""
    assert "GiB free, required: 1e+09 (`--disk-floor-gib`)" in disk_shortage([tmp_path / "a"], floor_gib=1e9)


@pytest.mark.launch
def test_a_full_gpu_gets_no_trial_and_its_agent_ends_with_the_sweep(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, SHOW_AND_STAY, points=3)
    environment = fake_nvml_environment(gpus=2, processes={0: {os.getpid(): 75 * GIB}})
    agent = start_agent(sweep_id, "--gpu-memory-floor-gib=20", folder=tmp_path, environment=environment)
    wait_until(lambda: "agent 0: only" in (tmp_path / "agent.out").read_text(), what="the message about the full GPU")
    (tmp_path / "go").touch()
    ended = finish(agent, folder=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert (tmp_path / "visible").read_text() == "1 1 1 "
    assert ended.out.count("agent 0: only 5.0 GiB of GPU 0 free") == 1
    assert f"GPU 0: process {os.getpid()} (" in ended.out
    assert ended.out.count("the sweep is finished") == 2


@pytest.mark.fault
def test_an_agent_whose_gpu_stays_full_gives_up_after_the_idle_timeout(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, "", points=1)
    environment = fake_nvml_environment(gpus=1, processes={0: {os.getpid(): 75 * GIB}})
    options = ("--gpu-memory-floor-gib=20", "--idle-timeout=0.5")
    ended = finish(start_agent(sweep_id, *options, folder=tmp_path, environment=environment), folder=tmp_path)
    assert ended.status == 1
    assert "no trial for 0.5 s (`--idle-timeout`): giving up" in ended.out
    assert "s waiting for GPU memory" in ended.out
    assert client.trials(sweep_id) == [] or client.trials(sweep_id)[0].state == "pending"


@pytest.mark.fault
def test_a_full_disk_ends_the_agent_before_it_takes_a_trial(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, "", points=1)
    ended = finish(start_agent(sweep_id, "--disk-floor-gib=1e9", folder=tmp_path), folder=tmp_path)
    assert ended.status == 1
    assert "required: 1e+09 (`--disk-floor-gib`); giving up" in ended.out
    assert "0 trials took" in ended.out
