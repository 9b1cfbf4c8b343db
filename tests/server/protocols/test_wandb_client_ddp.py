"""Programs with several ranks run unmodified: the example for wandb users, and Lightning with its WandbLogger."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.server.protocols.wandb_client import WandbPrograms

pytestmark = pytest.mark.slow

LAUNCH = Path(__file__).parents[3] / "examples" / "wandb" / "launch.sh"
DEMO_S = 400
TRAIN = """
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.loggers import WandbLogger
from torch.utils.data import DataLoader, TensorDataset

class Model(LightningModule):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, index):
        loss = self.layer(batch[0]).pow(2).mean()
        self.log("loss", loss, sync_dist=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.hparams.lr)

if __name__ == "__main__":
    logger = WandbLogger(name="fit", project="lightning", log_model="all")
    options = {"accelerator": "cpu", "devices": 2, "strategy": "ddp", "max_epochs": 2, "log_every_n_steps": 1}
    trainer = Trainer(logger=logger, enable_progress_bar=False, **options)
    trainer.fit(Model(), DataLoader(TensorDataset(torch.rand(32, 4)), batch_size=4))
"""


def with_both(programs: WandbPrograms) -> dict[str, str]:
    """Return variables with which our own Python finds the client, too."""
    folder = programs.python.parents[1]
    installed = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    path = f"{Path(sys.executable).parent}:{programs.python.parent}:{os.environ['PATH']}"
    return programs.environment(PYTHONPATH=installed, WANDB_DIR=str(programs.folder)) | {"PATH": path}


def test_the_demo_runs_ranks_and_a_sweep_and_ends_with_the_dashboard(programs: WandbPrograms, home: Path) -> None:
    given = with_both(programs) | {"LIGHTNING_SWEEPS_HOME": str(home)}
    done = subprocess.run([LAUNCH], env=given, capture_output=True, text=True, timeout=DEMO_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    client = programs.served.client
    ranks = sorted(client.runs(project="wandb-ddp", group="first").runs, key=lambda run: run.rank)
    assert [(run.rank, run.world_size, run.mode, run.rows, run.state) for run in ranks] == [
        (0, 2, "grouped", 50, "finished"),
        (1, 2, "grouped", 50, "finished"),
    ]
    (sweep,) = client.sweeps()
    assert (sweep.state, sweep.counts) == ("finished", {"finished": 3})
    assert any(line.startswith("Dashboard: ") and sweep.id in line for line in done.stdout.splitlines()), done.stdout


@pytest.mark.launch
def test_lightnings_own_logger_logs_a_run_of_two_ranks(programs: WandbPrograms) -> None:
    if find_spec("lightning") is None:  # importing it here would set variables
        pytest.skip("lightning is not installed")
    command = [sys.executable, str(programs.write(TRAIN))]
    done = subprocess.run(
        command,
        env=with_both(programs),
        cwd=programs.folder,
        capture_output=True,
        text=True,
        timeout=DEMO_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = programs.served.client.runs(project="lightning").runs
    assert (run.name, run.state, run.config["lr"]) == ("fit", "finished", 0.1)
    points = programs.served.client.points(run.id, "loss")
    assert len(points) == len({one.step for one in points}) == 8, "2 epochs of 4 batches on each rank"
    assert {one.kind for one in programs.served.client.artifacts(project="lightning")} == {"model"}
