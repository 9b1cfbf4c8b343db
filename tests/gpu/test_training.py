"""Lightning on the real GPU: precisions, NCCL, `watch`, Lightning's own monitors, and stalls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import environment
from tests.gpu.programs import PRECISION, STALL, STALLED_COLLECTIVE
from tests.servers import wait_until
from tests.service.services import running_service
from tests.trainer.journals import LoggedRun, logged_runs

LIMIT_S = 120


def fit(folder: Path, *arguments: str) -> list[LoggedRun]:
    program = folder / "fit.py"
    program.write_text(PRECISION)
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, env=environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return logged_runs(Path(environment()["LIGHTNING_SWEEPS_HOME"]))


@pytest.mark.parametrize("precision", ["32-true", "16-mixed", "bf16-mixed"])
@pytest.mark.real_gpu
def test_a_fit_logs_everything(tmp_path: Path, home: Path, precision: str) -> None:
    [run] = fit(tmp_path, precision, "grouped", "1", "auto")
    losses = run.series("loss")
    assert [step for step, _ in losses] == [1, 3, 5, 7, 9, 11]
    assert all(isinstance(value, float) for _, value in losses)
    assert len(run.series("rank/batch_loss")) == 6
    assert 1 <= len(run.series("rank/gradient_norm")) <= 6  # as many as fit into their share of the time
    assert run.series("rank/batch_loss")[0][1] == pytest.approx(losses[0][1], rel=0.02)
    assert [media.step for media in run.media if media.key == "watch"] != []
    assert any("DeviceStatsMonitor" in key for row in run.rows for key in row.values)
    assert run.end == ("finished", "")


@pytest.mark.real_gpu
def test_a_fit_with_nccl_and_one_rank(tmp_path: Path, home: Path) -> None:
    [run] = fit(tmp_path, "32-true", "grouped", "1", "ddp")
    assert len(run.series("loss")) == 6
    assert run.end == ("finished", "")


@pytest.mark.parametrize("mode", ["single", "grouped", "shared"])
@pytest.mark.real_gpu
def test_a_fit_with_nccl(tmp_path: Path, home: Path, mode: str) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("one GPU: NCCL with several ranks is not checked")
    runs = fit(tmp_path, "bf16-mixed", mode, "2", "ddp")
    assert len(runs) == (2 if mode == "grouped" else 1)
    assert all(run.end[0] == "finished" for run in runs)


@pytest.mark.real_gpu
def test_a_stalled_kernel_is_reported_with_its_line(client: Client, tmp_path: Path, home: Path) -> None:
    stalled(client, home, [sys.executable, "-c", STALL], "train_step")


@pytest.mark.real_gpu
def test_a_stalled_collective_is_reported_for_each_rank(client: Client, tmp_path: Path, home: Path) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("one GPU: a stalled NCCL collective is not checked")
    program = tmp_path / "hangs.py"
    program.write_text(STALLED_COLLECTIVE)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", str(program)]
    stalled(client, home, command, "lost")


def stalled(client: Client, home: Path, command: list[str], expected: str) -> None:
    """Start a program that stalls, wait until its run says where, and kill it."""
    with running_service(home, LIGHTNING_SWEEPS_STALL_S="2"):
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**environment(), "LIGHTNING_SWEEPS_HOME": str(home)},
        )
        try:

            def said() -> str:
                runs = client.runs(project="stalls").runs
                return " ".join(f"{run.reason}" for run in runs)

            wait_until(lambda: expected in said(), timeout_s=60, what="the report of the stall")
            print(said())
        finally:
            program.kill()
            program.wait()
