"""Stalled ranks: the run names the place where each rank waits, while a real collective blocks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.service.stalls import describe
from tests.servers import running_server, wait_until
from tests.service.services import running_service

STACKS = """Thread 0x00007f00 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 324 in wait

Current thread 0x00007f01 (most recent call first):
  File "/x/site-packages/torch/distributed/distributed_c10d.py", line 2806 in all_reduce
  File "/x/site-packages/torch/distributed/c10d_logger.py", line 83 in wrapper
  File "/home/me/train.py", line 33 in train_step
  File "/home/me/train.py", line 90 in <module>
"""


def test_the_description_names_the_line_of_the_program() -> None:
    assert describe(STACKS) == "it is in `all_reduce`, called from `train_step` (train.py:33)"
    assert describe('Current thread 0x1 (most recent call first):\n  File "/a/b.py", line 3 in f\n') == (
        "it is in `f` (b.py:3)"
    )
    assert describe("") == "its stacks cannot be read"


PROGRAM = """
import sys, time
import torch.distributed as dist
import lightning_sweeps as ls
dist.init_process_group("gloo")
run = ls.init("hangs")
run.log({"x": 1})

def lost():
    while True:
        time.sleep(0.1)

def train_step():
    dist.barrier()

if run.rank == 1:
    lost()
train_step()
"""


@pytest.mark.slow
@pytest.mark.launch
@pytest.mark.fault
def test_a_collective_that_one_rank_never_enters_is_explained_in_every_run(home: Path, tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text(PROGRAM)
    words = ["--nproc-per-node", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0", str(program)]
    with running_server(home) as (client, _), running_service(home, LIGHTNING_SWEEPS_STALL_S="2"):
        torchrun = subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", *words],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            wait_until(
                lambda: sum(bool(run.reason) for run in client.runs(project="hangs").runs) == 2,
                timeout_s=90,
                what="the reason on both ranks",
            )
            first, second = sorted(client.runs(project="hangs").runs, key=lambda run: run.rank)
            assert (first.state, second.state) == ("running", "running")
            assert "called from `train_step` (train.py:14)" in first.reason
            assert "`lost` (train.py:11)" in second.reason
            lines = [line.line for line in client.console(first.id) if line.stream == "stacks"]
            assert any("in train_step" in line for line in lines)
        finally:
            os.killpg(torchrun.pid, signal.SIGTERM)
            _, errors = torchrun.communicate(timeout=60)
        assert b"lightning-sweeps: rank 0 has logged nothing for" in errors
        wait_until(
            lambda: {run.state for run in client.runs(project="hangs").runs} == {"killed"}, what="the end of both"
        )


def test_a_rank_that_continues_is_no_longer_reported_as_stalled(home: Path) -> None:
    code = (
        "import sys, lightning_sweeps as ls\nrun = ls.init('slow')\nrun.log({'x': 1})\nsys.stdin.readline()\n"
        "run.log({'x': 2})\nsys.stdin.readline()\n"
    )
    with running_server(home) as (client, _), running_service(home, LIGHTNING_SWEEPS_STALL_S="2"):
        program = subprocess.Popen(
            [sys.executable, "-c", code], env=environment(), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert program.stdin is not None
        wait_until(lambda: any(run.reason for run in client.runs(project="slow").runs), what="the reason")
        program.stdin.write(b"on\n")
        program.stdin.flush()
        wait_until(lambda: [run.rows for run in client.runs(project="slow").runs] == [2], what="the next row")
        assert client.runs(project="slow").runs[0].reason == ""
        program.communicate(b"end\n")
        assert program.returncode == 0


def test_a_program_that_handles_the_signal_itself_is_never_signalled(home: Path) -> None:
    code = (
        "import signal, sys, lightning_sweeps as ls\nsignal.signal(signal.SIGUSR2, lambda *_: None)\n"
        "ls.init('own').log({'x': 1})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert list((Home(home).root / "stacks").glob("*")) == []
