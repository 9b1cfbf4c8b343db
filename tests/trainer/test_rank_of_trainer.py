"""Which rank a logger is, and what ranks that do not log have: the Trainer's own world counts."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.tuner.tuning import Tuner

from lightning_sweeps import Run, SweepCallback, SweepLogger
from lightning_sweeps.core.settings import environment
from tests.trainer.journals import logged_run, logged_runs
from tests.trainer.models import BATCHES, Model, make_trainer

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")

TORCHRUN = {"TORCHELASTIC_RUN_ID": "job", "RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}
SECOND_RANK = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}
MPI = {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}
PMI = {"PMI_RANK": "1", "PMI_SIZE": "2"}
JSM = {"JSM_NAMESPACE_RANK": "1", "JSM_NAMESPACE_SIZE": "2"}


@pytest.mark.parametrize(
    "inherited", [TORCHRUN, SECOND_RANK, MPI, PMI, JSM], ids=["torchrun", "env", "mpi", "pmi", "jsm"]
)
@pytest.mark.parametrize("callbacks", [[], [SweepCallback]], ids=["alone", "callback"])
def test_a_trainer_of_one_process_is_rank_0_of_1(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inherited: dict[str, str], callbacks: list[Any]
) -> None:
    for name, value in inherited.items():
        monkeypatch.setenv(name, value)
    logger = SweepLogger("inherited", config={"lr": 0.1})
    make_trainer(tmp_path, logger=logger, callbacks=[make() for make in callbacks]).fit(Model())
    run = logged_run(home)
    assert (run.info.rank, run.info.world_size) == (0, 1)
    assert len(run.series("loss")) == 2 * BATCHES


def test_a_rank_that_does_not_log_has_the_same_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Run] = []
    for rank in ("0", "1"):
        for name, value in {**TORCHRUN, "RANK": rank, "LOCAL_RANK": rank}.items():
            monkeypatch.setenv(name, value)
        logger = SweepLogger("silent", config={"lr": 0.1}, tags=["a"], id=None)
        logger._resolver._number = 0  # both stand for the first logger of their process
        run = logger.experiment
        run.config.update({"seed": 3})
        run.summary["best"] = 1.0
        run.log({"loss": 1.0})
        assert "lr" in run.config and list(run.config) == ["lr", "seed"]
        assert (dict(run.config), dict(run.summary), f"{run.config['lr']}") == (
            {"lr": 0.1, "seed": 3},
            {"best": 1.0},
            "0.1",
        )
        runs.append(run)
        run.finish()
    first, second = runs
    assert type(first) is type(second) is Run
    assert (first.id, first.name, first.tags, first.group) == (second.id, second.name, second.tags, second.group)
    assert (first.is_recording, second.is_recording, second.rank) == (True, False, 1)
    assert len(logged_runs(home)) == 1


def test_rows_without_a_step_have_the_step_of_the_trainer(home: Path, tmp_path: Path) -> None:
    class Logging(Model):
        def on_validation_epoch_end(self) -> None:
            for key in ("f1", "auc"):
                self.logger.experiment.log({key: 1.0})  # type: ignore[union-attr]

    make_trainer(tmp_path, logger=SweepLogger()).fit(Logging())
    run = logged_run(home)
    assert run.series("f1") == run.series("auc")
    assert [step for step, _ in run.series("f1")] == [step for step, _ in run.series("val_loss")]


@pytest.mark.parametrize("callbacks", [[], [SweepCallback]], ids=["alone", "callback"])
def test_checkpoints_are_in_the_folder_of_the_run(home: Path, tmp_path: Path, callbacks: list[Any]) -> None:
    logger = SweepLogger("digits")
    checkpoint = ModelCheckpoint()
    make_trainer(tmp_path, logger=logger, callbacks=[checkpoint, *(make() for make in callbacks)]).fit(Model())
    assert Path(checkpoint.best_model_path).parent == logger.checkpoints
    assert logger.checkpoints == home / "runs" / "digits" / logger.version / "checkpoints"


def test_lr_find_is_no_attempt(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)  # otherwise tqdm leaves a thread running
    trainer = make_trainer(tmp_path, logger=SweepLogger(), callbacks=[SweepCallback()])
    model = Model()
    model.lr = 0.1  # type: ignore[assignment]
    Tuner(trainer).lr_find(model, num_training=5, update_attr=False)
    trainer.fit(model)
    assert {info.attempt for info in logged_run(home).attempts} == {0}


def test_a_watched_model_can_be_saved_copied_and_pickled(home: Path, tmp_path: Path) -> None:
    logger = SweepLogger()
    model = Model()
    logger.watch(model, log="all")
    torch.save(model, tmp_path / "model.pt")
    unpickled = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    for other in (torch.load(tmp_path / "model.pt", weights_only=False), unpickled):
        other.layer(torch.rand(1, other.layer.in_features)).sum().backward()
    copy.deepcopy(model)
    make_trainer(tmp_path, logger=logger).fit(model)
    logger.unwatch()
    logger.finalize("success")
    assert any(entry.key == "watch" for entry in logged_run(home).media)


SPAWN = """
import lightning.pytorch as pl
from lightning_sweeps import SweepLogger
from tests.trainer.models import Model
if __name__ == "__main__":
    logger = SweepLogger("spawned")
    model = Model()
    logger.watch(model, log_freq=1)
    pl.Trainer(logger=logger, devices=2, strategy="ddp_spawn", accelerator="cpu", max_epochs=1, num_sanity_val_steps=0,
               enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False).fit(model)
"""


@pytest.mark.slow
@pytest.mark.launch
def test_watch_survives_ddp_spawn(home: Path, tmp_path: Path) -> None:
    script = tmp_path / "spawn.py"
    script.write_text(SPAWN)
    variables = {**environment(), "PYTHONPATH": str(Path(__file__).parents[2])}
    program = [sys.executable, str(script)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=variables, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    assert any(entry.key == "watch" for run in logged_runs(home) for entry in run.media)


def test_the_trainer_that_lightning_passes_to_its_functions_is_found(home: Path, tmp_path: Path) -> None:
    """Lightning passes no Trainer to loggers. This fails if Lightning renames the functions in which ours finds it."""
    logger = SweepLogger()
    trainer: pl.Trainer = make_trainer(tmp_path, logger=logger)
    trainer.fit(Model())
    assert logger._trainer is not None
    assert logger._trainer.find_step() == 2 * BATCHES
