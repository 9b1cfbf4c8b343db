"""Logging never waits for the GPU, and what it logs is exact."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from lightning_sweeps.sdk.run import Run
from lightning_sweeps.sdk.session import init
from lightning_sweeps.system.gpus import Gpu
from tests.trainer.journals import logged_run

keep_busy: Any = torch.cuda._sleep
"""Queues a kernel that does nothing for this many cycles of the GPU's clock."""
new_stream: Any = torch.cuda.Stream
BUSY_CYCLES = 10**9
"""About half a second of a kernel that does nothing."""


@pytest.fixture
def run(home: Path) -> Iterator[Run]:
    run = init("gpu")
    yield run
    run.finish()


@pytest.fixture
def no_waits(gpu: Gpu) -> Iterator[None]:
    """Let PyTorch raise when something waits for the GPU."""
    torch.zeros(1, device="cuda")
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    yield
    torch.cuda.set_sync_debug_mode(before)


def test_a_log_call_returns_while_the_gpu_is_busy(run: Run, home: Path, no_waits: None) -> None:
    x = torch.full((), 0.5, device="cuda")
    counts = torch.arange(11, device="cuda")
    run.log({"loss": x})  # creates the stream for copies
    started_at = time.perf_counter()
    keep_busy(BUSY_CYCLES)
    for step in range(1, 11):
        run.log({"loss": x * step, "lr": 0.1, "half": (x * step).half(), "count": counts[step]}, step=step)
    logged_s = time.perf_counter() - started_at
    torch.cuda.set_sync_debug_mode("default")
    torch.cuda.synchronize()
    busy_s = time.perf_counter() - started_at
    print(f"10 rows took {1e3 * logged_s:.1f} ms while the GPU was busy for {1e3 * busy_s:.0f} ms")
    assert logged_s < 0.5 * busy_s
    run.finish()
    assert logged_run(home).rows[1:][4].values == {"loss": 2.5, "lr": 0.1, "half": 2.5, "count": 5}
    assert [row.step for row in logged_run(home).rows] == list(range(11))


def test_the_value_is_that_of_the_call(run: Run, home: Path, no_waits: None) -> None:
    """In-place operations that are queued later do not change a row."""
    total = torch.zeros((), device="cuda")
    for step in range(200):
        keep_busy(10**5)
        total += 1
        run.log({"total": total}, step=step)
        total *= 1.0
    run.finish()
    assert logged_run(home).series("total") == [(step, step + 1.0) for step in range(200)]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool"])
def test_every_type_is_what_item_gives(run: Run, home: Path, dtype: str) -> None:
    value = torch.tensor([[3.3]], device="cuda").to(getattr(torch, dtype))
    run.log({"value": value, "view": torch.arange(10, device="cuda").to(getattr(torch, dtype))[1]})
    run.finish()
    found = logged_run(home).rows[0].values
    assert found == {"value": value.item(), "view": 1}
    assert type(found["value"]) is type(value.item())


def test_values_with_a_graph_other_streams_and_inference(run: Run, home: Path) -> None:
    weight = torch.ones(3, device="cuda", requires_grad=True)
    run.log({"loss": (weight * 2).sum()})
    other = new_stream()
    with torch.cuda.stream(other):
        keep_busy(10**7)
        run.log({"loss": torch.full((), 7.0, device="cuda")})
    with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
        run.log({"loss": torch.full((), 8.0, device="cuda"), "bad": torch.ones(2, device="cuda")})
    run.finish()
    assert logged_run(home).series("loss") == [(0, 6.0), (1, 7.0), (2, 8.0)]


def test_logging_from_another_gpu_leaves_the_current_device(run: Run, home: Path) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("one GPU: values of another GPU are not checked")
    run.log({"first": torch.ones((), device="cuda:0"), "second": torch.full((), 2.0, device="cuda:1")})
    assert torch.cuda.current_device() == 0
    run.finish()
    assert logged_run(home).rows[0].values == {"first": 1.0, "second": 2.0}


