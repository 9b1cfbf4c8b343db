"""What NVML says about the real GPUs, compared with CUDA and nvidia-smi."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from lightning_sweeps.client import Client
from lightning_sweeps.system.gpus import Gpu, GpuSample, list_gpus, sample_gpus
from tests.servers import wait_until
from tests.service.services import run_program, running_service

MIB = 1024**2
USED_MIB = 512
HOLD = f"""
import sys, torch
held = torch.zeros({USED_MIB} * 2**20, dtype=torch.uint8, device="cuda")
torch.cuda.synchronize()
print("ready", flush=True)
sys.stdin.read()
"""
WORK = """
import torch
a = torch.randn(4096, 4096, device="cuda", dtype=torch.bfloat16)
print("ready", flush=True)
while True:
    for _ in range(50):
        a @ a
    torch.cuda.synchronize()
"""


def sample_of(gpu: Gpu) -> GpuSample:
    return next(sample for sample in sample_gpus() if sample.uuid == gpu.uuid)


def start(code: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_the_gpus_are_those_of_cuda(gpu: Gpu) -> None:
    properties = torch.cuda.get_device_properties(0)
    assert gpu.uuid.removeprefix("GPU-") == str(properties.uuid)
    assert gpu.name == properties.name
    assert abs(gpu.memory_bytes - properties.total_memory) < 0.05 * gpu.memory_bytes


def test_the_uuids_are_those_of_nvidia_smi() -> None:
    if shutil.which("nvidia-smi") is None:
        pytest.skip("nvidia-smi is not installed")
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout
    assert all(gpu.uuid in listed for gpu in list_gpus())


def test_the_parts_of_a_mig_gpu_are_listed(gpu: Gpu) -> None:
    parts = [gpu for gpu in list_gpus() if gpu.part is not None]
    if not parts:
        pytest.skip("MIG is not enabled on a GPU: its parts are not checked")
    assert {part.uuid for part in parts} == {sample.uuid for sample in sample_gpus() if sample.part is not None}
    assert all(part.uuid.startswith("MIG-") and part.memory_bytes for part in parts)
    program = "import torch; print(torch.cuda.device_count(), torch.cuda.get_device_properties(0).total_memory)"
    for part in parts:
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": part.uuid}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        count, memory_bytes = map(int, done.stdout.split())
        assert count == 1
        assert abs(memory_bytes - part.memory_bytes) < 0.1 * part.memory_bytes


def test_a_busy_gpu_has_all_readings(gpu: Gpu) -> None:
    worker = start(WORK)
    try:
        wait_until(lambda: (sample_of(gpu).utilization_percent or 0) > 50, what="a utilization over 50 %")
        busy = sample_of(gpu)
    finally:
        end(worker)
    assert busy.memory_used_bytes is not None
    assert 0 < busy.memory_used_bytes < busy.memory_total_bytes == gpu.memory_bytes
    assert busy.temperature_c is not None
    assert 10 < busy.temperature_c < 110
    assert busy.power_w is not None
    assert 30 < busy.power_w < 1500
    assert busy.sm_clock_mhz is not None
    assert busy.memory_clock_mhz is not None
    assert busy.sm_clock_mhz > 200
    assert busy.memory_clock_mhz > 200


def test_memory_belongs_to_processes(gpu: Gpu) -> None:
    """Containers may hide processes from NVML; then the GPU's own memory must have grown."""
    before = sample_of(gpu).memory_used_bytes or 0
    holder = start(HOLD)
    try:
        sample = sample_of(gpu)
        held = sample.processes.get(holder.pid)
        print(f"NVML lists {len(sample.processes)} processes; the share of this test's process: {held}")
        assert (sample.memory_used_bytes or 0) - before >= USED_MIB * MIB
        if holder.pid in sample.processes and held:
            assert held >= USED_MIB * MIB
        elif not sample.processes:
            pytest.skip("NVML lists no processes here (a container with its own pids)")
    finally:
        end(holder)


def test_memory_is_free_soon_after_a_kill_in_a_kernel(gpu: Gpu) -> None:
    before = sample_of(gpu).memory_used_bytes or 0
    holder = start(HOLD.replace('print("ready"', 'torch.cuda._sleep(3 * 10**10)\nprint("ready"'))
    assert (sample_of(gpu).memory_used_bytes or 0) > before
    killed_at = time.monotonic()
    end(holder)
    wait_until(lambda: (sample_of(gpu).memory_used_bytes or 0) <= before + 64 * MIB, what="free memory")
    print(f"memory was free {time.monotonic() - killed_at:.2f} s after the kill")


def test_the_page_shows_the_gpu_memory_of_a_process(client: Client, gpu: Gpu, home: Path) -> None:
    with running_service(home, LIGHTNING_SWEEPS_SAMPLE_INTERVAL_S="0.5"):
        program = run_program(
            home,
            f"import torch\nheld = torch.zeros({USED_MIB} * 2**20, dtype=torch.uint8, device='cuda')\n"
            "run = ls.init('gpu-memory')\nrun.log({'x': 1})\nsys.stdin.read()",
            stdin=subprocess.PIPE,
        )
        try:
            wait_until(lambda: bool(client.runs(project="gpu-memory").runs), what="the run")
            run = client.runs(project="gpu-memory").runs[0]

            def used() -> dict[str, float]:
                keys = client.keys(f"process:{run.id}")
                return {info.key: float(info.last or 0) for info in keys if "gpu" in info.key}

            if not sample_of(gpu).processes.get(program.pid):
                pytest.skip("NVML lists no processes here (a container with its own pids)")
            wait_until(lambda: any(value >= USED_MIB * MIB for value in used().values()), what="its GPU memory")
            print("the run's process:", used())
        finally:
            program.communicate()


def test_sampling_is_cheap_and_makes_no_context(gpu: Gpu) -> None:
    """In a process of its own: NVML must not create a CUDA context, which would take memory on the GPU."""
    code = """
import os, time
from lightning_sweeps.system.gpus import sample_gpus
sample_gpus()
start, cpu = time.perf_counter(), time.process_time()
for _ in range(20):
    sample_gpus()
print((time.perf_counter() - start) / 20 * 1e3, (time.process_time() - cpu) / 20 * 1e3)
print([os.getpid() in sample.processes for sample in sample_gpus()])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    times, uses_gpus = done.stdout.splitlines()
    wall_ms, cpu_ms = map(float, times.split())
    print(f"a sample of {len(list_gpus())} GPUs takes {wall_ms:.2f} ms, {cpu_ms:.2f} ms of CPU time")
    assert "True" not in uses_gpus
    assert cpu_ms < 50
