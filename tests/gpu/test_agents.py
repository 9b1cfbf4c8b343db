"""Agents with trials on the real GPU."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.system.gpus import Gpu, list_gpus
from tests.agents.trials import EndedAgent, finish, make_sweep, run_agents, start_agent
from tests.gpu.programs import COMPILE, HOLD_MOST, OUT_OF_MEMORY, SHOW_DEVICE, SHOW_MEMORY, TRAIN
from tests.gpu.test_nvml import sample_of
from tests.servers import wait_until

MIB = 1024**2
CONTEXT_BYTES = 1024 * MIB
"""More than a CUDA context takes."""


def shown(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "shown").read_text().splitlines()]


def succeeded(ended: EndedAgent) -> None:
    print(ended.out[-1500:])
    assert ended.status == 0, ended.out + ended.err


@pytest.mark.parametrize("by", ["index", "uuid"])
def test_a_trial_sees_the_gpu_of_its_slot(
    client: Client, tmp_path: Path, gpu: Gpu, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "uuid":
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpu.uuid)
    sweep_id = make_sweep(client, tmp_path, SHOW_DEVICE, points=1)
    succeeded(run_agents(sweep_id, folder=tmp_path))
    [[visible, count, uuid]] = shown(tmp_path)
    assert count == "1"
    assert visible == (gpu.uuid if by == "uuid" else str(gpu.index))
    assert f"GPU-{uuid}" == gpu.uuid


def test_warm_trials_use_cuda_though_the_fork_server_does_not(client: Client, tmp_path: Path, gpu: Gpu) -> None:
    before = sample_of(gpu).memory_used_bytes or 0
    sweep_id = make_sweep(client, tmp_path, SHOW_DEVICE, points=4)
    agent = start_agent(sweep_id, folder=tmp_path, warm=True)
    ended = finish(agent, folder=tmp_path)
    succeeded(ended)
    assert [line[1:] for line in shown(tmp_path)] == [["1", gpu.uuid.removeprefix("GPU-")]] * 4
    assert "cold" not in ended.out
    assert (sample_of(gpu).memory_used_bytes or 0) <= before + 64 * MIB
    for trial in client.trials(sweep_id):
        print(f"trial {trial.number}: {trial.gpu_s or 0:.2f} GPU seconds")
        assert trial.gpus == 1


def test_warm_and_cold_give_the_same_metrics(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    sweep_id = make_sweep(client, tmp_path, TRAIN, points=4)
    succeeded(run_agents(sweep_id, "--count=2", folder=tmp_path, warm=True))
    succeeded(run_agents(sweep_id, folder=tmp_path))
    losses = (tmp_path / "losses").read_text().splitlines()
    assert len(losses) == 4
    assert len(set(losses)) == 1


@pytest.mark.real_gpu
def test_a_compiled_model_trains_in_a_warm_trial(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, COMPILE, points=2)
    ended = run_agents(sweep_id, folder=tmp_path, warm=True)
    succeeded(ended)
    assert "cold" not in ended.out
    assert [trial.state for trial in client.trials(sweep_id)] == ["finished"] * 2


def test_two_slots_share_one_gpu(client: Client, tmp_path: Path, gpu: Gpu) -> None:
    sweep_id = make_sweep(client, tmp_path, SHOW_DEVICE, points=4)
    ended = run_agents(sweep_id, f"--gpus={gpu.index}", "--slots=2", folder=tmp_path)
    succeeded(ended)
    assert [line[2] for line in shown(tmp_path)] == [gpu.uuid.removeprefix("GPU-")] * 4


def test_two_agents_take_turns_on_one_gpu(client: Client, tmp_path: Path, gpu: Gpu) -> None:
    sweep_id = make_sweep(client, tmp_path, SHOW_DEVICE, points=4)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        (folder / "train.py").write_text(SHOW_DEVICE)
    agents = [start_agent(sweep_id, f"--gpus={gpu.index}", folder=folder) for folder in folders]
    for agent, folder in zip(agents, folders, strict=True):
        succeeded(finish(agent, folder=folder))
    trials = sorted(client.trials(sweep_id), key=lambda trial: trial.started or 0)
    assert [trial.state for trial in trials] == ["finished"] * 4
    assert all((before.ended or 0) <= (after.started or 0) for before, after in itertools.pairwise(trials))


def test_the_memory_of_a_trial_is_free_when_the_next_one_starts(client: Client, tmp_path: Path, gpu: Gpu) -> None:
    before = sample_of(gpu).memory_used_bytes or 0
    sweep_id = make_sweep(client, tmp_path, SHOW_MEMORY, points=3)
    succeeded(run_agents(sweep_id, folder=tmp_path))
    used = [int(line) for [line] in shown(tmp_path)]
    print("in use at the start of each trial, MiB:", [size // MIB for size in used])
    assert len(used) == 3
    assert all(size < before + CONTEXT_BYTES for size in used)


def test_out_of_memory_is_the_reason_of_a_failed_trial(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, OUT_OF_MEMORY, points=1)
    ended = run_agents(sweep_id, folder=tmp_path)
    [trial] = client.trials(sweep_id)
    print(trial.state, trial.reason)
    print(ended.out[-1000:])
    assert trial.state == "failed"
    assert "CUDA out of memory" in trial.reason


def test_a_full_gpu_gets_no_trial_until_it_is_free(client: Client, tmp_path: Path, gpu: Gpu) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_MOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    sweep_id = make_sweep(client, tmp_path, SHOW_DEVICE, points=1)
    agent = start_agent(sweep_id, "--gpu-memory-floor-gib=20", f"--gpus={gpu.index}", folder=tmp_path)
    wait_until(lambda: f"GiB of GPU {gpu.index} free" in (tmp_path / "agent.out").read_text(), what="the message")
    assert not (tmp_path / "shown").exists()
    holder.communicate()
    ended = finish(agent, folder=tmp_path)
    succeeded(ended)
    if sample_of(gpu).processes:
        assert f"process {holder.pid}" in ended.out
    assert len(shown(tmp_path)) == 1


def test_a_trial_waits_for_a_gpu_of_its_own(client: Client, tmp_path: Path) -> None:
    if len(list_gpus()) < 2:
        pytest.skip("one GPU: two slots are not checked")
    sweep_id = make_sweep(client, tmp_path, SHOW_DEVICE, points=4)
    succeeded(run_agents(sweep_id, folder=tmp_path))
    assert len({line[2] for line in shown(tmp_path)}) > 1