def test_rows_arrive_without_another_call(run: Run, home: Path) -> None:
    keep_busy(BUSY_CYCLES // 10)
    run.log({"loss": torch.ones((), device="cuda")})
    deadline = time.monotonic() + 5
    while not logged_run(home).rows and time.monotonic() < deadline:
        time.sleep(0.005)
    assert logged_run(home).series("loss") == [(0, 1.0)]


@pytest.mark.real_gpu
def test_a_captured_graph_is_not_broken(run: Run, home: Path, caplog: pytest.LogCaptureFixture) -> None:
    static = torch.ones((), device="cuda")
    graph = torch.cuda.CUDAGraph()
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        out = static * 2
        run.log({"captured": out, "lr": 0.1})
    graph.replay()
    run.log({"replayed": out})
    run.finish()
    assert [row.values for row in logged_run(home).rows] == [{"lr": 0.1}, {"replayed": 2.0}]
    assert "log after its replay" in caplog.text


def test_a_kill_loses_at_most_what_the_gpu_had_not_computed(home: Path) -> None:
    code = """
import os, signal, time, torch
import lightning_sweeps as ls
run = ls.init("killed")
x = torch.ones((), device="cuda")
run.log({"computed": x}, step=0)
torch.cuda.synchronize()
time.sleep(0.2)
torch.cuda._sleep(3 * 10**10)
run.log({"later": x}, step=1)
print("ready", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [row.values for row in logged_run(home).rows] == [{"computed": 1.0}]


def test_the_end_of_a_program_does_not_hang_with_the_gpu(home: Path) -> None:
    code = """
import time, torch
import lightning_sweeps as ls
run = ls.init("hangs")
run.log({"x": torch.ones((), device="cuda")}, step=0)
torch.cuda._sleep(3 * 10**10)
run.log({"later": torch.ones((), device="cuda"), "lr": 0.1}, step=1)
start = time.monotonic()
run._writer.write_device_rows(timeout_s=1.0)
print(time.monotonic() - start, flush=True)
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 0.9 < float(done.stdout) < 3, done.stderr
    assert [row.values for row in logged_run(home).rows] == [{"x": 1.0}, {"lr": 0.1}]


@pytest.mark.real_gpu
def test_a_failed_gpu_costs_only_its_values(home: Path) -> None:
    code = """
import torch
import lightning_sweeps as ls
run = ls.init("fails")
run.log({"x": torch.ones((), device="cuda")}, step=0)
torch.cuda.synchronize()
index = torch.tensor([10**6], device="cuda")
torch.zeros(3, device="cuda")[index]  # a device-side assertion: the context is lost
for step in range(1, 4):
    run.log({"x": torch.ones((), device="cuda") if step < 1 else run, "lr": 0.1}, step=step)
try:
    run.log({"y": index[0], "lr": 0.2}, step=4)
except Exception as error:
    print("raised in log", error)
run.finish()
print("finished")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "raised in log" not in done.stdout
    assert "finished" in done.stdout, done.stderr
    assert [row.values for row in logged_run(home).rows] == [{"x": 1.0}, *[{"lr": 0.1}] * 3, {"lr": 0.2}]


def test_many_rows_keep_order_and_bounded_memory(run: Run, home: Path) -> None:
    x = torch.ones((), device="cuda")
    torch.cuda.reset_peak_memory_stats()
    start = torch.cuda.memory_allocated()
    keep_busy(BUSY_CYCLES)
    for step in range(5000):
        run.log({"x": x * step, "y": step}, step=step)
    peak = torch.cuda.max_memory_allocated() - start
    run.finish()
    print(f"5,000 rows in flight took at most {peak / 1024:.0f} KiB on the GPU")
    assert logged_run(home).series("x") == [(step, float(step)) for step in range(5000)]
    assert peak < 16 * 1024**2
