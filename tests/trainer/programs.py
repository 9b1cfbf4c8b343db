"""Runs a training program in separate processes, as a user does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.core.paths import Home, write_whole

REPOSITORY = Path(__file__).parents[2]
DDP_EXAMPLE = REPOSITORY / "examples" / "ddp"
PROGRAMS = Path(__file__).parent / "scripts"
TORCHRUN = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
LIMIT_S = 120.0

GLOO_ABORT = "terminate called without an active exception"
"""A gloo process may abort when it exits, whatever it has run: https://github.com/pytorch/pytorch/issues/190489"""


def run_program(*arguments: str | Path, home: Path, **variables: str) -> str:
    """Run `python <arguments>` and return what it printed. The exit status must be 0."""
    with start_program(*arguments, home=home, **variables) as process:
        printed, _ = process.communicate(timeout=LIMIT_S)
    if process.returncode and GLOO_ABORT in printed:
        shutil.rmtree(Home(home).journals, ignore_errors=True)
        with start_program(*arguments, home=home, **variables) as process:
            return wait_for(process)
    assert process.returncode == 0, printed
    return printed


def wait_for(process: subprocess.Popen[str]) -> str:
    printed, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, printed
    return printed


@contextmanager
def start_program(*arguments: str | Path, home: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run `python <arguments>` with `home`, and kill it at the end of the block if it still runs."""
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "LIGHTNING_SWEEPS_HOME": str(home),
            "LIGHTNING_SWEEPS_SERVICE": "off",
            "LIGHTNING_SWEEPS_QUIET": "on",
            "OMP_NUM_THREADS": "1",
            **variables,
        },
    )
    try:
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    _kill_tree(process.pid)
    finally:
        assert process.returncode is not None


def write_trial(home: Path, params: dict[str, Any]) -> Path:
    """Write the trial file that an agent would give to every rank, and return its path."""
    trial = TrialFile(
        id="t-1", sweep="s-1", sweep_name="digits", project="swept", number=3, attempt=0, params=params,
        metric="val/loss", goal="minimize",
    )  # fmt: skip
    path = Home(home).trial(trial.id).parameters
    write_whole(path, msgspec.json.encode(trial))
    return path


def order_stop(home: Path, run_id: str, reason: str) -> None:
    """Write the file that the service writes when the sweep stops a run."""
    write_whole(Home(home).stop(run_id), msgspec.json.encode({"reason": reason}))


def poll(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until `condition` holds while the program runs."""
    deadline_s = LIMIT_S
    while not condition():
        assert deadline_s > 0 and process.poll() is None, "the program exited or did not reach the condition in time"
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            deadline_s -= 0.05


def _kill_tree(pid: int) -> None:
    root = psutil.Process(pid)
    for process in [*root.children(recursive=True), root]:
        process.kill()
