"""SweepLogger in one process: Lightning's contract, and the content of the journals."""

from __future__ import annotations

import copy
import logging
import math
import os
import pickle
import signal
import tempfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.fabric import Fabric
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.tuner.tuning import Tuner

from lightning_sweeps import Run, SweepLogger, init
from lightning_sweeps.core.paths import Home
from lightning_sweeps.errors import UsageError
from tests.trainer.journals import logged_run, logged_runs
from tests.trainer.models import BATCHES, Model, make_trainer
from tests.trainer.programs import write_trial

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")


def test_a_fit_is_logged_with_its_steps_and_epochs(home: Path, tmp_path: Path) -> None:
    logger = SweepLogger("digits", name="first", tags=["a"], config={"lr": 0.1}, notes="try")
    make_trainer(tmp_path, logger=logger).fit(Model())
    run = logged_run(home)
    assert (run.info.project, run.info.name, run.info.tags, run.info.notes) == ("digits", "first", ["a"], "try")
    assert [step for step, _ in run.series("loss")] == list(range(2 * BATCHES))
    assert run.series("val_loss")[0][0] == BATCHES - 1
    assert run.rows[-1].values["epoch"] == 1
    assert (run.config, run.end) == ({"lr": 0.1}, ("finished", ""))


def test_fit_validate_and_test_are_one_run(home: Path, tmp_path: Path) -> None:
    logger = SweepLogger()
    trainer = make_trainer(tmp_path, logger=logger)
    trainer.fit(Model())
    trainer.validate(Model(), verbose=False)
    trainer.test(Model(), verbose=False)
    run = logged_run(home)
    assert len(run.series("test_loss")) == 1
    assert len(run.series("val_loss")) == 3
    assert [finish.state for finish in run.finishes] == ["finished"] * 3


def test_folders_are_known_before_the_run_is_open(home: Path, tmp_path: Path) -> None:
    logger = SweepLogger("digits")
    before = (logger.name, logger.version, logger.save_dir, logger.log_dir, logger.root_dir)
    assert logged_runs(home) == []
    trainer = make_trainer(tmp_path, logger=logger)
    trainer.fit(Model())
    assert (logger.name, logger.version, logger.save_dir, logger.log_dir, logger.root_dir) == before
    folder = Home(home).run_folder("digits", logger.experiment.id)
    assert before == ("digits", logger.experiment.id, str(folder), str(folder), str(folder.parent))
    assert trainer.log_dir == str(folder)


def test_save_dir_can_be_chosen(tmp_path: Path) -> None:
    logger = SweepLogger("digits", save_dir=tmp_path / "scratch")
    assert logger.save_dir == str(tmp_path / "scratch" / "runs" / "digits" / logger.version)


def test_two_loggers_are_two_runs(home: Path, tmp_path: Path) -> None:
    loggers = [SweepLogger(name="one"), SweepLogger(name="two"), CSVLogger(tmp_path)]
    make_trainer(tmp_path, logger=loggers).fit(Model())
    one, two = sorted(logged_runs(home), key=lambda run: run.info.name)
    assert (one.info.name, two.info.name) == ("one", "two")
    assert one.info.group != two.info.group
    assert one.series("loss") == two.series("loss")
    assert loggers[0].save_dir != loggers[1].save_dir


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda logger: pickle.loads(pickle.dumps(logger))])  # noqa: S301
@pytest.mark.parametrize("is_open", [False, True])
def test_a_copy_continues_the_run(home: Path, copied: Callable[[SweepLogger], SweepLogger], is_open: bool) -> None:
    logger = SweepLogger(config={"lr": 0.1})
    if is_open:
        logger.log_metrics({"loss": 1.0}, 0)
    other = copied(logger)
    assert (other.name, other.version, other.save_dir) == (logger.name, logger.version, logger.save_dir)
    other.log_metrics({"loss": 2.0}, 1)
    logger.log_metrics({"loss": 3.0}, 2)
    assert sorted(logged_run(home).series("loss"))[-2:] == [(1, 2.0), (2, 3.0)]
    logger.finalize("success")
    other.finalize("success")


def test_a_pickled_trainer_logs(home: Path, tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, logger=SweepLogger())
    pickle.loads(pickle.dumps(trainer)).fit(Model())  # noqa: S301
    assert len(logged_run(home).series("loss")) == 2 * BATCHES


