"""SIGTERM and Slurm's requeue signal in one process: recorded in the handler, handled at the next batch."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import lightning.pytorch as pl
import pytest
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.callbacks import OnExceptionCheckpoint

from lightning_sweeps import SweepCallback, SweepLogger
from tests.trainer.journals import logged_run
from tests.trainer.models import Model, make_trainer
from tests.trainer.programs import order_stop, write_trial

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")


class SignalAt(pl.Callback):
    """Sends a signal to this process, at a training step or in validation."""

    def __init__(self, number: int, *, step: int | None = None) -> None:
        self.number, self.step = number, step

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        if trainer.global_step == self.step:
            signal.raise_signal(self.number)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.step is None:
            signal.raise_signal(self.number)


@pytest.mark.parametrize(("step", "expected"), [(2, 3), (None, 4)], ids=["training", "validation"])
def test_sigterm_ends_training_at_once_with_a_checkpoint(
    home: Path, tmp_path: Path, step: int | None, expected: int
) -> None:
    logger = SweepLogger()
    callbacks = [SignalAt(signal.SIGTERM, step=step), SweepCallback(interval_s=1000), OnExceptionCheckpoint(tmp_path)]
    trainer = make_trainer(tmp_path, logger=logger, callbacks=callbacks)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as left:
        trainer.fit(Model())
    assert left.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == before
    run = logged_run(home)
    assert run.end == ("preempted", f"SIGTERM at step {expected}, saved to `{logger.resume_path}`")
    assert len(run.series("loss")) == expected
    assert (tmp_path / "on_exception.ckpt").exists(), "Lightning's own callbacks see the exception that they know"

    again = make_trainer(tmp_path, logger=SweepLogger(), callbacks=[SweepCallback()])
    again.fit(Model(), ckpt_path=logger.resume_path)
    run = logged_run(home)
    assert [step for step, _ in run.series("loss")] == list(range(8))
    assert run.end == ("finished", "")
    assert logger.resume_path is None


def test_the_handler_of_the_program_is_called_too(home: Path, tmp_path: Path) -> None:
    seen: list[int] = []

    def own(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    previous = signal.signal(signal.SIGTERM, own)
    try:
        with pytest.raises(SystemExit):
            make_trainer(
                tmp_path, logger=SweepLogger(), callbacks=[SignalAt(signal.SIGTERM, step=1), SweepCallback()]
            ).fit(Model())
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert seen == [signal.SIGTERM]


def test_a_stop_that_ends_in_sigterm_is_a_stop(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTNING_SWEEPS_TRIAL", str(write_trial(home, {})))
    logger = SweepLogger()
    order_stop(home, logger.version, "band 2")
    with pytest.raises(SystemExit):
        make_trainer(tmp_path, logger=logger, callbacks=[SignalAt(signal.SIGTERM, step=0), SweepCallback()]).fit(
            Model()
        )
    assert logged_run(home).end == ("stopped", "band 2")


def test_sigterm_is_handled_without_a_sweep_logger(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        make_trainer(tmp_path, logger=False, callbacks=[SignalAt(signal.SIGTERM, step=1), SweepCallback()]).fit(Model())


def test_signals_can_be_left_to_lightning(home: Path, tmp_path: Path) -> None:
    callbacks = [SignalAt(signal.SIGTERM, step=1), SweepCallback(handle_signals=False)]
    with pytest.raises(SystemExit) as left:
        make_trainer(tmp_path, logger=SweepLogger(), callbacks=callbacks).fit(Model())
    assert left.value.code != 143
    assert logged_run(home).end[0] == "killed"


def test_outside_the_main_thread_nothing_is_replaced(home: Path, tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, logger=SweepLogger(), callbacks=[SweepCallback()])
    thread = threading.Thread(target=trainer.fit, args=(Model(),))
    thread.start()
    thread.join()
    assert logged_run(home).end == ("finished", "")


def test_slurm_requeues_at_a_batch_and_the_next_start_continues_the_run(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = tmp_path / "called"
    scontrol = tmp_path / "bin" / "scontrol"
    scontrol.parent.mkdir()
    scontrol.write_text(f'#!/bin/sh\necho "$@" > {called}\n')
    scontrol.chmod(0o755)
    monkeypatch.setenv("PATH", str(scontrol.parent), prepend=":")
    monkeypatch.setenv("SLURM_JOB_ID", "42")
    slurm = SLURMEnvironment(auto_requeue=True, requeue_signal=signal.SIGUSR1)
    monkeypatch.setattr(slurm, "world_size", lambda: 1)
    callbacks = [SignalAt(signal.SIGUSR1, step=2), SweepCallback()]
    trainer = make_trainer(tmp_path, logger=SweepLogger(), callbacks=callbacks, plugins=[slurm])
    monkeypatch.setattr(trainer._accelerator_connector, "cluster_environment", slurm)
    with pytest.raises(SystemExit):
        trainer.fit(Model())
    assert called.read_text() == "requeue 42\n"
    assert logged_run(home).end == ("preempted", "signal 10 at step 3: Slurm requeues the job")

    again = make_trainer(tmp_path, logger=SweepLogger(), callbacks=[SweepCallback()])
    again.fit(Model(), ckpt_path="hpc")
    run = logged_run(home)
    assert [info.attempt for info in run.attempts][-1] == 1
    assert [step for step, _ in run.series("loss")] == list(range(8))
