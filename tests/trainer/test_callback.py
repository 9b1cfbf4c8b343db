"""SweepCallback in one process: stops, the settings that they override, and the folder of checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger

from lightning_sweeps import SweepCallback, SweepLogger
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import UsageError
from tests.trainer.journals import logged_run
from tests.trainer.models import BATCHES, Model, make_trainer
from tests.trainer.programs import order_stop, write_trial

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")

REASON = "band 2: in the worse half"


@pytest.fixture
def swept(home: Path, monkeypatch: pytest.MonkeyPatch) -> SweepLogger:
    """A logger in a sweep."""
    monkeypatch.setenv("LIGHTNING_SWEEPS_TRIAL", str(write_trial(home, {"lr": 0.25})))
    return SweepLogger()


class StopAt(pl.Callback):
    """Requests a stop at the start of one batch, as the service does."""

    def __init__(self, home: Path, logger: SweepLogger, *, step: int) -> None:
        self.home, self.logger, self.step = home, logger, step

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        if trainer.global_step == self.step:
            order_stop(self.home, self.logger.version, REASON)


class Monitored(Model):
    """A model with a scheduler that needs the metric of the validation."""

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "monitor": "val_loss"}}


def test_a_stop_takes_effect_at_the_next_batch_whatever_the_minimum(
    home: Path, tmp_path: Path, swept: SweepLogger
) -> None:
    order_stop(home, swept.version, REASON)
    callback = SweepCallback()
    trainer = make_trainer(tmp_path, logger=swept, callbacks=[callback], min_epochs=2, min_steps=7)
    trainer.fit(Model())
    assert (trainer.global_step, trainer.should_stop, callback.stop_reason) == (1, True, REASON)
    assert (trainer.min_epochs, trainer.min_steps) == (2, 7)
    assert logged_run(home).end == ("stopped", REASON)
    trainer.test(Model(), verbose=False)
    assert logged_run(home).end == ("stopped", REASON), "a test does not change the state to finished"


@pytest.mark.parametrize("step", range(2 * BATCHES))
def test_a_stop_works_at_every_batch(home: Path, tmp_path: Path, swept: SweepLogger, step: int) -> None:
    callbacks = [
        StopAt(home, swept, step=step),
        SweepCallback(interval_s=1e-6),
        EarlyStopping("val_loss", patience=10),
        ModelCheckpoint(monitor="val_loss"),
    ]
    trainer = make_trainer(tmp_path, logger=swept, callbacks=callbacks, max_epochs=3)
    trainer.fit(Monitored())
    run = logged_run(home)
    assert trainer.global_step == step + 1
    assert run.end == ("stopped", REASON)
    is_inside_second_epoch = BATCHES <= step < 2 * BATCHES - 1
    assert len(run.series("val_loss")) == 1 if is_inside_second_epoch or step < BATCHES else 2


def test_a_stop_saves_a_checkpoint_with_save_on_stop(home: Path, tmp_path: Path, swept: SweepLogger) -> None:
    callbacks = [StopAt(home, swept, step=2), SweepCallback(interval_s=1e-6, save_on_stop=True)]
    make_trainer(tmp_path, logger=swept, callbacks=callbacks).fit(Model())
    saved = torch.load(swept.checkpoints / "stopped.ckpt", weights_only=True)
    assert (saved["global_step"], logged_run(home).end) == (3, ("stopped", REASON))


def test_a_stop_during_validation_ends_the_epoch(home: Path, tmp_path: Path, swept: SweepLogger) -> None:
    class StopInValidation(pl.Callback):
        def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            order_stop(home, swept.version, REASON)

    trainer = make_trainer(tmp_path, logger=swept, callbacks=[StopInValidation(), SweepCallback(interval_s=1000)])
    trainer.fit(Model())
    assert trainer.global_step == BATCHES
    assert len(logged_run(home).series("val_loss")) == 1


def test_outside_a_sweep_nothing_is_stopped(home: Path, tmp_path: Path) -> None:
    logger = SweepLogger()
    order_stop(home, logger.version, REASON)
    trainer = make_trainer(tmp_path, logger=logger, callbacks=[SweepCallback()])
    trainer.fit(Model())
    assert (trainer.global_step, logged_run(home).end) == (2 * BATCHES, ("finished", ""))


@pytest.mark.parametrize("logger", [False, True])
def test_without_a_sweep_logger_nothing_happens(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logger: bool
) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_TRIAL", str(write_trial(home, {})))
    trainer = make_trainer(tmp_path, logger=CSVLogger(tmp_path) if logger else False, callbacks=[SweepCallback()])
    trainer.fit(Model())
    assert trainer.global_step == 2 * BATCHES


def test_an_error_after_a_stop_is_a_failure(home: Path, tmp_path: Path, swept: SweepLogger) -> None:
    class Failing(Model):
        def on_train_end(self) -> None:
            raise ValueError("cannot save")

    order_stop(home, swept.version, REASON)
    with pytest.raises(ValueError, match="cannot save"):
        make_trainer(tmp_path, logger=swept, callbacks=[SweepCallback()]).fit(Failing())
    assert logged_run(home).end == ("failed", "ValueError: cannot save")


def test_checkpoints_are_in_the_folder_of_the_run(home: Path, tmp_path: Path) -> None:
    logger = SweepLogger("digits")
    own = ModelCheckpoint(dirpath=tmp_path / "own", save_last=True)
    best = ModelCheckpoint(monitor="val_loss", filename="best")
    make_trainer(tmp_path, logger=logger, callbacks=[SweepCallback(), best, own]).fit(Model())
    folder = Home(home).run_folder("digits", logger.version) / "checkpoints"
    assert [path.name for path in folder.iterdir()] == ["best.ckpt"]
    assert (tmp_path / "own" / "last.ckpt").exists()
    run = logged_run(home)
    assert run.summary["best_model_path"] in (best.best_model_path, own.best_model_path)
    assert run.summary["best_model_score"] == pytest.approx(float(best.best_model_score or 0))
    assert run.summary["last_model_path"] == own.last_model_path


def test_the_first_logger_determines_the_checkpoint_folder(tmp_path: Path) -> None:
    best = ModelCheckpoint()
    loggers = [CSVLogger(tmp_path, name="csv"), SweepLogger()]
    make_trainer(tmp_path, logger=loggers, callbacks=[SweepCallback(), best]).fit(Model())
    assert Path(best.best_model_path).is_relative_to(tmp_path / "csv")


@pytest.mark.parametrize("interval_s", [0, -1, float("nan")])
def test_an_interval_must_be_positive(interval_s: float) -> None:
    with pytest.raises(UsageError, match="interval_s"):
        SweepCallback(interval_s=interval_s)