def test_a_forked_process_writes_its_own_journal(home: Path) -> None:
    logger = SweepLogger()
    logger.log_metrics({"loss": 1.0}, 0)
    pid = os.fork()
    if pid == 0:
        logger.log_metrics({"loss": 2.0}, 1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    logger.log_metrics({"loss": 3.0}, 2)
    run = logged_run(home)
    assert run.journals == 2
    assert sorted(run.series("loss")) == [(0, 1.0), (1, 2.0), (2, 3.0)]
    logger.finalize("success")


@pytest.mark.parametrize(
    "inherited",
    [{"RANK": "1"}, {"SLURM_PROCID": "2"}, {"SLURM_PROCID": "2", "SLURM_NTASKS": "4"}, {"LOCAL_RANK": "1"}],
    ids=str,
)
def test_an_inherited_rank_does_not_silence_a_single_process(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inherited: dict[str, str]
) -> None:
    for name, value in inherited.items():
        monkeypatch.setenv(name, value)
    logger = SweepLogger()
    logger.log_metrics({"loss": 1.0})
    assert isinstance(logger.experiment, Run)
    assert logged_run(home).info.rank == 0
    logger.finalize("success")


def test_other_ranks_than_0_write_nothing_in_single_mode(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "job", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    logger = SweepLogger(mode="single")
    logger.log_metrics({"loss": 1.0}, 0)
    logger.log_hyperparams({"lr": 1})
    logger.experiment.config.update({"anything": 1})  # users do this on all ranks
    logger.finalize("success")
    assert logged_runs(home) == []
    assert not logger.experiment.is_recording


@pytest.mark.parametrize("mode", ["grouped", "shared"])
def test_every_rank_writes_in_the_other_modes(home: Path, monkeypatch: pytest.MonkeyPatch, mode: Any) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "job", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    logger = SweepLogger(mode=mode)
    logger.log_metrics({"loss": 1.0}, 0)
    logger.finalize("success")
    run = logged_run(home)
    assert (run.info.rank, run.info.mode, run.info.id == logger.version) == (1, mode, mode == "shared")


def test_any_step_and_any_float_is_stored(home: Path) -> None:
    logger = SweepLogger(prefix="fold1")
    for step, loss in [(5, 1.0), (5, 2.0), (3, math.nan), (None, math.inf), (torch.tensor(9), torch.tensor(0.5))]:
        logger.log_metrics({"loss": loss}, step)  # type: ignore[arg-type]
    logger.finalize("success")
    found = logged_run(home).series("fold1-loss")
    assert [step for step, _ in found] == [5, 5, 3, 4, 9]
    assert [str(loss) for _, loss in found] == ["1.0", "2.0", "nan", "inf", "0.5"]


def test_a_step_that_is_not_a_number_is_logged_once_and_the_row_stored(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logger = SweepLogger()
    for _ in range(2):
        logger.log_metrics({"loss": 1.0}, "first")  # type: ignore[arg-type]
    logger.finalize("success")
    assert len(logged_run(home).rows) == 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_hyperparameters_are_added_to_the_configuration(home: Path) -> None:
    logger = SweepLogger(config={"seed": 1})
    logger.log_hyperparams(Namespace(lr=0.1, _instantiator="cli", model={"hidden": 64}))
    logger.log_hyperparams({"lr": 0.2})
    logger.finalize("success")
    logger.log_hyperparams({"lr": 0.2})  # `validate` after `fit` logs them again: this must not reopen the run
    run = logged_run(home)
    assert run.config == {"seed": 1, "lr": 0.2, "model": {"hidden": 64}}
    assert run.journals == 1


def test_in_a_sweep_the_trial_is_known_at_once_and_its_parameters_take_precedence(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_TRIAL", str(write_trial(home, {"lr": 0.25, "layers": [64, 64]})))
    logger = SweepLogger()
    assert logger.trial is not None
    assert logger.trial.params == {"lr": 0.25, "layers": [64, 64]}
    assert logger.name == "swept"
    logger.log_hyperparams({"lr": 0.25, "layers": "[64, 64]", "seed": 1})
    assert caplog.records == []
    logger.log_hyperparams({"lr": 0.5})
    assert "other values for `lr`" in caplog.text
    logger.finalize("success")
    run = logged_run(home)
    assert run.config == {"lr": 0.25, "layers": [64, 64], "seed": 1}
    assert (run.info.sweep, run.info.trial, run.info.group) == ("s-1", "t-1", "t-1")


def test_fast_dev_run_and_the_tuner_do_not_log(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)  # otherwise tqdm leaves a thread running
    logger = SweepLogger()
    make_trainer(tmp_path, logger=logger, fast_dev_run=True).fit(Model())
    assert logged_runs(home) == []
    model = Model()
    model.lr = 0.1  # type: ignore[assignment]
    trainer = make_trainer(tmp_path, logger=logger, limit_train_batches=20)
    Tuner(trainer).lr_find(model, num_training=4, min_lr=1e-3, max_lr=1e-2)
    assert trainer.logger is logger
    assert all(run.rows == [] for run in logged_runs(home))


class _Failing(Model):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def on_train_epoch_end(self) -> None:
        raise self.error


def test_a_failed_fit_records_the_reason(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too large"):
        make_trainer(tmp_path, logger=SweepLogger()).fit(_Failing(ValueError("too large\nsecond line")))
    run = logged_run(home)
    assert run.end == ("failed", "ValueError: too large")
    assert len(run.series("loss")) == BATCHES


def test_an_interrupted_fit_is_killed(home: Path, tmp_path: Path) -> None:
    previous = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit):
            make_trainer(tmp_path, logger=SweepLogger()).fit(_Failing(KeyboardInterrupt()))
    finally:
        signal.signal(signal.SIGINT, previous)
    assert logged_run(home).end == ("killed", "interrupted from the keyboard")


def test_logging_continues_after_finalize_inside_a_signal_handler(home: Path) -> None:
    logger = SweepLogger()
    previous = signal.signal(signal.SIGUSR1, lambda *_: logger.finalize("finished"))
    try:
        for step in range(200):
            logger.log_metrics({"loss": 1.0}, step)
            if step % 50 == 25:
                signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, previous)
    logger.finalize("success")
    logger.finalize("success")
    run = logged_run(home)
    assert [step for step, _ in run.series("loss")] == list(range(200))
    assert [finish.state for finish in run.finishes] == ["finished"] * 5


def test_finalize_does_not_open_a_run(home: Path) -> None:
    SweepLogger().finalize("failed")
    assert logged_runs(home) == []


def test_logging_continues_if_the_home_cannot_be_written(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write_text("a file where the folder should be")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    logger = SweepLogger()
    make_trainer(tmp_path, logger=logger).fit(Model())
    run = logged_run(tmp_path / f"lightning-sweeps-{os.getuid()}")
    assert len(run.series("loss")) == 2 * BATCHES


def test_disabled_mode_writes_nothing(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_MODE", "disabled")
    make_trainer(tmp_path, logger=SweepLogger(), enable_checkpointing=False).fit(Model())
    assert not home.exists()


def test_fabric_logs(home: Path) -> None:
    logger = SweepLogger()
    fabric = Fabric(accelerator="cpu", devices=1, loggers=logger)
    fabric.log_dict({"loss": torch.tensor(1.0)}, step=3)
    logger.finalize("success")
    assert logged_run(home).series("loss") == [(3, 1.0)]


def test_an_unknown_mode_is_not_allowed() -> None:
    with pytest.raises(UsageError, match="single, grouped, shared"):
        SweepLogger(mode="group")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a/b", "..", ".", "a\\b", "a\0", " a", "x" * 129, "a\nb"])
def test_a_project_name_that_is_a_path_is_not_allowed(name: str) -> None:
    with pytest.raises(UsageError, match=r"project is named(.|\n)*hint"):
        SweepLogger(name)
    with pytest.raises(UsageError, match=r"project is named(.|\n)*hint"):
        init(name)


def test_pytorch_lightning_has_the_same_logger(home: Path, tmp_path: Path) -> None:
    older = pytest.importorskip("pytorch_lightning")
    boring = pytest.importorskip("pytorch_lightning.demos.boring_classes")
    binding = pytest.importorskip("lightning_sweeps.trainer.pytorch_lightning")
    logger = binding.SweepLogger()
    assert isinstance(logger, older.loggers.Logger)
    trainer = older.Trainer(
        accelerator="cpu", devices=1, max_steps=2, logger=logger, callbacks=[binding.SweepCallback()],
        log_every_n_steps=1, limit_val_batches=1, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(boring.BoringModel())
    assert logged_run(home).end == ("finished", "")
